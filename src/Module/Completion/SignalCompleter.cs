namespace ContainerTools.Module.Completion;

/// <summary>Completes the names of signals (signal(7)).</summary>
public sealed class SignalCompleter : WordCompleter
{
    private protected override string Prefix => "SIG";

    private protected override IReadOnlyList<(string Word, string Hint)> Words { get; } =
    [
        ("SIGTERM", "ask to end"),
        ("SIGKILL", "kill at once"),
        ("SIGINT", "interrupt from the keyboard"),
        ("SIGQUIT", "end, and leave a core dump"),
        ("SIGHUP", "terminal closed; many servers read their configuration again"),
        ("SIGUSR1", "defined by the program"),
        ("SIGUSR2", "defined by the program"),
        ("SIGSTOP", "stop the process"),
        ("SIGCONT", "go on if stopped"),
        ("SIGTSTP", "stop from the keyboard"),
        ("SIGWINCH", "terminal size changed; some servers stop gracefully"),
        ("SIGABRT", "abort"),
        ("SIGALRM", "alarm clock"),
        ("SIGBUS", "bad memory access"),
        ("SIGCHLD", "child ended or stopped"),
        ("SIGFPE", "arithmetic error"),
        ("SIGILL", "illegal instruction"),
        ("SIGIO", "input or output possible"),
        ("SIGPIPE", "pipe without a reader"),
        ("SIGPROF", "profiling timer"),
        ("SIGPWR", "power failure"),
        ("SIGSEGV", "invalid memory reference"),
        ("SIGSYS", "bad system call"),
        ("SIGTRAP", "breakpoint"),
        ("SIGTTIN", "background process reads from the terminal"),
        ("SIGTTOU", "background process writes to the terminal"),
        ("SIGURG", "urgent data on a socket"),
        ("SIGVTALRM", "virtual alarm clock"),
        ("SIGXCPU", "processor time limit"),
        ("SIGXFSZ", "file size limit"),
    ];
}
