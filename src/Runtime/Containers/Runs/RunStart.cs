using ContainerTools.Runtime.Launch;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary><c>ctrun start</c>.</summary>
internal static class RunStart
{
    /// <summary>Lets the first process of a created container execute its program.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.ContainerRunning"/>,
    /// <see cref="ErrorCode.ContainerNotRunning"/> when it has ended, and what <see cref="StartGate.Open"/> throws.</exception>
    public static void Start(RunStore store, string id)
    {
        using RunFolder folder = store.Lock(id);
        RunRecord record = folder.ReadRecord();
        RunTransitions.Check(RunOperation.Start, RunStatusReader.PhaseOf(folder, record), id);
        StartGate.Open(folder.FolderPath);
        folder.WriteRecord(record with { Status = RunStatus.Running, StartedAt = DateTimeOffset.UtcNow });
    }
}
