using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Launch.Hooks;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary><c>ctrun start</c>.</summary>
internal static class RunStart
{
    /// <summary>Lets the first process of a created container execute its program.</summary>
    /// <param name="store">The runs.</param>
    /// <param name="id">Which.</param>
    /// <param name="warn">Is told of what goes wrong without stopping anything.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.ContainerRunning"/>,
    /// <see cref="ErrorCode.ContainerNotRunning"/> when it has ended, what <see cref="StartGate.Open"/> throws, and <see cref="ErrorCode.HookFailed"/>: the
    /// container is removed then (runtime.md, Lifecycle).</exception>
    public static void Start(RunStore store, string id, Action<string> warn)
    {
        using RunFolder folder = store.Lock(id);
        RunRecord record = folder.ReadRecord();
        RunTransitions.Check(RunOperation.Start, RunStatusReader.PhaseOf(folder, record), id);
        if (folder.ReadSpecWithHooks() is not { } spec)
        {
            Open(folder, record);
            return;
        }

        try
        {
            RunHooks(folder, record, spec, RunStatusReader.OpenCgroup(record), opensGate: true, warn);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.HookFailed)
        {
            RunDeletion.Remove(folder, record, spec, warn);
            throw;
        }
    }

    /// <summary>The hooks around the start, and the start itself where the first process waits for it.</summary>
    public static void RunHooks(RunFolder folder, RunRecord record, OciSpec spec, ICgroup? cgroup, bool opensGate, Action<string> warn)
    {
        OciState State(string status) => Launcher.StateOf(spec, record.Id, record.Bundle, status, record.ProcessId);
        if (HookRunner.HasStart(spec.Hooks))
        {
            // From here on there are copies of this process in the container. It may begin again, from a file that cannot be written: nothing has changed yet.
            ProtectedExecutable.Ensure();
            HookRunner.RunStartContainer(spec, State("created"), new ExecRequest
            {
                Spec = spec,
                Id = record.Id,
                Bundle = record.Bundle,
                Process = spec.Process!,
                ContainerProcessId = record.ProcessId,
                ContainerStartTime = record.ProcessStartTime,
                Cgroup = cgroup,
                KeepsKeyring = record.KeepsKeyring,
            });
        }

        if (opensGate) Open(folder, record);
        HookRunner.RunPoststart(spec.Hooks, State("running"), warn);
    }

    private static void Open(RunFolder folder, RunRecord record)
    {
        StartGate.Open(folder.FolderPath);
        folder.WriteRecord(record with { Status = RunStatus.Running, StartedAt = DateTimeOffset.UtcNow });
    }
}
