using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>What <c>ctrun exec</c> is asked for.</summary>
internal sealed record ExecutionRequest
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }
    /// <summary>Makes the process out of the container's first one.</summary>
    public required Func<OciProcess, OciProcess> Process { get; init; }
    /// <summary>Nobody waits for the process.</summary>
    public bool Detached { get; init; }
    /// <summary>Also in a paused container; the process then starts frozen.</summary>
    public bool IgnorePaused { get; init; }
    /// <summary>The socket that gets the terminal, or null.</summary>
    public string? ConsoleSocket { get; init; }
    /// <summary>The file that gets the process id, or null.</summary>
    public string? PidFile { get; init; }
    /// <summary>The socket that gets the process's pidfd, or null.</summary>
    public string? PidFdSocket { get; init; }
    /// <summary>How many descriptors from 3 on the process keeps.</summary>
    public int PreservedDescriptors { get; init; }
}

/// <summary><c>ctrun exec</c>.</summary>
internal static class RunExecution
{
    /// <summary>Starts a further process in a container.</summary>
    /// <returns>The process, a child of the caller.</returns>
    public static LaunchedProcess Execute(RunStore store, ExecutionRequest request)
    {
        using RunFolder folder = store.Open(request.Id);
        RunRecord record = folder.ReadRecord();
        RunPhase phase = RunStatusReader.PhaseOf(folder, record);
        if (phase != RunPhase.Paused || !request.IgnorePaused) RunTransitions.Check(RunOperation.Execute, phase, request.Id);
        OciSpec spec = folder.ReadSpec();
        OciProcess process = request.Process(spec.Process ?? throw new ContainerException(ErrorCode.StateCorrupt, $"The configuration of the container '{request.Id}' has no process.", request.Id));
        Check(process, request);
        LaunchedProcess launched = Launcher.Exec(new ExecRequest
        {
            Spec = spec,
            Id = request.Id,
            Bundle = record.Bundle,
            Process = process,
            ContainerProcessId = record.ProcessId,
            ContainerStartTime = record.ProcessStartTime,
            Cgroup = record.CgroupPath is { } path ? CgroupHost.Current.Open(path, RunCgroup.ScopeOf(spec)) : null,
            KeepsKeyring = record.KeepsKeyring,
            PreservedDescriptors = request.PreservedDescriptors,
        });
        try
        {
            if (request.ConsoleSocket is { } socket) ConsoleSocket.Send(socket, launched.Terminal!);
            if (request.PidFdSocket is { } pidFdSocket) ConsoleSocket.Send(pidFdSocket, launched.PidFd, "pidfd"u8);
            if (request.PidFile is { } pidFile) PidFile.Write(pidFile, launched.ProcessId);
            return launched;
        }
        catch
        {
            Libc.SendSignal(launched.PidFd, Signal.SIGKILL);
            Libc.WaitForExit(launched.PidFd);
            launched.Dispose();
            throw;
        }
    }

    private static void Check(OciProcess process, ExecutionRequest request)
    {
        if (request.ConsoleSocket is not null && !process.Terminal)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, "There is a console socket but no terminal to send; use --tty.", request.ConsoleSocket);
        }

        if (request.ConsoleSocket is not null && !request.Detached)
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument, "A console socket is for a process that is left alone (--detach); without it the terminal is passed through.", request.ConsoleSocket);
        }

        if (process.Terminal && request.ConsoleSocket is null && request.Detached)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, "The process has a terminal, and nobody would hold it: give a --console-socket.", "--detach");
        }
    }
}
