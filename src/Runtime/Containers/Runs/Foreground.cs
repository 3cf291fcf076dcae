using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>
/// Stays with a process that was started in the foreground: passes signals on to it, passes its terminal through, reaps it. For
/// ctrun only, which has one thread.
/// </summary>
internal sealed class Foreground : IDisposable
{
    private readonly SafeFileHandle _signals;

    /// <summary>Begins to collect signals, to be called before the process is started: none is lost that way, and none ends ctrun.</summary>
    public Foreground() => _signals = Libc.CatchSignals(Forwarded);

    // All but those that cannot be held back, those that a fault of the program itself raises, that are about ctrun's own doings (SIGCHLD,
    // SIGPIPE), that mean nothing to others (SIGURG), and the real-time ones, of which the .NET runtime uses one.
    private static ulong Forwarded
    {
        get
        {
            ulong mask = (1UL << 31) - 1;
            foreach (int signal in (ReadOnlySpan<int>)[4, 5, 6, 7, 8, Signal.SIGKILL, 11, Signal.SIGPIPE, Signal.SIGCHLD, Signal.SIGSTOP, Signal.SIGURG, 31])
            {
                mask &= ~Libc.SignalBit(signal);
            }

            return mask;
        }
    }

    /// <summary>Waits for the end of the process and reaps it.</summary>
    public ProcessEnd Wait(LaunchedProcess process)
    {
        using TerminalRelay? relay = process.Terminal is { } terminal ? new TerminalRelay(terminal) : null;
        Span<PollEntry> entries = stackalloc PollEntry[5];
        entries[0] = Entry(process.PidFd);
        entries[1] = Entry(_signals);
        while (true)
        {
            int count = 2 + (relay?.Fill(entries[2..]) ?? 0);
            Libc.Poll(entries[..count]);
            relay?.Move(entries[2..count]);
            if (entries[1].Returned != 0) PassSignals(process, relay);
            if (entries[0].Returned == 0) continue;
            // What it wrote last is in the terminal still.
            relay?.Drain();
            return Libc.WaitForExit(process.PidFd);
        }
    }

    /// <summary>Closes the descriptor. Signals are caught all the same: one that comes now must not take the place of the exit code.</summary>
    public void Dispose() => _signals.Dispose();

    private static PollEntry Entry(SafeFileHandle file) => new() { Descriptor = (int)file.DangerousGetHandle(), Events = Libc.POLLIN };

    private void PassSignals(LaunchedProcess process, TerminalRelay? relay)
    {
        while (Libc.TakeCaughtSignal(_signals) is var signal and not 0)
        {
            if (signal == Signal.SIGWINCH && relay is not null) relay.CopySize();
            else Libc.SendSignal(process.PidFd, signal);
        }
    }
}
