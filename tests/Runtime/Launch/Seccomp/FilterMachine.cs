using ContainerTools.Runtime.Launch.Seccomp;

namespace ContainerTools.Runtime.Tests.Launch.Seccomp;

/// <summary>
/// A machine for classic BPF as seccomp uses it: checks a program by the kernel's rules (bpf_check_classic, seccomp_check_filter) and
/// runs it on one system call.
/// </summary>
internal sealed class FilterMachine
{
    private readonly SockFilter[] _program;

    public FilterMachine(SockFilter[] program)
    {
        _program = program;
        Check();
    }

    /// <summary>Instructions executed by the last run.</summary>
    public int Steps { get; private set; }

    public uint Run(uint architecture, uint number, ReadOnlySpan<ulong> arguments)
    {
        uint accumulator = 0;
        int at = 0;
        Steps = 0;
        while (true)
        {
            SockFilter instruction = _program[at++];
            Steps++;
            switch (instruction.Code)
            {
                case SockFilter.LoadWord:
                    accumulator = Word(instruction.K, architecture, number, arguments);
                    break;
                case SockFilter.And:
                    accumulator &= instruction.K;
                    break;
                case SockFilter.JumpAlways:
                    at += (int)instruction.K;
                    break;
                case SockFilter.JumpEqual:
                    at += accumulator == instruction.K ? instruction.Jt : instruction.Jf;
                    break;
                case SockFilter.JumpGreater:
                    at += accumulator > instruction.K ? instruction.Jt : instruction.Jf;
                    break;
                case SockFilter.JumpGreaterOrEqual:
                    at += accumulator >= instruction.K ? instruction.Jt : instruction.Jf;
                    break;
                case SockFilter.JumpSet:
                    at += (accumulator & instruction.K) != 0 ? instruction.Jt : instruction.Jf;
                    break;
                default:
                    return instruction.K;
            }
        }
    }

    /// <summary>The most instructions that any call can take.</summary>
    public int LongestPath()
    {
        int[] longest = new int[_program.Length];
        for (int at = _program.Length - 1; at >= 0; at--)
        {
            SockFilter instruction = _program[at];
            longest[at] = 1 + instruction.Code switch
            {
                SockFilter.Return => 0,
                SockFilter.JumpAlways => longest[at + 1 + (int)instruction.K],
                SockFilter.LoadWord or SockFilter.And => longest[at + 1],
                _ => Math.Max(longest[at + 1 + instruction.Jt], longest[at + 1 + instruction.Jf]),
            };
        }

        return longest[0];
    }

    private static uint Word(uint offset, uint architecture, uint number, ReadOnlySpan<ulong> arguments) => offset switch
    {
        0 => number,
        4 => architecture,
        8 or 12 => 0xdeadbeef,
        _ => (uint)(arguments[(int)(offset - 16) / 8] >> (offset % 8 == 4 ? 32 : 0)),
    };

    private void Check()
    {
        if (_program.Length is 0 or > 4096) throw new InvalidOperationException($"{_program.Length} instructions");
        HashSet<int> reached = [0];
        for (int at = 0; at < _program.Length; at++)
        {
            SockFilter instruction = _program[at];
            // Not a rule of the kernel, but an instruction that nothing leads to is a mistake of the compiler.
            if (!reached.Contains(at)) throw new InvalidOperationException($"{at}: never reached");
            switch (instruction.Code)
            {
                case SockFilter.LoadWord:
                    if (instruction.K % 4 != 0 || instruction.K >= 64) throw new InvalidOperationException($"{at}: load from {instruction.K}");
                    Reach(at + 1);
                    break;
                case SockFilter.And:
                    Reach(at + 1);
                    break;
                case SockFilter.JumpAlways:
                    Reach(at + 1 + (int)instruction.K);
                    break;
                case SockFilter.JumpEqual or SockFilter.JumpGreater or SockFilter.JumpGreaterOrEqual or SockFilter.JumpSet:
                    Reach(at + 1 + instruction.Jt);
                    Reach(at + 1 + instruction.Jf);
                    break;
                case SockFilter.Return:
                    break;
                default:
                    throw new InvalidOperationException($"{at}: operation {instruction.Code:x}");
            }

            void Reach(int target)
            {
                if (target >= _program.Length) throw new InvalidOperationException($"{at}: jump beyond the end");
                reached.Add(target);
            }
        }

        if (_program[^1].Code != SockFilter.Return) throw new InvalidOperationException("the last instruction is no return");
    }
}
