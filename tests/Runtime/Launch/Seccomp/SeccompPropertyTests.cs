using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Oci;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch.Seccomp;

/// <summary>Random profiles: the compiled program decides every call as a reading of the profile rule by rule does.</summary>
public sealed class SeccompPropertyTests
{
    private static readonly ulong[] s_values =
        [0, 1, 2, 5, 38, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x1_0000_0000, 0x1_0000_0001, 0x7e020000, 0xffff_ffff_0000_0000, ulong.MaxValue - 1, ulong.MaxValue];

    private static readonly string[] s_operators = ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"];

    private static readonly (string Name, bool Number)[] s_actions =
    [
        ("SCMP_ACT_ALLOW", false), ("SCMP_ACT_ERRNO", true), ("SCMP_ACT_ERRNO", true), ("SCMP_ACT_KILL", false), ("SCMP_ACT_KILL_PROCESS", false),
        ("SCMP_ACT_TRAP", false), ("SCMP_ACT_TRACE", true), ("SCMP_ACT_LOG", false), ("SCMP_ACT_NOTIFY", false),
    ];

    private static readonly Gen<(string Name, uint? Errno)> s_action =
        from action in Gen.Elements(s_actions)
        from errno in Gen.Elements<uint?>(null, 1, 38)
        select (action.Name, action.Number ? errno : null);

    private static readonly Gen<OciSeccompArg> s_argument =
        from index in Gen.Choose(0, 5)
        from op in Gen.Elements(s_operators)
        from value in Gen.Elements(s_values)
        from second in Gen.Elements(s_values)
        select new OciSeccompArg { Index = (uint)index, Op = "SCMP_CMP_" + op, Value = value, ValueTwo = second };

    // Few arguments, so that comparisons of one argument come together often.
    private static readonly Gen<OciSeccompArg> s_firstArgument = s_argument.Select(argument => argument with { Index = argument.Index % 2 });

    private static readonly Gen<IReadOnlyList<OciSeccompArg>?> s_arguments = Gen.Frequency<IReadOnlyList<OciSeccompArg>?>(
        (3, Gen.Constant<IReadOnlyList<OciSeccompArg>?>(null)),
        (2, s_firstArgument.Select(one => (IReadOnlyList<OciSeccompArg>?)[one])),
        (2, s_argument.ListOf(3).Select(many => (IReadOnlyList<OciSeccompArg>?)[.. many])));

    private static readonly Gen<string> s_name = Gen.Frequency(
        (8, Gen.Choose(0, SystemCallTable.Count - 1).Select(SystemCallTable.Name)),
        (1, Gen.Elements("socket", "bind", "semop", "socketcall", "ipc", "set_tls", "arm_sync_file_range", "sync_file_range2")),
        (1, Gen.Constant("no_such_call")));

    private static readonly Gen<OciSyscall> s_rule =
        from size in Gen.Elements(1, 1, 3, 40, 200)
        from names in s_name.ListOf(size)
        from action in s_action
        from arguments in s_arguments
        select new OciSyscall { Names = [.. names], Action = action.Name, ErrnoRet = action.Errno, Args = arguments };

    private static readonly Gen<OciSeccomp> s_profile =
        from action in s_action.Where(action => action.Name != "SCMP_ACT_NOTIFY")
        from size in Gen.Choose(0, 30)
        from rules in s_rule.ListOf(size)
        from architectures in Gen.SubListOf("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_S390X")
        select new OciSeccomp
        {
            DefaultAction = action.Name,
            DefaultErrnoRet = action.Errno,
            Architectures = [.. architectures],
            ListenerPath = "/run/listener",
            Syscalls = [.. rules],
        };

    [Fact]
    public void A_program_decides_as_its_profile_says_on_x86_64() => Check(SeccompArchitecture.X86_64, [ProfileOracle.X86_64, ProfileOracle.X86, ProfileOracle.Arm]);

    [Fact]
    public void A_program_decides_as_its_profile_says_on_arm64() => Check(SeccompArchitecture.Aarch64, [ProfileOracle.Aarch64, ProfileOracle.Arm, ProfileOracle.X86_64]);

    private static void Check(SeccompArchitecture native, uint[] architectures)
    {
        int compiled = 0;
        Property property = Prop.ForAll(Arb.From(s_profile), profile =>
        {
            FilterMachine machine;
            try
            {
                machine = new FilterMachine(SeccompCompiler.Compile(profile, native).Instructions);
            }
            catch (ContainerException error) when (error.Message.Contains("4096", StringComparison.Ordinal))
            {
                return;
            }

            compiled++;
            ProfileOracle oracle = new(profile, native);
            Random random = new(profile.Syscalls!.Count);
            ulong[] arguments = new ulong[6];
            foreach (uint architecture in architectures)
            {
                foreach (uint number in Numbers())
                {
                    for (int round = 0; round < 3; round++)
                    {
                        for (int index = 0; index < 6; index++) arguments[index] = s_values[random.Next(s_values.Length)] + (ulong)random.Next(-1, 2);
                        uint expected = oracle.Evaluate(architecture, number, arguments);
                        uint actual = machine.Run(architecture, number, arguments);
                        if (expected != actual)
                        {
                            Assert.Fail($"{architecture:x} {number} ({string.Join(", ", arguments.Select(argument => argument.ToString("x", null)))}): expected {expected:x}, but is {actual:x}");
                        }
                    }
                }
            }
        });
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), property);
        Assert.InRange(compiled, 50, 150);
    }

    private static IEnumerable<uint> Numbers()
    {
        for (uint number = 0; number < 560; number++)
        {
            yield return number;
            yield return 0x40000000 | number;
        }

        for (uint number = 0xf0000; number < 0xf0012; number++) yield return number;
        foreach (uint number in (uint[])[0x3fffffff, 0x50000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]) yield return number;
    }
}
