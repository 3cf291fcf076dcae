using System.Globalization;

namespace ContainerTools.Runtime.Linux;

/// <summary>Signals by name and number (signal(7)), written as Docker takes them. The numbers are those of x86 and arm, which agree.</summary>
internal static class Signal
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGUSR2 = 12;
    public const int SIGPIPE = 13;
    public const int SIGTERM = 15;
    public const int SIGCHLD = 17;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;
    public const int SIGTSTP = 20;
    public const int SIGTTIN = 21;
    public const int SIGTTOU = 22;
    public const int SIGURG = 23;
    public const int SIGWINCH = 28;

    /// <summary>The first real-time signal that programs may use: the C library keeps 32 and 33 for itself.</summary>
    public const int SIGRTMIN = 34;

    /// <summary>The last signal.</summary>
    public const int SIGRTMAX = 64;

    // The index is the number; 0, 32 and 33 have no name.
    private static readonly string?[] s_names =
    [
        null, "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
        "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>
    /// The number of a signal: <c>SIGTERM</c>, <c>TERM</c> or <c>15</c>, in any case; <c>RTMIN</c> to <c>RTMIN+30</c> and <c>RTMAX-30</c> to
    /// <c>RTMAX</c>, with or without <c>SIG</c>; the second names <c>CLD</c>, <c>IOT</c> and <c>POLL</c>.
    /// </summary>
    /// <param name="text">The signal.</param>
    /// <param name="allowZero">Whether <c>0</c> is taken, which only asks whether the process is there (kill(2)).</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SignalUnknown"/>.</exception>
    public static int Parse(string text, bool allowZero = false) => TryParse(text, out int number, allowZero)
        ? number
        : throw new ContainerException(
            ErrorCode.SignalUnknown, $"There is no signal '{text}'; use a name such as SIGTERM, TERM or RTMIN+3, or a number from 1 to 64.", text);

    /// <summary>Whether there is such a signal, and its number.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out int number, bool allowZero = false)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            return (number > 0 || (allowZero && number == 0)) && number <= SIGRTMAX;
        }

        ReadOnlySpan<char> name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        for (number = 1; number < s_names.Length; number++)
        {
            if (name.Equals(s_names[number].AsSpan(3), StringComparison.OrdinalIgnoreCase)) return true;
        }

        if (name.StartsWith("RTMIN", StringComparison.OrdinalIgnoreCase)) return Offset(name[5..], '+', SIGRTMIN, 1, out number);
        if (name.StartsWith("RTMAX", StringComparison.OrdinalIgnoreCase)) return Offset(name[5..], '-', SIGRTMAX, -1, out number);
        number = name switch
        {
            _ when name.Equals("CLD", StringComparison.OrdinalIgnoreCase) => SIGCHLD,
            _ when name.Equals("IOT", StringComparison.OrdinalIgnoreCase) => 6,
            _ when name.Equals("POLL", StringComparison.OrdinalIgnoreCase) => 29,
            _ => 0,
        };
        return number != 0;
    }

    /// <summary>The name of a number: <c>SIGTERM</c>, <c>SIGRTMIN+3</c>; the number itself where it has none.</summary>
    public static string Name(int number)
    {
        if ((uint)number < (uint)s_names.Length && s_names[number] is { } name) return name;
        return number switch
        {
            SIGRTMIN => "SIGRTMIN",
            SIGRTMAX => "SIGRTMAX",
            // Counted from the nearer end, as kill(1) does.
            > SIGRTMIN and <= SIGRTMIN + 15 => string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{number - SIGRTMIN}"),
            > SIGRTMIN + 15 and < SIGRTMAX => string.Create(CultureInfo.InvariantCulture, $"SIGRTMAX-{SIGRTMAX - number}"),
            _ => number.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static bool Offset(ReadOnlySpan<char> rest, char sign, int start, int direction, out int number)
    {
        number = start;
        if (rest.IsEmpty) return true;
        if (rest[0] != sign || !int.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out int offset)) return false;
        if (offset > SIGRTMAX - SIGRTMIN) return false;
        number = start + (direction * offset);
        return true;
    }
}
