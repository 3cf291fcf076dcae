using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch.Seccomp;

public sealed class SeccompCompilerTests
{
    private const uint Allow = 0x7fff0000;
    private const uint Eperm = 0x50001;
    private const int Read = 0;
    private const int Ioctl = 16;
    private const int Socket = 41;

    private static readonly ulong[] s_none = new ulong[6];

    private static OciSyscall Rule(string name, string action, uint? errno = null, params OciSeccompArg[] args)
        => new() { Names = [name], Action = action, ErrnoRet = errno, Args = args };

    private static OciSeccompArg Arg(uint index, string op, ulong value, ulong second = 0)
        => new() { Index = index, Op = "SCMP_CMP_" + op, Value = value, ValueTwo = second };

    private static FilterMachine Machine(OciSeccomp profile, SeccompArchitecture native = SeccompArchitecture.X86_64)
        => new(SeccompCompiler.Compile(profile, native).Instructions);

    private static OciSeccomp Deny(params OciSyscall[] rules) => new() { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = rules };

    private static OciSeccomp Permit(params OciSyscall[] rules) => new() { DefaultAction = "SCMP_ACT_ERRNO", Syscalls = rules };

    [Theory]
    [InlineData("SCMP_ACT_KILL", null, 0u)]
    [InlineData("SCMP_ACT_KILL_THREAD", null, 0u)]
    [InlineData("SCMP_ACT_KILL_PROCESS", null, 0x80000000u)]
    [InlineData("SCMP_ACT_TRAP", null, 0x30000u)]
    [InlineData("SCMP_ACT_ERRNO", null, 0x50001u)]
    [InlineData("SCMP_ACT_ERRNO", 0u, 0x50000u)]
    [InlineData("SCMP_ACT_ERRNO", 4095u, 0x50fffu)]
    [InlineData("SCMP_ACT_TRACE", null, 0x7ff00001u)]
    [InlineData("SCMP_ACT_TRACE", 65535u, 0x7ff0ffffu)]
    [InlineData("SCMP_ACT_LOG", null, 0x7ffc0000u)]
    public void Every_action_is_what_the_kernel_knows(string action, uint? errno, uint value)
    {
        FilterMachine machine = Machine(Deny(Rule("read", action, errno)));
        Assert.Equal(value, machine.Run(ProfileOracle.X86_64, Read, s_none));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, Read + 1, s_none));
    }

    [Theory]
    [InlineData("NE", 5, 5, false)]
    [InlineData("NE", 5, 0x1_0000_0005, true)]
    [InlineData("EQ", 5, 5, true)]
    [InlineData("EQ", 5, 0x1_0000_0005, false)]
    [InlineData("EQ", 0x1_0000_0005, 5, false)]
    [InlineData("LT", 0x2_0000_0005, 0x1_ffff_ffff, true)]
    [InlineData("LT", 0x2_0000_0005, 0x2_0000_0004, true)]
    [InlineData("LT", 0x2_0000_0005, 0x2_0000_0005, false)]
    [InlineData("LT", 0x2_0000_0005, 0x3_0000_0000, false)]
    [InlineData("LE", 0x2_0000_0005, 0x2_0000_0005, true)]
    [InlineData("LE", 0x2_0000_0005, 0x2_0000_0006, false)]
    [InlineData("GE", 0x2_0000_0005, 0x2_0000_0005, true)]
    [InlineData("GE", 0x2_0000_0005, 0x2_0000_0004, false)]
    [InlineData("GE", 0, 0, true)]
    [InlineData("GE", 5, 0x1_0000_0000, true)]
    [InlineData("GT", 0x2_0000_0005, 0x3_0000_0000, true)]
    [InlineData("GT", 0x2_0000_0005, 0x1_ffff_ffff, false)]
    [InlineData("GT", 0x2_0000_0005, 0x2_0000_0006, true)]
    [InlineData("GT", -1, -1, false)]
    [InlineData("LT", 0, 0, false)]
    public void A_comparison_has_64_unsigned_bits(string op, long value, long argument, bool holds)
    {
        FilterMachine machine = Machine(Permit(Rule("ioctl", "SCMP_ACT_ALLOW", null, Arg(1, op, (ulong)value))));
        Assert.Equal(holds ? Allow : Eperm, machine.Run(ProfileOracle.X86_64, Ioctl, [0, (ulong)argument, 0, 0, 0, 0]));
    }

    [Theory]
    [InlineData(0xff00, 0x1200, 0x1234, true)]
    [InlineData(0xff00, 0x1234, 0x1299, true)]
    [InlineData(0xff00, 0x1200, 0x1334, false)]
    [InlineData(0x7e020000, 0, 0x11, true)]
    [InlineData(0x7e020000, 0, 0x10000011, false)]
    [InlineData(0x7fff_0000_0000_0000, 0x1_0000_0000_0000, 0x1_0000_0000_1234, true)]
    [InlineData(0x7fff_0000_0000_0000, 0x1_0000_0000_0000, 0x2_0000_0000_1234, false)]
    [InlineData(0, 0x55, 0x66, true)]
    public void A_mask_chooses_the_bits_that_count(long mask, long value, long argument, bool holds)
    {
        FilterMachine machine = Machine(Permit(Rule("ioctl", "SCMP_ACT_ALLOW", null, Arg(0, "MASKED_EQ", (ulong)mask, (ulong)value))));
        Assert.Equal(holds ? Allow : Eperm, machine.Run(ProfileOracle.X86_64, Ioctl, [(ulong)argument, 0, 0, 0, 0, 0]));
    }

    [Fact]
    public void Within_a_rule_all_comparisons_must_hold_and_of_several_rules_one()
    {
        FilterMachine machine = Machine(Permit(
            Rule("ioctl", "SCMP_ACT_ALLOW", null, Arg(0, "EQ", 1), Arg(1, "EQ", 2)),
            Rule("ioctl", "SCMP_ACT_ALLOW", null, Arg(2, "GT", 100))));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, Ioctl, [1, 2, 0, 0, 0, 0]));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86_64, Ioctl, [1, 3, 0, 0, 0, 0]));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86_64, Ioctl, [2, 2, 0, 0, 0, 0]));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, Ioctl, [2, 2, 101, 0, 0, 0]));
    }

    [Fact]
    public void A_rule_that_names_an_argument_twice_means_either()
    {
        FilterMachine machine = Machine(Permit(Rule("ioctl", "SCMP_ACT_ALLOW", null, Arg(0, "EQ", 1), Arg(0, "EQ", 2))));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, Ioctl, [1, 0, 0, 0, 0, 0]));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, Ioctl, [2, 0, 0, 0, 0, 0]));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86_64, Ioctl, [3, 0, 0, 0, 0, 0]));
    }

    [Fact]
    public void A_rule_without_arguments_wins_over_rules_with_them()
    {
        FilterMachine machine = Machine(Permit(
            Rule("ioctl", "SCMP_ACT_KILL_PROCESS", null, Arg(0, "EQ", 1)),
            Rule("ioctl", "SCMP_ACT_ALLOW"),
            Rule("ioctl", "SCMP_ACT_KILL_PROCESS")));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, Ioctl, [1, 0, 0, 0, 0, 0]));
    }

    [Fact]
    public void Another_architecture_meets_the_default_action()
    {
        FilterMachine machine = Machine(Permit(Rule("read", "SCMP_ACT_ALLOW")));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86, 3, s_none));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86_64, 0x40000000, s_none));
        Assert.Equal(2 + 1, Steps(machine, ProfileOracle.X86));
    }

    [Fact]
    public void A_list_of_what_is_forbidden_cannot_be_walked_around_by_another_architecture()
    {
        FilterMachine machine = Machine(Deny(Rule("ptrace", "SCMP_ACT_ERRNO")));
        Assert.Equal(0x80000000, machine.Run(ProfileOracle.X86, 26, s_none));
        Assert.Equal(0x80000000, machine.Run(ProfileOracle.X86_64, 0x40000000 | 521, s_none));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, 0xffffffff, s_none));
    }

    [Fact]
    public void Included_architectures_have_their_own_numbers()
    {
        FilterMachine machine = Machine(Permit(Rule("execve", "SCMP_ACT_ALLOW")) with { Architectures = ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] });
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, 59, s_none));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86, 11, s_none));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, 0x40000000 | 520, s_none));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86_64, 0x40000000 | 59, s_none));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86, 59, s_none));
        FilterMachine arm = Machine(Permit(Rule("set_tls", "SCMP_ACT_ALLOW")) with { Architectures = ["SCMP_ARCH_ARM"] }, SeccompArchitecture.Aarch64);
        Assert.Equal(Allow, arm.Run(ProfileOracle.Arm, 0xf0005, s_none));
        Assert.Equal(Eperm, arm.Run(ProfileOracle.Arm, 0xf0004, s_none));
        Assert.Equal(Eperm, arm.Run(ProfileOracle.Aarch64, 0xf0005, s_none));
    }

    [Fact]
    public void A_32_bit_architecture_compares_32_bits()
    {
        FilterMachine machine = Machine(Permit(Rule("ioctl", "SCMP_ACT_ALLOW", null, Arg(0, "EQ", ulong.MaxValue))) with { Architectures = ["SCMP_ARCH_X86"] });
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86, 54, [0xffffffff, 0, 0, 0, 0, 0]));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86_64, Ioctl, [0xffffffff, 0, 0, 0, 0, 0]));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86_64, Ioctl, [ulong.MaxValue, 0, 0, 0, 0, 0]));
    }

    [Fact]
    public void Socket_rules_hold_for_socketcall_too()
    {
        FilterMachine machine = Machine(Deny(Rule("socket", "SCMP_ACT_ERRNO"), Rule("semget", "SCMP_ACT_KILL_PROCESS")) with { Architectures = ["SCMP_ARCH_X86"] });
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86, 102, [1, 0, 0, 0, 0, 0]));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86, 102, [2, 0, 0, 0, 0, 0]));
        Assert.Equal(0x80000000, machine.Run(ProfileOracle.X86, 117, [0x10002, 0, 0, 0, 0, 0]));
        Assert.Equal(Allow, machine.Run(ProfileOracle.X86, 117, [3, 0, 0, 0, 0, 0]));
        Assert.Equal(Eperm, machine.Run(ProfileOracle.X86_64, Socket, s_none));
    }

    [Fact]
    public void A_program_with_far_jumps_stays_right()
    {
        // Every number has an outcome of its own and a comparison, so that nothing merges and little is within reach of a short jump.
        List<OciSyscall> rules = [];
        for (int index = 0; index < SystemCallTable.Count; index++)
        {
            rules.Add(Rule(SystemCallTable.Name(index), "SCMP_ACT_ERRNO", (uint)(100 + index), Arg((uint)(index % 6), "EQ", 0x1_0000_0000UL + (ulong)index)));
        }

        OciSeccomp profile = Deny([.. rules]);
        FilterMachine machine = Machine(profile);
        ProfileOracle oracle = new(profile, SeccompArchitecture.X86_64);
        for (uint number = 0; number < 600; number++)
        {
            for (int argument = 0; argument < 6; argument++)
            {
                for (ulong value = 0; value < 600; value++)
                {
                    ulong[] arguments = new ulong[6];
                    arguments[argument] = 0x1_0000_0000UL + value;
                    Assert.Equal(oracle.Evaluate(ProfileOracle.X86_64, number, arguments), machine.Run(ProfileOracle.X86_64, number, arguments));
                }
            }
        }
    }

    [Fact]
    public void A_profile_that_no_program_can_hold_is_refused()
    {
        List<OciSeccompArg> many = [];
        for (ulong value = 0; value < 3000; value++) many.Add(Arg(0, "EQ", value << 32));
        ContainerException error = Assert.Throws<ContainerException>(() => Machine(Permit(Rule("ioctl", "SCMP_ACT_ALLOW", null, [.. many]))));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
    }

    [Theory]
    [InlineData(null, 4u, false)]
    [InlineData("", 0u, false)]
    [InlineData("SECCOMP_FILTER_FLAG_TSYNC", 1u, false)]
    [InlineData("SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW", 6u, false)]
    [InlineData("", 8u, true)]
    [InlineData("SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1u + 8 + 16 + 32, true)]
    public void Flags_are_passed_on(string? flags, uint expected, bool notify)
    {
        OciSeccomp profile = Deny(notify ? [Rule("mkdir", "SCMP_ACT_NOTIFY")] : []) with
        {
            Flags = flags?.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            ListenerPath = notify ? "/run/listener" : null,
        };
        SeccompProgram program = SeccompCompiler.Compile(profile, SeccompArchitecture.X86_64);
        Assert.Equal(expected, program.Flags);
        Assert.Equal(notify, program.UsesNotify);
    }

    public static TheoryData<string, OciSeccompBox> Mistakes() => new()
    {
        { "linux.seccomp.defaultAction", new(new OciSeccomp { DefaultAction = "ALLOW" }) },
        { "linux.seccomp.defaultAction", new(new OciSeccomp { DefaultAction = "SCMP_ACT_NOTIFY" }) },
        { "linux.seccomp.defaultAction", new(new OciSeccomp { DefaultAction = "SCMP_ACT_ALLOW", DefaultErrnoRet = 1 }) },
        { "linux.seccomp.architectures[1]", new(Deny() with { Architectures = ["SCMP_ARCH_S390X", "SCMP_ARCH_VAX"] }) },
        { "linux.seccomp.flags[0]", new(Deny() with { Flags = ["TSYNC"] }) },
        { "linux.seccomp.flags", new(Deny() with { Flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] }) },
        { "linux.seccomp.listenerPath", new(Deny(Rule("read", "SCMP_ACT_NOTIFY"))) },
        { "linux.seccomp.syscalls[1].action", new(Deny(Rule("read", "SCMP_ACT_ERRNO"), Rule("read", "EPERM"))) },
        { "linux.seccomp.syscalls[0].action", new(Deny(Rule("read", "SCMP_ACT_ERRNO", 4096))) },
        { "linux.seccomp.syscalls[0].action", new(Deny(Rule("read", "SCMP_ACT_TRAP", 1))) },
        { "linux.seccomp.syscalls[0].names", new(Deny(new OciSyscall { Names = [], Action = "SCMP_ACT_ERRNO" })) },
        { "linux.seccomp.syscalls[0].names", new(Deny(Rule("", "SCMP_ACT_ERRNO"))) },
        { "linux.seccomp.syscalls[0].names", new(Deny(Rule(null!, "SCMP_ACT_ERRNO"))) },
        { "linux.seccomp.syscalls[0]", new(Deny([null!])) },
        { "linux.seccomp.syscalls[0].args", new(Deny(Rule("read", "SCMP_ACT_ERRNO", null, [null!]))) },
        { "linux.seccomp.syscalls[0].args[0].index", new(Deny(Rule("read", "SCMP_ACT_ERRNO", null, Arg(6, "EQ", 0)))) },
        { "linux.seccomp.syscalls[0].args[1].op", new(Deny(Rule("read", "SCMP_ACT_ERRNO", null, Arg(1, "EQ", 0), Arg(2, "XX", 0)))) },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_told_with_its_place(string where, OciSeccompBox profile)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => SeccompCompiler.Compile(profile.Profile, SeccompArchitecture.X86_64));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Equal(where, error.Target);
        Assert.StartsWith(where + ": ", error.Message, StringComparison.Ordinal);
    }

    private static int Steps(FilterMachine machine, uint architecture)
    {
        machine.Run(architecture, 0, s_none);
        return machine.Steps;
    }
}

/// <summary>Lets an internal record be the argument of a public test.</summary>
public sealed class OciSeccompBox
{
    internal OciSeccompBox(OciSeccomp profile) => Profile = profile;

    internal OciSeccomp Profile { get; }

    public override string ToString() => $"{Profile.DefaultAction}, {Profile.Syscalls?.Count ?? 0} rules";
}
