using System.Globalization;
using System.Runtime.InteropServices;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>
/// Compiles a system call filter to classic BPF. The kernel runs the program on every system call, verifies and translates
/// all of it when it is loaded, and runs it once for every number to learn which are always allowed: so it is worth being short.
/// The numbers are cut into ranges with the same outcome, and the range is found by binary search; Docker's profile comes to about
/// 60 ranges for 360 calls. Comparisons of arguments follow at the leaves.
/// </summary>
internal static class SeccompCompiler
{
    // struct seccomp_data
    private const uint NumberOffset = 0;
    private const uint ArchitectureOffset = 4;

    // linux/audit.h
    private const uint AuditX86_64 = 0xc000003e;
    private const uint AuditX86 = 0x40000003;
    private const uint AuditAarch64 = 0xc00000b7;
    private const uint AuditArm = 0x40000028;

    // linux/seccomp.h, SECCOMP_FILTER_FLAG_…
    private const uint FlagThreadSync = 1;
    private const uint FlagLog = 2;
    private const uint FlagSpeculationAllow = 4;
    private const uint FlagNewListener = 8;
    private const uint FlagThreadSyncEsrch = 16;
    private const uint FlagWaitKillableReceive = 32;

    // The numbers of ARM's private calls start here.
    private const int ArmPrivate = 0x0f0000;

    /// <summary>The architecture of the running kernel.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> on others than x86-64 and arm64.</exception>
    public static SeccompArchitecture Native => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => SeccompArchitecture.X86_64,
        Architecture.Arm64 => SeccompArchitecture.Aarch64,
        Architecture other => throw new ContainerException(ErrorCode.NotSupported, $"Seccomp profiles are supported on x86-64 and arm64, not on {other}."),
    };

    /// <summary>Compiles a profile for the running kernel.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/> that names the place in the configuration.</exception>
    public static SeccompProgram Compile(OciSeccomp profile) => Compile(profile, Native);

    /// <summary>Compiles a profile for a kernel of an architecture.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="native"><see cref="SeccompArchitecture.X86_64"/> or <see cref="SeccompArchitecture.Aarch64"/>.</param>
    public static SeccompProgram Compile(OciSeccomp profile, SeccompArchitecture native)
    {
        bool[] architectures = ReadArchitectures(profile, native);
        SeccompRules rules = new(profile);
        uint flags = ReadFlags(profile, rules.UsesNotify);
        Writer writer = new(rules);
        uint foreign = ForeignAction(rules.Outcomes[SeccompRules.Default].Action);

        // Written from the end: what most calls need, the native architecture, is last here and first in the program.
        FilterAssembler.Goal goal = FilterAssembler.Goal.Return(foreign);
        SeccompArchitecture compat = native == SeccompArchitecture.X86_64 ? SeccompArchitecture.X86 : SeccompArchitecture.Arm;
        FilterAssembler.Goal? compatGoal = architectures[(int)compat] ? WriteNumbers(writer, rules, compat, null, foreign) : null;
        FilterAssembler.Goal nativeGoal = WriteNumbers(writer, rules, native, architectures[(int)SeccompArchitecture.X32], foreign);
        if (compatGoal is { } other) goal = writer.Filter.Jump(SockFilter.JumpEqual, Audit(compat), other, goal);
        goal = writer.Filter.Jump(SockFilter.JumpEqual, Audit(native), nativeGoal, goal);
        writer.Filter.Load(ArchitectureOffset, goal);
        return new SeccompProgram(writer.Filter.Finish(), flags, rules.UsesNotify);
    }

    /// <summary>
    /// What happens to calls by an architecture that the profile does not name: the default action, unless that lets the call
    /// through; a list of what is forbidden could otherwise be walked around by calling as a 32-bit program does.
    /// </summary>
    internal static uint ForeignAction(uint defaultAction)
        => defaultAction is SeccompAction.Allow or SeccompAction.Log ? SeccompAction.KillProcess : defaultAction;

    private static FilterAssembler.Goal WriteNumbers(
        Writer writer, SeccompRules rules, SeccompArchitecture architecture, bool? x32, uint foreign)
    {
        List<Range> ranges = new(160);
        Append(ranges, rules, architecture, 0);
        if (architecture == SeccompArchitecture.X86_64)
        {
            if (x32 == true)
            {
                Append(ranges, rules, SeccompArchitecture.X32, SystemCallTable.X32Bit);
            }
            else
            {
                Append(ranges, SystemCallTable.X32Bit, rules.OutcomeOf(foreign));
                // A tracer that has a call skipped sets its number to -1.
                Append(ranges, uint.MaxValue, SeccompRules.Default);
            }
        }

        bool wide = architecture is SeccompArchitecture.X86_64 or SeccompArchitecture.Aarch64;
        return writer.Filter.Load(NumberOffset, writer.Search(CollectionsMarshal.AsSpan(ranges), wide));
    }

    private static void Append(List<Range> ranges, SeccompRules rules, SeccompArchitecture architecture, uint start)
    {
        const int Width = 1024;
        Span<short> main = stackalloc short[Width];
        Span<short> armPrivate = stackalloc short[16];
        main.Clear();
        armPrivate.Clear();
        ReadOnlySpan<int> numbers = SystemCallTable.Numbers(architecture);
        int last = 0;
        for (int name = 0; name < numbers.Length; name++)
        {
            int number = numbers[name];
            if (number < 0) continue;
            int outcome = rules.OutcomeOf(name, architecture);
            if (outcome == SeccompRules.Default) continue;
            // Two names can have one number (arm_sync_file_range and sync_file_range2): the first with a rule counts.
            ref short slot = ref (number >= ArmPrivate ? ref armPrivate[number - ArmPrivate] : ref main[number]);
            if (slot == SeccompRules.Default) slot = (short)outcome;
            if (number < ArmPrivate) last = Math.Max(last, number);
        }

        for (int number = 0; number <= last; number++) Append(ranges, start + (uint)number, main[number]);
        Append(ranges, start + (uint)last + 1, SeccompRules.Default);
        if (architecture != SeccompArchitecture.Arm) return;
        for (int number = 0; number < armPrivate.Length; number++) Append(ranges, (uint)(ArmPrivate + number), armPrivate[number]);
        Append(ranges, (uint)(ArmPrivate + armPrivate.Length), SeccompRules.Default);
    }

    private static void Append(List<Range> ranges, uint start, int outcome)
    {
        if (ranges.Count == 0 || ranges[^1].Outcome != outcome) ranges.Add(new Range(start, outcome));
    }

    private static uint Audit(SeccompArchitecture architecture) => architecture switch
    {
        SeccompArchitecture.X86 => AuditX86,
        SeccompArchitecture.Aarch64 => AuditAarch64,
        SeccompArchitecture.Arm => AuditArm,
        _ => AuditX86_64,
    };

    private static bool[] ReadArchitectures(OciSeccomp profile, SeccompArchitecture native)
    {
        bool[] included = new bool[5];
        included[(int)native] = true;
        for (int index = 0; index < (profile.Architectures?.Count ?? 0); index++)
        {
            string name = profile.Architectures![index];
            SeccompArchitecture? architecture = name switch
            {
                "SCMP_ARCH_X86_64" => SeccompArchitecture.X86_64,
                "SCMP_ARCH_X86" => SeccompArchitecture.X86,
                "SCMP_ARCH_X32" => SeccompArchitecture.X32,
                "SCMP_ARCH_AARCH64" => SeccompArchitecture.Aarch64,
                "SCMP_ARCH_ARM" => SeccompArchitecture.Arm,
                // Calls of these can never reach a kernel that this program runs on.
                "SCMP_ARCH_NATIVE" or "SCMP_ARCH_MIPS" or "SCMP_ARCH_MIPS64" or "SCMP_ARCH_MIPS64N32" or "SCMP_ARCH_MIPSEL" or "SCMP_ARCH_MIPSEL64" or
                    "SCMP_ARCH_MIPSEL64N32" or "SCMP_ARCH_PPC" or "SCMP_ARCH_PPC64" or "SCMP_ARCH_PPC64LE" or "SCMP_ARCH_S390" or "SCMP_ARCH_S390X" or
                    "SCMP_ARCH_PARISC" or "SCMP_ARCH_PARISC64" or "SCMP_ARCH_RISCV64" or "SCMP_ARCH_LOONGARCH64" or "SCMP_ARCH_M68K" or
                    "SCMP_ARCH_SH" or "SCMP_ARCH_SHEB" => null,
                _ => throw Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"linux.seccomp.architectures[{index}]"),
                    $"there is no architecture '{name}'; use one of the SCMP_ARCH_ names, for example SCMP_ARCH_X86_64."),
            };
            if (architecture is { } known) included[(int)known] = true;
        }

        return included;
    }

    private static uint ReadFlags(OciSeccomp profile, bool usesNotify)
    {
        // As runc does: without a word on flags, the filter does not switch on the mitigation of speculative store bypass. Kernels
        // from 5.16 on do not couple the two any more; on older ones it slows the container down.
        uint flags = profile.Flags is null ? FlagSpeculationAllow : 0;
        for (int index = 0; index < (profile.Flags?.Count ?? 0); index++)
        {
            flags |= profile.Flags![index] switch
            {
                "SECCOMP_FILTER_FLAG_TSYNC" => FlagThreadSync,
                "SECCOMP_FILTER_FLAG_LOG" => FlagLog,
                "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => FlagSpeculationAllow,
                "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => FlagWaitKillableReceive,
                string name => throw Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"linux.seccomp.flags[{index}]"), $"there is no filter flag '{name}'."),
            };
        }

        if (!usesNotify)
        {
            return (flags & FlagWaitKillableReceive) == 0
                ? flags
                : throw Invalid("linux.seccomp.flags", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with SCMP_ACT_NOTIFY.");
        }

        if (string.IsNullOrEmpty(profile.ListenerPath))
        {
            throw Invalid("linux.seccomp.listenerPath", "a rule has the action SCMP_ACT_NOTIFY, so the path of the listener's socket is needed.");
        }

        flags |= FlagNewListener;
        // Both return a number, so the kernel takes the two together only if TSYNC's failure is told by an errno.
        if ((flags & FlagThreadSync) != 0) flags |= FlagThreadSyncEsrch;
        return flags;
    }

    private static ContainerException Invalid(string where, string what) => new(ErrorCode.InvalidConfiguration, $"{where}: {what}", where);

    /// <summary>Values from here to the next range's start, all with one outcome.</summary>
    private readonly record struct Range(uint Start, int Outcome);

    /// <summary>Writes searches and the comparisons at their leaves.</summary>
    private sealed class Writer(SeccompRules rules)
    {
        // Comparisons that are written already, by outcome; they differ between 64-bit and 32-bit architectures.
        private readonly List<(int Outcome, bool Wide, FilterAssembler.Goal Goal)> _leaves = [];

        public FilterAssembler Filter { get; } = new();

        /// <summary>A binary search for the accumulator over ranges in ascending order.</summary>
        public FilterAssembler.Goal Search(ReadOnlySpan<Range> ranges, bool wide)
        {
            if (ranges.Length == 1) return Leaf(ranges[0].Outcome, wide);
            // A single value in the midst of one range needs one comparison, not two.
            if (ranges.Length == 3 && ranges[0].Outcome == ranges[2].Outcome && ranges[2].Start == ranges[1].Start + 1)
            {
                FilterAssembler.Goal around = Leaf(ranges[0].Outcome, wide);
                return Filter.Jump(SockFilter.JumpEqual, ranges[1].Start, Leaf(ranges[1].Outcome, wide), around);
            }

            int middle = ranges.Length / 2;
            FilterAssembler.Goal above = Search(ranges[middle..], wide);
            FilterAssembler.Goal below = Search(ranges[..middle], wide);
            return Filter.Jump(SockFilter.JumpGreaterOrEqual, ranges[middle].Start, above, below);
        }

        private FilterAssembler.Goal Leaf(int outcome, bool wide)
        {
            SeccompRules.Outcome what = rules.Outcomes[outcome];
            if (what.Alternatives.Count == 0) return FilterAssembler.Goal.Return(what.Action);
            foreach ((int Outcome, bool Wide, FilterAssembler.Goal Goal) leaf in _leaves)
            {
                if (leaf.Outcome == outcome && leaf.Wide == wide) return leaf.Goal;
            }

            FilterAssembler.Goal goal = RangesOfOneArgument(what.Alternatives, wide) ?? InTurn(what.Alternatives, wide);
            _leaves.Add((outcome, wide, goal));
            return goal;
        }

        private FilterAssembler.Goal InTurn(IReadOnlyList<SeccompRules.Alternative> alternatives, bool wide)
        {
            FilterAssembler.Goal next = FilterAssembler.Goal.Return(rules.Outcomes[SeccompRules.Default].Action);
            int last = 0;
            while (last < alternatives.Count - 1 && !AlwaysHolds(alternatives[last], wide)) last++;
            for (int index = last; index >= 0; index--)
            {
                FilterAssembler.Goal pass = FilterAssembler.Goal.Return(alternatives[index].Action);
                for (int test = alternatives[index].Tests.Count - 1; test >= 0; test--)
                {
                    pass = alternatives[index].Tests[test].Write(Filter, pass, next, wide);
                }

                next = pass;
            }

            return next;
        }

        private static bool AlwaysHolds(SeccompRules.Alternative alternative, bool wide)
        {
            foreach (ArgumentTest test in alternative.Tests)
            {
                if (!test.IsVoid(wide)) return false;
            }

            return true;
        }

        // Alternatives that all look at one argument, and at no bits above the 32nd, are a search over its values.
        private FilterAssembler.Goal? RangesOfOneArgument(IReadOnlyList<SeccompRules.Alternative> alternatives, bool wide)
        {
            if (alternatives.Count < 2) return null;
            int argument = alternatives[0].Tests[0].Index;
            List<ulong> starts = [0];
            foreach (SeccompRules.Alternative alternative in alternatives)
            {
                ArgumentTest test = alternative.Tests[0];
                ulong value = wide ? test.Value : (uint)test.Value;
                if (alternative.Tests.Count != 1 || test.Index != argument || test.Comparison == Comparison.MaskedEqual || value > uint.MaxValue) return null;
                starts.Add(value);
                starts.Add(value + 1);
            }

            starts.Sort();
            List<Range> ranges = new(starts.Count);
            foreach (ulong start in starts)
            {
                if (start <= uint.MaxValue) Append(ranges, (uint)start, rules.OutcomeOf(ActionFor(alternatives, start, wide)));
            }

            FilterAssembler.Goal low = Filter.Load(ArgumentTest.LowOffset(argument), Search(CollectionsMarshal.AsSpan(ranges), wide));
            if (!wide) return low;
            FilterAssembler.Goal aboveAll = FilterAssembler.Goal.Return(ActionFor(alternatives, ulong.MaxValue, wide));
            return Filter.Load(ArgumentTest.HighOffset(argument), Filter.Jump(SockFilter.JumpEqual, 0, low, aboveAll));
        }

        private uint ActionFor(IReadOnlyList<SeccompRules.Alternative> alternatives, ulong argument, bool wide)
        {
            foreach (SeccompRules.Alternative alternative in alternatives)
            {
                if (alternative.Tests[0].Holds(argument, wide)) return alternative.Action;
            }

            return rules.Outcomes[SeccompRules.Default].Action;
        }
    }
}
