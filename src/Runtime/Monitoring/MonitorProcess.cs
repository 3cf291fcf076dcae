using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// Starts monitors from a process with threads: a shell, a service. The monitor is a direct child, made by posix_spawn(3); when it
/// ends it is reaped through its pidfd, on the one thread that waits for descriptors, and when its parent ends first it goes on as a
/// child of init. A double fork would spare the reaping, but costs a second start of ctrun on the way of every container's start.
/// .NET's own handling of SIGCHLD does not interfere: it reaps only children that it has started itself, by their ids.
/// </summary>
internal static class MonitorProcess
{
    // The descriptors that a monitor gets are 3, 4 and 5; copies above them cannot be overwritten while these are set up.
    private const int FirstFreeDescriptor = 10;
    private const int MaximumReport = 64 * 1024;

    // Nothing else of the shell's environment is the monitor's business, and it would stay readable in /proc as long as the container runs.
    private static readonly string[] s_environmentKept = ["PATH", StorageDrivers.Variable];

    /// <summary>Starts the monitor of a run folder and waits until the container runs.</summary>
    /// <param name="runFolder">The run folder, with config.json and monitor.json in it.</param>
    /// <param name="held">The container's lock, which the monitor holds as well until it has reported; null for none.</param>
    /// <param name="cancellationToken">Ends the waiting; the container is started all the same.</param>
    /// <returns>The first process on the host.</returns>
    /// <exception cref="ContainerException">The container could not be started: the monitor's own words, and all of the run is tidied up;
    /// <see cref="ErrorCode.MonitorLost"/> where the monitor died.</exception>
    public static async Task<int> StartAsync(string runFolder, SafeHandle? held, CancellationToken cancellationToken)
    {
        using SafeFileHandle report = Spawn(runFolder, null, held);
        return await ReadReportAsync(report, runFolder, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="StartAsync"/>, connected to the container's streams from the first byte on. When its output is not read the container
    /// waits, as for a pipe.
    /// </summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="held">As for <see cref="StartAsync"/>.</param>
    /// <param name="standardInput">Whether standard input will be sent; monitor.json must say that the container is interactive.</param>
    /// <param name="cancellationToken">Ends the waiting; the container is started all the same.</param>
    /// <exception cref="ContainerException">As <see cref="StartAsync"/>.</exception>
    public static async Task<AttachedSession> StartAttachedAsync(
        string runFolder, SafeHandle? held, bool standardInput, CancellationToken cancellationToken)
    {
        (SafeFileHandle own, SafeFileHandle monitors) = Libc.CreateSocketPair();
        try
        {
            Libc.SetNonBlocking(own);
            ControlRequest request = new() { Verb = ControlVerb.Attach, StandardInput = standardInput, Hold = true };
            // A new socket takes this much without waiting.
            Libc.Send(own, request.ToLine(), default);
            using SafeFileHandle report = Spawn(runFolder, monitors, held);
            // The monitor's end must not stay open here: its closing is how the session ends.
            monitors.Dispose();
            int processId = await ReadReportAsync(report, runFolder, cancellationToken).ConfigureAwait(false);
            AttachedSession session = new(own, processId);
            await session.JoinAsync(cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch
        {
            own.Dispose();
            throw;
        }
        finally
        {
            monitors.Dispose();
        }
    }

    private static SafeFileHandle Spawn(string runFolder, SafeFileHandle? client, SafeHandle? held)
    {
        string ctrun = SpawnPath();
        (SafeFileHandle report, SafeFileHandle writer) = Libc.CreatePipe();
        try
        {
            using (writer)
            using (SafeFileHandle reportCopy = Libc.Duplicate(writer, FirstFreeDescriptor))
            using (SafeFileHandle? clientCopy = client is null ? null : Libc.Duplicate(client, FirstFreeDescriptor))
            using (SafeFileHandle? heldCopy = held is null ? null : Libc.Duplicate(held, FirstFreeDescriptor))
            {
                string[] environment = [.. s_environmentKept.Select(static name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
                    .Where(static variable => variable.Value is not null).Select(static variable => $"{variable.Name}={variable.Value}")];
                List<string> arguments = ["ctrun", "monitor"];
                List<SafeHandle> descriptors = [reportCopy];
                if (clientCopy is not null)
                {
                    arguments.Add("--attached");
                    descriptors.Add(clientCopy);
                }

                if (heldCopy is not null)
                {
                    arguments.Add("--locked");
                    descriptors.Add(heldCopy);
                }

                arguments.Add(runFolder);
                int processId = Libc.SpawnDetached(ctrun, arguments, environment, [.. descriptors]);
                _ = ReapAsync(processId);
            }

            return report;
        }
        catch
        {
            report.Dispose();
            throw;
        }
    }

    private static string SpawnPath()
    {
        // The path leads through a descriptor of this process, which the new one closes before it executes the program.
        const string Self = "/proc/self/";
        string path = ProtectedExecutable.SpawnPath(EngineTools.Ctrun());
        return path.StartsWith(Self, StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/{path.AsSpan(Self.Length)}")
            : path;
    }

    /// <summary>Waits for the monitor's end and takes its exit status away, so that no zombie stays as long as this process runs.</summary>
    private static async Task ReapAsync(int processId)
    {
        // Nobody else reaps it, so the number is still its own. It is gone where the kernel reaps (SIGCHLD ignored).
        using SafeFileHandle? process = Libc.OpenProcess(processId);
        if (process is null) return;
        await DescriptorWaiter.WaitReadableAsync(process, CancellationToken.None).ConfigureAwait(false);
        try
        {
            Libc.TryReap(process);
        }
        catch (KernelException error) when (error.Errno == Errno.ECHILD)
        {
            // The kernel, or somebody who reaps all children of this process, was faster.
        }
    }

    private static async Task<int> ReadReportAsync(SafeFileHandle pipe, string runFolder, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[512];
        int length = 0;
        while (true)
        {
            await DescriptorWaiter.WaitReadableAsync(pipe, cancellationToken).ConfigureAwait(false);
            int count = Libc.Read(pipe, buffer.AsSpan(length));
            if (count < 0) throw KernelError.From("read", -count, "the monitor's report");
            length += count;
            int end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            if (end >= 0) return ProcessIdOf(buffer.AsSpan(0, end), runFolder);
            if (count == 0 || length >= MaximumReport)
            {
                throw new ContainerException(
                    ErrorCode.MonitorLost, "The container's monitor ended before the container was started; start it again.", runFolder);
            }

            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    private static int ProcessIdOf(ReadOnlySpan<byte> line, string runFolder)
    {
        MonitorReport report = JsonSerializer.Deserialize(line, RunJson.Default.MonitorReport)!;
        return report.Status == "running"
            ? report.ProcessId
            : throw new ContainerException(report.Code ?? ErrorCode.LaunchFailed, report.Message ?? "The container could not be started.", runFolder);
    }
}
