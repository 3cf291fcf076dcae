using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// <c>ctrun monitor</c>: the process that owns a container's life. It is started by <see cref="MonitorProcess"/> in a session of its own,
/// with its signals blocked, /dev/null as 0, 1 and 2, and the report pipe as 3; the container is a child of its main thread, and
/// dies with it.
/// </summary>
internal static class Monitor
{
    private const int ReportDescriptor = 3;
    private const int ClientDescriptor = 4;

    /// <summary>Runs the container of a run folder to its end.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="hasClient">Whether descriptor 4 is a control client that is connected already.</param>
    /// <param name="hasLock">
    /// Whether the next descriptor is that of the container's lock, held: were the engine killed now, the start would go on under the lock, and
    /// nobody could take it for one that had died. It is let go with the report.
    /// </param>
    /// <returns>The container's exit code.</returns>
    public static int Run(string runFolder, bool hasClient = false, bool hasLock = false)
    {
        RunFolder folder = new(runFolder);
        int lockDescriptor = hasClient ? ClientDescriptor + 1 : ReportDescriptor + 1;
        Libc.CloseFrom(hasLock ? lockDescriptor + 1 : lockDescriptor);
        using SafeFileHandle? held = hasLock ? new SafeFileHandle(lockDescriptor, ownsHandle: true) : null;
        if (held is not null) Libc.SetCloseOnExec(held);
        Libc.StartSession();
        // No file system is kept busy by a monitor that nobody sees.
        Directory.SetCurrentDirectory("/");
        // Whoever starts a monitor by hand has not blocked them in all threads: then SIGTERM ends it, and with it the container.
        Libc.BlockedSignals |= Libc.DetachedSignalMask;
        using SafeFileHandle signals = Libc.CreateSignalFd(Libc.SignalBit(Signal.SIGTERM));
        SafeFileHandle? client = null;
        if (hasClient)
        {
            client = new SafeFileHandle(ClientDescriptor, ownsHandle: true);
            Libc.SetCloseOnExec(client);
        }

        Supervisor supervisor;
        try
        {
            supervisor = new Supervisor(MonitorWiring.Services, folder, client, signals, new MonitorFootprint());
        }
        catch (ContainerException error)
        {
            Report(new MonitorReport { Status = "failed", Code = error.Code, Message = error.Message, ExitCode = MonitorFailure.LaunchFailedExitCode });
            return MonitorFailure.LaunchFailedExitCode;
        }

        using (supervisor)
        {
            return supervisor.Run(report =>
            {
                Report(report);
                held?.Dispose();
            });
        }
    }

    private static void Report(MonitorReport report)
    {
        ReadOnlySpan<byte> line = MonitorReportFormat.WriteLine(report).Span;
        bool hasPipe = Libc.IsOpen(ReportDescriptor);
        using SafeFileHandle pipe = new(hasPipe ? ReportDescriptor : 1, ownsHandle: hasPipe);
        // Whoever started it may be gone; the container goes on all the same.
        Libc.Write(pipe, line);
    }
}
