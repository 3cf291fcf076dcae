using System.Globalization;
using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Tests.Launch.Seccomp;

/// <summary>What a profile means, read rule by rule and without any cleverness: what compiled programs are compared with.</summary>
internal sealed class ProfileOracle
{
    public const uint X86_64 = 0xc000003e;
    public const uint X86 = 0x40000003;
    public const uint Aarch64 = 0xc00000b7;
    public const uint Arm = 0x40000028;

    private static readonly string[] s_sockets =
    [
        "", "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv", "sendto", "recvfrom",
        "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg",
    ];

    private static readonly Dictionary<ulong, string> s_ipc = new()
    {
        [1] = "semop",
        [2] = "semget",
        [3] = "semctl",
        [4] = "semtimedop",
        [11] = "msgsnd",
        [12] = "msgrcv",
        [13] = "msgget",
        [14] = "msgctl",
        [21] = "shmat",
        [22] = "shmdt",
        [23] = "shmget",
        [24] = "shmctl",
    };

    private static readonly Dictionary<(SeccompArchitecture, uint), List<string>> s_names = Names();

    private readonly OciSeccomp _profile;
    private readonly SeccompArchitecture _native;
    private readonly uint _default;
    private readonly Dictionary<string, List<OciSyscall>> _rules = [];

    public ProfileOracle(OciSeccomp profile, SeccompArchitecture native)
    {
        _profile = profile;
        _native = native;
        _default = Action(profile.DefaultAction, profile.DefaultErrnoRet);
        foreach (OciSyscall rule in profile.Syscalls ?? [])
        {
            // Rules with the default action are void.
            if (Action(rule.Action, rule.ErrnoRet) == _default) continue;
            foreach (string name in rule.Names)
            {
                if (!_rules.TryGetValue(name, out List<OciSyscall>? rules)) _rules[name] = rules = [];
                rules.Add(rule);
            }
        }
    }

    public uint Evaluate(uint audit, uint number, ReadOnlySpan<ulong> arguments)
    {
        SeccompArchitecture? architecture = (_native, audit) switch
        {
            (SeccompArchitecture.X86_64, X86_64) => SeccompArchitecture.X86_64,
            (SeccompArchitecture.X86_64, X86) when Includes("SCMP_ARCH_X86") => SeccompArchitecture.X86,
            (SeccompArchitecture.Aarch64, Aarch64) => SeccompArchitecture.Aarch64,
            (SeccompArchitecture.Aarch64, Arm) when Includes("SCMP_ARCH_ARM") => SeccompArchitecture.Arm,
            _ => null,
        };
        if (architecture == SeccompArchitecture.X86_64 && number >= 0x40000000 && number != 0xffffffff)
        {
            architecture = Includes("SCMP_ARCH_X32") ? SeccompArchitecture.X32 : null;
            number -= 0x40000000;
        }

        if (architecture is not { } known)
        {
            return _profile.DefaultAction is "SCMP_ACT_ALLOW" or "SCMP_ACT_LOG" ? 0x80000000 : _default;
        }

        foreach (string name in s_names.GetValueOrDefault((known, number), []))
        {
            if (known == SeccompArchitecture.X86 && name is "socketcall" or "ipc" && known == SeccompArchitecture.X86)
            {
                return Multiplexed(name, arguments);
            }

            if (!_rules.TryGetValue(name, out List<OciSyscall>? rules)) continue;
            return Apply(rules, arguments, known is SeccompArchitecture.X86 or SeccompArchitecture.Arm) ?? _default;
        }

        return _default;
    }

    private uint Multiplexed(string name, ReadOnlySpan<ulong> arguments)
    {
        uint? own = _rules.TryGetValue(name, out List<OciSyscall>? rules) ? Apply(rules, arguments, narrow: true) : null;
        if (own is { } decided) return decided;
        ulong sub = arguments[0] & 0xffff;
        string? direct = name == "socketcall" ? (sub < (ulong)s_sockets.Length ? s_sockets[sub] : null) : s_ipc.GetValueOrDefault(sub);
        OciSyscall? plain = direct is not null && _rules.TryGetValue(direct, out List<OciSyscall>? of) ? of.Find(rule => rule.Args is null or { Count: 0 }) : null;
        return plain is null ? _default : Action(plain.Action, plain.ErrnoRet);
    }

    private static uint? Apply(List<OciSyscall> rules, ReadOnlySpan<ulong> arguments, bool narrow)
    {
        foreach (OciSyscall rule in rules)
        {
            if (rule.Args is null or { Count: 0 }) return Action(rule.Action, rule.ErrnoRet);
        }

        foreach (OciSyscall rule in rules)
        {
            bool any = rule.Args!.GroupBy(argument => argument.Index).Any(group => group.Count() > 1);
            int holding = 0;
            foreach (OciSeccompArg argument in rule.Args!)
            {
                if (Holds(argument, arguments[(int)argument.Index], narrow)) holding++;
            }

            if (any ? holding > 0 : holding == rule.Args!.Count) return Action(rule.Action, rule.ErrnoRet);
        }

        return null;
    }

    private static bool Holds(OciSeccompArg test, ulong argument, bool narrow)
    {
        ulong value = test.Value;
        ulong second = test.ValueTwo;
        if (narrow)
        {
            argument &= 0xffffffff;
            value &= 0xffffffff;
            second &= 0xffffffff;
        }

        return test.Op switch
        {
            "SCMP_CMP_NE" => argument != value,
            "SCMP_CMP_LT" => argument < value,
            "SCMP_CMP_LE" => argument <= value,
            "SCMP_CMP_EQ" => argument == value,
            "SCMP_CMP_GE" => argument >= value,
            "SCMP_CMP_GT" => argument > value,
            "SCMP_CMP_MASKED_EQ" => (argument & value) == (second & value),
            _ => throw new ArgumentOutOfRangeException(nameof(test)),
        };
    }

    private static uint Action(string name, uint? errno) => name switch
    {
        "SCMP_ACT_KILL" or "SCMP_ACT_KILL_THREAD" => 0,
        "SCMP_ACT_KILL_PROCESS" => 0x80000000,
        "SCMP_ACT_TRAP" => 0x30000,
        "SCMP_ACT_ERRNO" => 0x50000 | (errno ?? 1),
        "SCMP_ACT_NOTIFY" => 0x7fc00000,
        "SCMP_ACT_TRACE" => 0x7ff00000 | (errno ?? 1),
        "SCMP_ACT_LOG" => 0x7ffc0000,
        "SCMP_ACT_ALLOW" => 0x7fff0000,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, string.Create(CultureInfo.InvariantCulture, $"{errno}")),
    };

    private static Dictionary<(SeccompArchitecture, uint), List<string>> Names()
    {
        Dictionary<(SeccompArchitecture, uint), List<string>> names = [];
        foreach (SeccompArchitecture architecture in Enum.GetValues<SeccompArchitecture>())
        {
            ReadOnlySpan<int> numbers = SystemCallTable.Numbers(architecture);
            for (int index = 0; index < numbers.Length; index++)
            {
                if (numbers[index] < 0) continue;
                if (!names.TryGetValue((architecture, (uint)numbers[index]), out List<string>? list)) names[(architecture, (uint)numbers[index])] = list = [];
                list.Add(SystemCallTable.Name(index));
            }
        }

        return names;
    }

    private bool Includes(string architecture) => _profile.Architectures?.Contains(architecture) == true;
}
