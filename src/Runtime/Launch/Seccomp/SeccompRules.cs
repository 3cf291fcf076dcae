using System.Globalization;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>
/// The rules of a profile by system call. For one call: a rule without arguments wins over those with arguments, the first of
/// several such rules wins, and of rules with arguments the first that fits wins. A rule whose action is the default one is void.
/// All of this is what runc makes of a profile with libseccomp.
/// </summary>
internal sealed class SeccompRules
{
    /// <summary>The outcome that stands for the default action.</summary>
    public const int Default = 0;

    private readonly List<Outcome> _outcomes;
    // By name's index: 0 nothing, above 0 an outcome without arguments, below 0 the complement of an index into _conditional.
    private readonly short[] _state = new short[SystemCallTable.Count];
    private readonly List<List<Alternative>> _conditional = [];

    /// <summary>Reads a profile.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/> that names the place.</exception>
    public SeccompRules(OciSeccomp profile)
    {
        uint defaultAction = SeccompAction.Parse(profile.DefaultAction, profile.DefaultErrnoRet, "linux.seccomp.defaultAction");
        if (defaultAction == SeccompAction.Notify)
        {
            throw Invalid("linux.seccomp.defaultAction", "SCMP_ACT_NOTIFY cannot be the default action: the listener could not answer before it is reached.");
        }

        _outcomes = [new Outcome(defaultAction, [])];
        for (int index = 0; index < (profile.Syscalls?.Count ?? 0); index++) Read(profile.Syscalls![index], index, defaultAction);

        for (int name = 0; name < _state.Length; name++)
        {
            if (_state[name] < 0) _state[name] = (short)Intern(0, _conditional[~_state[name]]);
        }
    }

    /// <summary>Whether an action hands calls to a listener.</summary>
    public bool UsesNotify { get; private set; }

    /// <summary>What happens to one system call: an action, or alternatives to be tried before the default action.</summary>
    internal sealed record Outcome(uint Action, IReadOnlyList<Alternative> Alternatives);

    /// <summary>An action, and what must all hold for it.</summary>
    internal sealed record Alternative(IReadOnlyList<ArgumentTest> Tests, uint Action);

    /// <summary>All outcomes; the first is the default action.</summary>
    public IReadOnlyList<Outcome> Outcomes => _outcomes;

    /// <summary>What happens to the call with this index in <see cref="SystemCallTable"/> on an architecture.</summary>
    public int OutcomeOf(int name, SeccompArchitecture architecture)
    {
        if (architecture == SeccompArchitecture.X86 && MultiplexedCalls.IsMultiplexer(name)) return MultiplexerOutcome(name);
        return _state[name];
    }

    /// <summary>The outcome that is one action whatever the arguments.</summary>
    public int OutcomeOf(uint action) => Intern(action, []);

    // On i386 the C library reaches sockets and System V IPC through one call each, whose first argument says which is meant.
    private int MultiplexerOutcome(int multiplexer)
    {
        int own = _state[multiplexer];
        if (own != Default && _outcomes[own].Alternatives.Count == 0) return own;
        List<Alternative> alternatives = own == Default ? [] : [.. _outcomes[own].Alternatives];
        foreach ((string name, int number) in MultiplexedCalls.Of(multiplexer))
        {
            int outcome = _state[SystemCallTable.IndexOf(name)];
            // The arguments proper are in memory, where a filter cannot see them; so a rule on arguments has no counterpart here.
            if (outcome == Default || _outcomes[outcome].Alternatives.Count != 0) continue;
            // The upper half of ipc's first argument is a version.
            alternatives.Add(new Alternative([new ArgumentTest(0, Comparison.MaskedEqual, (ulong)number, ushort.MaxValue)], _outcomes[outcome].Action));
        }

        return alternatives.Count == 0 ? Default : Intern(0, alternatives);
    }

    private void Read(OciSyscall rule, int index, uint defaultAction)
    {
        string where = string.Create(CultureInfo.InvariantCulture, $"linux.seccomp.syscalls[{index}]");
        // A document can say null wherever the records say that there is a value.
        if (rule is null) throw Invalid(where, "the rule is null.");
        if (rule.Names is null or { Count: 0 }) throw Invalid(where + ".names", "the rule names no system call.");
        uint action = SeccompAction.Parse(rule.Action, rule.ErrnoRet, where + ".action");
        if (action == SeccompAction.Notify) UsesNotify = true;
        bool conditional = rule.Args is { Count: > 0 };
        List<Alternative>? alternatives = conditional ? ReadArguments(rule.Args!, action, where) : null;
        if (action == defaultAction) return;

        int constant = conditional ? 0 : Intern(action, []);
        foreach (string name in rule.Names)
        {
            int call = SystemCallTable.IndexOf(name);
            // A profile lists calls of kernels and architectures other than this one.
            if (call < 0)
            {
                if (string.IsNullOrEmpty(name)) throw Invalid(where + ".names", "the name of a system call is empty.");
                continue;
            }

            if (_state[call] > 0) continue;
            if (alternatives is null)
            {
                _state[call] = (short)constant;
                continue;
            }

            if (_state[call] == 0)
            {
                _conditional.Add([]);
                _state[call] = (short)~(_conditional.Count - 1);
            }

            _conditional[~_state[call]].AddRange(alternatives);
        }
    }

    private static List<Alternative> ReadArguments(IReadOnlyList<OciSeccompArg> arguments, uint action, string where)
    {
        List<ArgumentTest> tests = new(arguments.Count);
        bool repeated = false;
        int seen = 0;
        for (int at = 0; at < arguments.Count; at++)
        {
            OciSeccompArg argument = arguments[at];
            if (argument is null) throw Invalid(where + ".args", "a comparison is null.");
            if (argument.Index > 5)
            {
                throw Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"{where}.args[{at}].index"),
                    string.Create(CultureInfo.InvariantCulture, $"a system call has arguments 0 to 5, not {argument.Index}."));
            }

            repeated |= (seen & (1 << (int)argument.Index)) != 0;
            seen |= 1 << (int)argument.Index;
            Comparison comparison = argument.Op switch
            {
                "SCMP_CMP_NE" => Comparison.NotEqual,
                "SCMP_CMP_LT" => Comparison.Less,
                "SCMP_CMP_LE" => Comparison.LessOrEqual,
                "SCMP_CMP_EQ" => Comparison.Equal,
                "SCMP_CMP_GE" => Comparison.GreaterOrEqual,
                "SCMP_CMP_GT" => Comparison.Greater,
                "SCMP_CMP_MASKED_EQ" => Comparison.MaskedEqual,
                _ => throw Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"{where}.args[{at}].op"),
                    $"there is no comparison '{argument.Op}'; use one of the SCMP_CMP_ names, for example SCMP_CMP_EQ."),
            };
            tests.Add(comparison == Comparison.MaskedEqual
                ? new ArgumentTest((int)argument.Index, comparison, argument.ValueTwo, argument.Value)
                : new ArgumentTest((int)argument.Index, comparison, argument.Value));
        }

        if (!repeated) return [new Alternative(tests, action)];
        // Profiles from before runc could combine comparisons list several values of one argument in one rule and mean any
        // of them. runc and crun still take a rule that names an argument twice so.
        List<Alternative> alternatives = new(tests.Count);
        foreach (ArgumentTest test in tests) alternatives.Add(new Alternative([test], action));
        return alternatives;
    }

    private int Intern(uint action, IReadOnlyList<Alternative> alternatives)
    {
        for (int known = 0; known < _outcomes.Count; known++)
        {
            if (_outcomes[known].Action == action && Same(_outcomes[known].Alternatives, alternatives)) return known;
        }

        _outcomes.Add(new Outcome(action, alternatives));
        return _outcomes.Count - 1;
    }

    private static bool Same(IReadOnlyList<Alternative> one, IReadOnlyList<Alternative> other)
    {
        if (one.Count != other.Count) return false;
        for (int at = 0; at < one.Count; at++)
        {
            if (one[at].Action != other[at].Action || one[at].Tests.Count != other[at].Tests.Count) return false;
            for (int test = 0; test < one[at].Tests.Count; test++)
            {
                if (one[at].Tests[test] != other[at].Tests[test]) return false;
            }
        }

        return true;
    }

    private static ContainerException Invalid(string where, string what) => new(ErrorCode.InvalidConfiguration, $"{where}: {what}", where);
}
