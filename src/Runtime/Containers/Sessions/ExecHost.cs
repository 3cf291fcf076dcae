using System.Buffers.Binary;
using System.Text.Json;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Sessions;

/// <summary>
/// <c>ctrun session</c>: the process between the engine and a command that is executed in a running container. It takes the process
/// document from a socket, launches the command on its own descriptors 0, 1 and 2, reports, and ends as the command ends. When
/// the engine's end of the socket closes, because the session was disposed of or the shell was killed, the command is killed.
/// </summary>
internal static class ExecHost
{
    /// <summary>The descriptor of the socket.</summary>
    public const int SocketDescriptor = 3;

    private const int MaximumRequest = 64 << 20;

    /// <summary>Runs it. For ctrun only, which has one thread.</summary>
    /// <param name="runFolder">The container's run folder.</param>
    /// <param name="detach">Leave the command alone once it runs.</param>
    /// <param name="unfiltered">Load no system call filter.</param>
    /// <returns>The command's exit code; 127 or 126 where it could not be executed, 125 where something else went wrong.</returns>
    public static int Run(string runFolder, bool detach, bool unfiltered)
    {
        Libc.CloseFrom(SocketDescriptor + 1);
        using SafeFileHandle socket = new(SocketDescriptor, ownsHandle: true);
        Libc.SetCloseOnExec(socket);
        LaunchedProcess launched;
        try
        {
            launched = Launch(runFolder, OciReader.ReadProcess(ReadRequest(socket)), unfiltered);
        }
        catch (Exception error) when (error is ContainerException or IOException or JsonException or UnauthorizedAccessException)
        {
            MonitorReport failure = Failure(error);
            Send(socket, failure, null);
            return failure.ExitCode!.Value;
        }

        using (launched)
        {
            Send(socket, new MonitorReport { Status = "running", ProcessId = launched.ProcessId }, launched.Terminal);
            // The engine has the terminal now; a copy here would keep it from ending.
            launched.Terminal?.Dispose();
            return detach ? 0 : Wait(launched, socket);
        }
    }

    private static LaunchedProcess Launch(string runFolder, OciProcess process, bool unfiltered)
    {
        // Not by the serializer, whose first use takes longer than all the rest of this process.
        RunRecord run = RunRecordFormat.Read(ContainerStateReader.ReadFile(Path.Combine(runFolder, "state.json")) ?? throw Ended());
        OciSpec spec = OciReader.ReadSpec(ContainerStateReader.ReadFile(Path.Combine(runFolder, "config.json")) ?? throw Ended());
        if (!ProcessStat.IsAlive(run.ProcessId, run.ProcessStartTime)) throw Ended();
        if (unfiltered) spec = spec with { Linux = spec.Linux! with { Seccomp = null } };
        return Launcher.Exec(new ExecRequest
        {
            Spec = spec,
            Process = process,
            ContainerProcessId = run.ProcessId,
            ContainerStartTime = run.ProcessStartTime,
            Cgroup = run.CgroupPath is { } path ? CgroupHost.Current.Open(path) : null,
        });
    }

    private static int Wait(LaunchedProcess process, SafeFileHandle socket)
    {
        Span<PollEntry> entries =
        [
            new PollEntry { Descriptor = (int)process.PidFd.DangerousGetHandle(), Events = Libc.POLLIN },
            new PollEntry { Descriptor = (int)socket.DangerousGetHandle(), Events = Libc.POLLIN },
        ];
        while (true)
        {
            Libc.Poll(entries);
            if (entries[0].Returned != 0) return Libc.WaitForExit(process.PidFd).ExitCode;
            if (entries[1].Returned == 0) continue;
            // Nothing more is ever sent: the other end has closed.
            Libc.SendSignal(process.PidFd, Signal.SIGKILL);
            entries = entries[..1];
        }
    }

    private static byte[] ReadRequest(SafeFileHandle socket)
    {
        byte[] header = new byte[4];
        ReadExactly(socket, header);
        int length = BinaryPrimitives.ReadInt32BigEndian(header);
        if (length is <= 0 or > MaximumRequest) throw new ContainerException(ErrorCode.InvalidConfiguration, "The request for a session is damaged.");
        byte[] request = new byte[length];
        ReadExactly(socket, request);
        return request;
    }

    private static void ReadExactly(SafeFileHandle socket, Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = Libc.Read(socket, buffer);
            if (count < 0) throw KernelError.From("read", -count, "the session's socket");
            if (count == 0) throw new ContainerException(ErrorCode.LaunchFailed, "The engine went away before it said what to execute.");
            buffer = buffer[count..];
        }
    }

    private static void Send(SafeFileHandle socket, MonitorReport report, SafeFileHandle? terminal)
    {
        ReadOnlySpan<byte> line = MonitorReportFormat.WriteLine(report).Span;
        // Where the engine has gone, the closed socket ends the command in a moment.
        if (terminal is null) Libc.Send(socket, line, default);
        else Libc.SendDescriptor(socket, terminal, line);
    }

    private static MonitorReport Failure(Exception error)
    {
        ErrorCode code = error is ContainerException known ? known.Code : ErrorCode.LaunchFailed;
        return new MonitorReport
        {
            Status = "failed",
            Code = code,
            Message = error.Message,
            ExitCode = code switch
            {
                ErrorCode.CommandNotFound => 127,
                ErrorCode.CommandNotExecutable => 126,
                _ => 125,
            },
        };
    }

    private static ContainerException Ended() => new(ErrorCode.ContainerNotRunning, "The container has just ended.");
}
