using System.Runtime.InteropServices;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// What a created container waits at. Two named pipes (fifo(7)) in its folder: the first process reads one byte from <c>start.fifo</c> before it
/// executes, and whoever opens the gate reads from <c>report.fifo</c> what became of that: end of file when the program was executed, a
/// <see cref="StepFailure"/> when it was not.
/// </summary>
internal static unsafe partial class StartGate
{
    private const string StartName = "start.fifo";
    private const string ReportName = "report.fifo";

    /// <summary>The step index that means: ready, waiting at the gate.</summary>
    public const int Ready = -1;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    /// <summary>Whether there is a gate that has not been opened.</summary>
    public static bool IsClosed(string folder) => File.Exists(Path.Combine(folder, StartName));

    /// <summary>Makes the pipes, and opens the ends that the first process inherits.</summary>
    /// <returns>The end it reads from, its report, and the launcher's end of the report.</returns>
    public static (SafeFileHandle Start, SafeFileHandle Report, SafeFileHandle ReportReader) Make(string folder)
    {
        string start = Path.Combine(folder, StartName), report = Path.Combine(folder, ReportName);
        foreach (string path in (string[])[start, report])
        {
            if (mkfifo(path, 0x180) < 0) throw KernelError.Last("mkfifo", path);
        }

        // Opened for reading and writing, the first end does not wait for the other (fifo(7), NOTES).
        SafeFileHandle startEnd = Libc.Open(start, Libc.O_RDWR | Libc.O_CLOEXEC);
        SafeFileHandle reader = Libc.Open(report, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        SafeFileHandle writer = Libc.Open(report, Libc.O_WRONLY | Libc.O_CLOEXEC);
        Libc.SetBlocking(reader);
        return (startEnd, writer, reader);
    }

    /// <summary>Lets the first process go on, and waits until it has executed its program.</summary>
    /// <param name="folder">The gate's folder.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.CommandNotFound"/>, <see cref="ErrorCode.CommandNotExecutable"/>,
    /// <see cref="ErrorCode.LaunchFailed"/>; <see cref="ErrorCode.ContainerNotRunning"/> when nothing waits at the gate.</exception>
    public static void Open(string folder)
    {
        string start = Path.Combine(folder, StartName);
        using SafeFileHandle report = Libc.Open(Path.Combine(folder, ReportName), Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        SafeFileHandle go;
        try
        {
            go = Libc.Open(start, Libc.O_WRONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        }
        catch (KernelException error) when (error.Errno == Errno.ENXIO)
        {
            throw new ContainerException(ErrorCode.ContainerNotRunning, "The container's first process has ended before it was started.", folder, error);
        }

        using (go)
        {
            if (Libc.Write(go, "!"u8) is < 0 and int errno) throw KernelError.From("write", -errno, start);
        }

        Libc.SetBlocking(report);
        StepFailure failure;
        int read = Libc.Read(report, new Span<byte>(&failure, sizeof(StepFailure)));
        File.Delete(start);
        File.Delete(Path.Combine(folder, ReportName));
        if (read == 0) return;
        if (read < 0) throw KernelError.From("read", -read, ReportName);
        // The plan is gone with the process that made it; after the gate there is little left that can fail but execve.
        throw ExecutionFailure.Explain("", failure.Errno);
    }
}
