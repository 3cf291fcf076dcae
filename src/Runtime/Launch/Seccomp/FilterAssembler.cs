namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>
/// Puts a classic BPF program together from its end to its start. Jumps go forward only, so whatever an instruction leads to is
/// known when it is written, and with it the distance. A conditional jump reaches 255 instructions; where its goal is
/// farther away a return is written again nearby, and anything else is reached by way of an unconditional jump.
/// </summary>
internal sealed class FilterAssembler
{
    /// <summary>The most instructions the kernel takes (BPF_MAXINSNS).</summary>
    public const int MaximumLength = 4096;

    private const int Reach = 255;

    private readonly List<(uint Value, int Label)> _returns = [];
    private SockFilter[] _backwards = new SockFilter[512];
    private int _count;

    /// <summary>Where an instruction leads to: an instruction already written, or the end with a value.</summary>
    internal readonly record struct Goal
    {
        private Goal(int label, uint value)
        {
            Label = label;
            Value = value;
        }

        /// <summary>The instruction's place, counted from the program's end; -1 for a return.</summary>
        public int Label { get; }

        /// <summary>The value to return.</summary>
        public uint Value { get; }

        /// <summary>The end of the program.</summary>
        public static Goal Return(uint value) => new(-1, value);

        /// <summary>An instruction already written.</summary>
        public static Goal At(int label) => new(label, 0);
    }

    /// <summary>A conditional jump.</summary>
    public Goal Jump(ushort code, uint operand, Goal whenTrue, Goal whenFalse)
    {
        if (whenTrue == whenFalse) return whenTrue;
        do
        {
            // Writing one goal's stepping stone moves the other farther away, hence the loop.
            whenTrue = Near(whenTrue);
            whenFalse = Near(whenFalse);
        }
        while (_count - whenTrue.Label - 1 > Reach);

        return Write(new SockFilter(code, (byte)(_count - whenTrue.Label - 1), (byte)(_count - whenFalse.Label - 1), operand));
    }

    /// <summary>A = word at <paramref name="offset"/> of struct seccomp_data, then <paramref name="next"/>.</summary>
    public Goal Load(uint offset, Goal next)
    {
        Follow(next);
        return Write(new SockFilter(SockFilter.LoadWord, 0, 0, offset));
    }

    /// <summary>A = A &amp; <paramref name="mask"/>, then <paramref name="next"/>.</summary>
    public Goal And(uint mask, Goal next)
    {
        Follow(next);
        return Write(new SockFilter(SockFilter.And, 0, 0, mask));
    }

    /// <summary>The program, from its start; what was written last comes first.</summary>
    public SockFilter[] Finish()
    {
        SockFilter[] program = new SockFilter[_count];
        for (int at = 0; at < _count; at++) program[at] = _backwards[_count - 1 - at];
        return program;
    }

    private Goal Near(Goal goal)
    {
        int label = goal.Label >= 0 ? goal.Label : LastReturn(goal.Value);
        if (label >= 0 && _count - label - 1 <= Reach) return Goal.At(label);
        return goal.Label >= 0 ? Write(new SockFilter(SockFilter.JumpAlways, 0, 0, (uint)(_count - label - 1))) : WriteReturn(goal.Value);
    }

    // The next instruction must be the goal.
    private void Follow(Goal goal)
    {
        if (goal.Label >= 0)
        {
            if (goal.Label != _count - 1) Write(new SockFilter(SockFilter.JumpAlways, 0, 0, (uint)(_count - goal.Label - 1)));
        }
        else if (_count == 0 || _backwards[_count - 1] != new SockFilter(SockFilter.Return, 0, 0, goal.Value))
        {
            WriteReturn(goal.Value);
        }
    }

    private int LastReturn(uint value)
    {
        foreach ((uint written, int label) in _returns)
        {
            if (written == value) return label;
        }

        return -1;
    }

    private Goal WriteReturn(uint value)
    {
        Goal end = Write(new SockFilter(SockFilter.Return, 0, 0, value));
        int known = _returns.FindIndex(entry => entry.Value == value);
        if (known >= 0) _returns[known] = (value, end.Label);
        else _returns.Add((value, end.Label));
        return end;
    }

    private Goal Write(SockFilter instruction)
    {
        if (_count == MaximumLength)
        {
            throw new ContainerException(
                ErrorCode.InvalidConfiguration, "The seccomp profile has too many rules: its filter would be longer than the 4096 instructions the kernel takes.", "linux.seccomp");
        }

        if (_count == _backwards.Length) Array.Resize(ref _backwards, _count * 2);
        _backwards[_count] = instruction;
        return Goal.At(_count++);
    }
}
