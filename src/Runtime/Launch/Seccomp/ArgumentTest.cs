namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>How a system call's argument is compared.</summary>
internal enum Comparison
{
    /// <summary>SCMP_CMP_NE.</summary>
    NotEqual,
    /// <summary>SCMP_CMP_LT.</summary>
    Less,
    /// <summary>SCMP_CMP_LE.</summary>
    LessOrEqual,
    /// <summary>SCMP_CMP_EQ.</summary>
    Equal,
    /// <summary>SCMP_CMP_GE.</summary>
    GreaterOrEqual,
    /// <summary>SCMP_CMP_GT.</summary>
    Greater,
    /// <summary>SCMP_CMP_MASKED_EQ: the argument and the value are equal in the bits of the mask.</summary>
    MaskedEqual,
}

/// <summary>
/// One comparison of an argument, unsigned. Classic BPF has 32-bit words, so a 64-bit argument is compared in two halves, the upper
/// one first. The 32-bit architectures have 32-bit arguments: there only the lower halves are compared, as libseccomp does,
/// so that a profile's -1 means the same on them.
/// </summary>
/// <param name="Index">Which argument, 0 to 5.</param>
/// <param name="Comparison">How.</param>
/// <param name="Value">With what.</param>
/// <param name="Mask">The bits that count; all of them but for <see cref="Comparison.MaskedEqual"/>.</param>
internal readonly record struct ArgumentTest(int Index, Comparison Comparison, ulong Value, ulong Mask = ulong.MaxValue)
{
    /// <summary>Where an argument's lower half is in struct seccomp_data (nr, arch, instruction_pointer, args[6]); every architecture here is little-endian.</summary>
    public static uint LowOffset(int index) => (uint)(16 + (8 * index));

    /// <summary>Where its upper half is.</summary>
    public static uint HighOffset(int index) => LowOffset(index) + 4;

    /// <summary>Whether an argument passes.</summary>
    /// <param name="argument">The argument.</param>
    /// <param name="wide">False on a 32-bit architecture.</param>
    public bool Holds(ulong argument, bool wide)
    {
        ulong value = wide ? Value : (uint)Value;
        if (!wide) argument = (uint)argument;
        return Comparison switch
        {
            Comparison.NotEqual => argument != value,
            Comparison.Less => argument < value,
            Comparison.LessOrEqual => argument <= value,
            Comparison.Equal => argument == value,
            Comparison.GreaterOrEqual => argument >= value,
            Comparison.Greater => argument > value,
            _ => ((argument ^ value) & (wide ? Mask : (uint)Mask)) == 0,
        };
    }

    /// <summary>Whether every argument passes, because no bit counts.</summary>
    public bool IsVoid(bool wide) => Comparison == Comparison.MaskedEqual && (wide ? Mask : (uint)Mask) == 0;

    /// <summary>Writes the test.</summary>
    /// <param name="filter">The program.</param>
    /// <param name="pass">Where to go when it holds.</param>
    /// <param name="fail">Where to go when it does not.</param>
    /// <param name="wide">False on a 32-bit architecture.</param>
    public FilterAssembler.Goal Write(FilterAssembler filter, FilterAssembler.Goal pass, FilterAssembler.Goal fail, bool wide) => Comparison switch
    {
        Comparison.NotEqual => WriteMasked(filter, fail, pass, wide),
        Comparison.Less => WriteOrder(filter, SockFilter.JumpGreaterOrEqual, fail, pass, wide),
        Comparison.LessOrEqual => WriteOrder(filter, SockFilter.JumpGreater, fail, pass, wide),
        Comparison.GreaterOrEqual => WriteOrder(filter, SockFilter.JumpGreaterOrEqual, pass, fail, wide),
        Comparison.Greater => WriteOrder(filter, SockFilter.JumpGreater, pass, fail, wide),
        _ => WriteMasked(filter, pass, fail, wide),
    };

    private FilterAssembler.Goal WriteOrder(
        FilterAssembler filter, ushort code, FilterAssembler.Goal pass, FilterAssembler.Goal fail, bool wide)
    {
        FilterAssembler.Goal low = filter.Load(LowOffset(Index), filter.Jump(code, (uint)Value, pass, fail));
        if (!wide) return low;
        uint high = (uint)(Value >> 32);
        // An upper half above decides for "greater", an equal one leaves it to the lower half.
        FilterAssembler.Goal test = high == 0
            ? filter.Jump(SockFilter.JumpEqual, 0, low, pass)
            : filter.Jump(SockFilter.JumpGreater, high, pass, filter.Jump(SockFilter.JumpEqual, high, low, fail));
        return filter.Load(HighOffset(Index), test);
    }

    private FilterAssembler.Goal WriteMasked(FilterAssembler filter, FilterAssembler.Goal pass, FilterAssembler.Goal fail, bool wide)
    {
        FilterAssembler.Goal low = WriteHalf(filter, LowOffset(Index), (uint)Value, (uint)Mask, pass, fail);
        return wide ? WriteHalf(filter, HighOffset(Index), (uint)(Value >> 32), (uint)(Mask >> 32), low, fail) : low;
    }

    private static FilterAssembler.Goal WriteHalf(
        FilterAssembler filter, uint offset, uint value, uint mask, FilterAssembler.Goal pass, FilterAssembler.Goal fail)
    {
        if (mask == 0) return pass;
        if (mask == uint.MaxValue) return filter.Load(offset, filter.Jump(SockFilter.JumpEqual, value, pass, fail));
        return (value & mask) == 0
            ? filter.Load(offset, filter.Jump(SockFilter.JumpSet, mask, fail, pass))
            : filter.Load(offset, filter.And(mask, filter.Jump(SockFilter.JumpEqual, value & mask, pass, fail)));
    }
}
