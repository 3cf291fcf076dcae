using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch.Seccomp;

public sealed class DefaultSeccompProfileTests(ITestOutputHelper output)
{
    private const uint Allow = 0x7fff0000;
    private const uint Eperm = 0x50001;
    private const uint Enosys = 0x50026;

    private static uint Run(OciSeccomp profile, SeccompArchitecture architecture, string name, params ulong[] arguments)
    {
        SeccompArchitecture native = architecture is SeccompArchitecture.Aarch64 or SeccompArchitecture.Arm ? SeccompArchitecture.Aarch64 : SeccompArchitecture.X86_64;
        FilterMachine machine = new(SeccompCompiler.Compile(profile, native).Instructions);
        int number = SystemCallTable.Numbers(architecture)[SystemCallTable.IndexOf(name)];
        Assert.True(number >= 0, $"{architecture} has no {name}");
        (uint audit, uint bit) = architecture switch
        {
            SeccompArchitecture.X86_64 => (ProfileOracle.X86_64, 0u),
            SeccompArchitecture.X32 => (ProfileOracle.X86_64, 0x40000000u),
            SeccompArchitecture.X86 => (ProfileOracle.X86, 0u),
            SeccompArchitecture.Aarch64 => (ProfileOracle.Aarch64, 0u),
            _ => (ProfileOracle.Arm, 0u),
        };
        return machine.Run(audit, (uint)number | bit, [.. arguments, .. new ulong[6 - arguments.Length]]);
    }

    private static uint RunDefault(string name, params ulong[] arguments)
        => Run(DefaultSeccompProfile.Create(Capability.DockerDefault, SeccompArchitecture.X86_64), SeccompArchitecture.X86_64, name, arguments);

    [Theory]
    [InlineData("read", Allow)]
    [InlineData("execve", Allow)]
    [InlineData("statmount", Allow)]
    [InlineData("arch_prctl", Allow)]
    [InlineData("ptrace", Allow)]
    [InlineData("chroot", Allow)]
    [InlineData("mount", Eperm)]
    [InlineData("unshare", Eperm)]
    [InlineData("bpf", Eperm)]
    [InlineData("keyctl", Eperm)]
    [InlineData("io_uring_setup", Eperm)]
    [InlineData("kexec_load", Eperm)]
    [InlineData("clone3", Enosys)]
    public void The_default_capabilities_allow_what_docker_allows(string name, uint expected) => Assert.Equal(expected, RunDefault(name));

    [Theory]
    [InlineData(0x11, Allow)]
    [InlineData(0x3d0f00, Allow)]
    [InlineData(0x00020011, Eperm)]
    [InlineData(0x10000011, Eperm)]
    [InlineData(0x40000000, Eperm)]
    public void Clone_makes_no_namespaces(ulong flags, uint expected) => Assert.Equal(expected, RunDefault("clone", flags));

    [Theory]
    [InlineData(0, Allow)]
    [InlineData(8, Allow)]
    [InlineData(0x20000, Allow)]
    [InlineData(0x20008, Allow)]
    [InlineData(0xffffffff, Allow)]
    [InlineData(0x1_ffff_ffff, Eperm)]
    [InlineData(0x40000, Eperm)]
    [InlineData(1, Eperm)]
    public void Personality_takes_five_values(ulong persona, uint expected) => Assert.Equal(expected, RunDefault("personality", persona));

    [Theory]
    [InlineData(2, Allow)]
    [InlineData(37, Allow)]
    [InlineData(38, Eperm)]
    [InlineData(39, Allow)]
    [InlineData(40, Eperm)]
    [InlineData(41, Allow)]
    public void Sockets_are_not_of_the_alg_and_vsock_families(ulong family, uint expected) => Assert.Equal(expected, RunDefault("socket", family));

    [Theory]
    [InlineData("CAP_SYS_ADMIN", "mount")]
    [InlineData("CAP_SYS_ADMIN", "clone3")]
    [InlineData("CAP_SYS_ADMIN", "bpf")]
    [InlineData("CAP_BPF", "bpf")]
    [InlineData("CAP_PERFMON", "perf_event_open")]
    [InlineData("CAP_SYS_BOOT", "reboot")]
    [InlineData("CAP_SYS_TIME", "settimeofday")]
    [InlineData("CAP_SYSLOG", "syslog")]
    [InlineData("CAP_DAC_READ_SEARCH", "open_by_handle_at")]
    [InlineData("CAP_SYS_MODULE", "finit_module")]
    [InlineData("CAP_SYS_NICE", "mbind")]
    [InlineData("CAP_SYS_PTRACE", "kcmp")]
    [InlineData("CAP_SYS_RAWIO", "iopl")]
    public void A_capability_brings_its_calls(string capability, string name)
    {
        Assert.NotEqual(Allow, Run(DefaultSeccompProfile.Create([], SeccompArchitecture.X86_64), SeccompArchitecture.X86_64, name));
        Assert.Equal(Allow, Run(DefaultSeccompProfile.Create([capability], SeccompArchitecture.X86_64), SeccompArchitecture.X86_64, name));
    }

    [Fact]
    public void Sys_admin_may_clone_into_namespaces()
        => Assert.Equal(Allow, Run(DefaultSeccompProfile.Create(["CAP_SYS_ADMIN"], SeccompArchitecture.X86_64), SeccompArchitecture.X86_64, "clone", 0x10000000));

    [Theory]
    [InlineData("X86", "socketcall", Allow)]
    [InlineData("X86", "mmap2", Allow)]
    [InlineData("X86", "stime", Eperm)]
    [InlineData("X32", "execve", Allow)]
    [InlineData("X32", "mount", Eperm)]
    [InlineData("Aarch64", "openat", Allow)]
    [InlineData("Aarch64", "unshare", Eperm)]
    [InlineData("Arm", "set_tls", Allow)]
    [InlineData("Arm", "arm_sync_file_range", Allow)]
    [InlineData("Arm", "usr26", Eperm)]
    public void Other_architectures_have_the_same_rules(string architecture, string name, uint expected)
    {
        SeccompArchitecture parsed = Enum.Parse<SeccompArchitecture>(architecture);
        SeccompArchitecture native = parsed is SeccompArchitecture.Aarch64 or SeccompArchitecture.Arm ? SeccompArchitecture.Aarch64 : SeccompArchitecture.X86_64;
        Assert.Equal(expected, Run(DefaultSeccompProfile.Create(Capability.DockerDefault, native), parsed, name));
    }

    [Fact]
    public void Every_name_of_the_profile_is_known_but_for_other_architectures_calls()
    {
        string[] unknown =
        [
            .. DefaultSeccompProfile.Create(Capability.Names.ToList(), SeccompArchitecture.X86_64).Syscalls!
                .SelectMany(rule => rule.Names).Where(name => SystemCallTable.IndexOf(name) < 0),
        ];
        Assert.Equal(["riscv_hwprobe"], unknown);
    }

    public static TheoryData<int, int> Sets()
    {
        TheoryData<int, int> sets = [];
        foreach (int native in (int[])[(int)SeccompArchitecture.X86_64, (int)SeccompArchitecture.Aarch64])
        {
            for (int set = 0; set < 3; set++) sets.Add(native, set);
        }

        return sets;
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void The_program_is_right_for_all_numbers_short_and_quick(int native, int set)
    {
        SeccompArchitecture architecture = (SeccompArchitecture)native;
        IReadOnlyList<string> capabilities = set switch { 0 => Capability.DockerDefault, 1 => [], _ => Capability.Names };
        OciSeccomp profile = DefaultSeccompProfile.Create(capabilities.ToList(), architecture);
        SeccompProgram program = SeccompCompiler.Compile(profile, architecture);
        FilterMachine machine = new(program.Instructions);
        ProfileOracle oracle = new(profile, architecture);
        uint[] audits = [ProfileOracle.X86_64, ProfileOracle.X86, ProfileOracle.Aarch64, ProfileOracle.Arm, 0];
        ulong[] values = [0, 8, 37, 38, 39, 40, 41, 0x20000, 0x20008, 0xffffffff, 0x1_0000_0000, 0x7e020000, 0x11, ulong.MaxValue];
        foreach (uint audit in audits)
        {
            for (uint number = 0; number < 0x1000; number++)
            {
                foreach (uint block in (uint[])[0, 0x40000000, 0xf0000, 0xfffff000])
                {
                    foreach (ulong value in values)
                    {
                        ulong[] arguments = [value, value, value, value, value, value];
                        uint expected = oracle.Evaluate(audit, block + number, arguments);
                        uint actual = machine.Run(audit, block + number, arguments);
                        if (expected != actual) Assert.Fail($"{audit:x} {block + number:x} {value:x}: expected {expected:x}, but is {actual:x}");
                    }
                }
            }
        }

        output.WriteLine($"{architecture}, {capabilities.Count} capabilities: {program.Instructions.Length} instructions, longest path {machine.LongestPath()}");
        Assert.InRange(program.Instructions.Length, 50, 400);
        Assert.InRange(machine.LongestPath(), 5, 20);
    }
}
