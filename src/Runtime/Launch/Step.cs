using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Launch;

/// <summary>What the interpreter does at a step.</summary>
internal enum StepKind : byte
{
    /// <summary>Makes the system call.</summary>
    Call,
    /// <summary>Writes the descriptor in the slot named by argument 1 as an int to the address in argument 0 (for SCM_RIGHTS).</summary>
    Store,
    /// <summary>Executes the first program of a list that exists: argument 0 is the list of paths, 1 argv, 2 envp. Never returns on success.</summary>
    Execute,
    /// <summary>Looks for what <see cref="Execute"/> would execute: argument 0 is the list of paths, 1 a place for a struct statx.</summary>
    Find,
}

/// <summary>
/// One step of a <see cref="LaunchPlan"/>, in unmanaged memory: a system call with its arguments and what its outcome
/// means. A slot is a register of the interpreter that holds a descriptor.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Step
{
    /// <summary>The arguments; slot indexes where <see cref="SlotArguments"/> says so.</summary>
    public fixed long Arguments[6];
    /// <summary>The system call's number.</summary>
    public int Number;
    /// <summary>The kind.</summary>
    public StepKind Kind;
    /// <summary>Bit i: argument i is a slot's index.</summary>
    public byte SlotArguments;
    /// <summary>The slot that keeps the result, or -1.</summary>
    public short Result;
    /// <summary>An errno that is no failure, or 0.</summary>
    public ushort Ignored;
    /// <summary>Steps to skip after <see cref="Ignored"/>.</summary>
    public ushort SkipIgnored;
    /// <summary>Another errno that is no failure, or 0.</summary>
    public ushort IgnoredToo;
    /// <summary>Steps to skip after <see cref="IgnoredToo"/>.</summary>
    public ushort SkipIgnoredToo;
    /// <summary>Steps to skip after success.</summary>
    public ushort SkipDone;
    /// <summary>Steps to skip after a result of 0: what the parent does after clone3.</summary>
    public ushort SkipZero;
    /// <summary>1: a result of 0 is a failure (a read at end of file: the launcher is gone).</summary>
    public byte NotZero;
    /// <summary>1: EAGAIN means try again (openat2(2) under a concurrent rename or mount).</summary>
    public byte Again;
}

/// <summary>What a step that failed writes to the report pipe.</summary>
/// <param name="Step">Its index.</param>
/// <param name="Errno">Why.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct StepFailure(int Step, int Errno);
