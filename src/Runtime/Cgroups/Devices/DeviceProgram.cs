using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups.Devices;

/// <summary>
/// Assembles the eBPF program that v2 asks at every open and mknod of a device (BPF_PROG_TYPE_CGROUP_DEVICE). It gets struct bpf_cgroup_dev_ctx
/// { u32 access_type; u32 major; u32 minor; }, where access_type is access &lt;&lt; 16 | type, and returns 1 to allow.
/// </summary>
internal static class DeviceProgram
{
    // Registers: r1 is the context at first and scratch later.
    private const int Result = 0;
    private const int Scratch = 1;
    private const int Type = 2;
    private const int Access = 3;
    private const int Major = 4;
    private const int Minor = 5;

    private const int BlockDevice = 1;
    private const int CharacterDevice = 2;

    /// <summary>The program of a rule set.</summary>
    public static BpfInstruction[] Assemble(DeviceRuleSet rules)
    {
        var program = new List<BpfInstruction>
        {
            BpfInstruction.Of(BpfInstruction.Load32, Type, Scratch, 0),
            BpfInstruction.Of(BpfInstruction.Move32, Access, Type),
            BpfInstruction.Of(BpfInstruction.And32, Type, immediate: 0xffff),
            BpfInstruction.Of(BpfInstruction.ShiftRight32, Access, immediate: 16),
            BpfInstruction.Of(BpfInstruction.Load32, Major, Scratch, 4),
            BpfInstruction.Of(BpfInstruction.Load32, Minor, Scratch, 8),
        };
        foreach ((DeviceKey key, DeviceAccess access) in rules.Exceptions) AddException(program, rules, key, access);
        Return(program, rules.AllowsByDefault);
        return [.. program];
    }

    private static void AddException(List<BpfInstruction> program, DeviceRuleSet rules, DeviceKey key, DeviceAccess access)
    {
        var jumps = new List<int>();
        JumpToNext(BpfInstruction.JumpIfNot32, Type, key.Type == 'b' ? BlockDevice : CharacterDevice);
        if (key.Major is { } major) JumpToNext(BpfInstruction.JumpIfNot32, Major, (int)major);
        if (key.Minor is { } minor) JumpToNext(BpfInstruction.JumpIfNot32, Minor, (int)minor);
        if (access != DeviceAccess.All)
        {
            program.Add(BpfInstruction.Of(BpfInstruction.Move32, Scratch, Access));
            program.Add(BpfInstruction.Of(BpfInstruction.And32, Scratch, immediate: (int)access));
            jumps.Add(program.Count);
            // Allowed is what lies wholly within an exception; denied is what touches one.
            program.Add(
                rules.AllowsByDefault
                    ? BpfInstruction.Of(BpfInstruction.JumpIf32, Scratch, immediate: 0)
                    : BpfInstruction.Of(BpfInstruction.JumpIfNotEqual32, Scratch, Access));
        }

        Return(program, !rules.AllowsByDefault);
        foreach (int jump in jumps) program[jump] = program[jump].To(program.Count - jump - 1);

        void JumpToNext(byte code, int register, int value)
        {
            jumps.Add(program.Count);
            program.Add(BpfInstruction.Of(code, register, immediate: value));
        }
    }

    private static void Return(List<BpfInstruction> program, bool allow)
    {
        program.Add(BpfInstruction.Of(BpfInstruction.Set, Result, immediate: allow ? 1 : 0));
        program.Add(BpfInstruction.Of(BpfInstruction.Exit));
    }
}
