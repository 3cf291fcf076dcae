namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>Which operation is possible in which phase; as in runc. The one place that says so.</summary>
internal static class RunTransitions
{
    /// <summary>Whether an operation is possible.</summary>
    public static bool Allows(RunOperation operation, RunPhase phase) => operation switch
    {
        RunOperation.Start => phase == RunPhase.Created,
        RunOperation.Execute => phase is RunPhase.Created or RunPhase.Running,
        RunOperation.Kill => phase is RunPhase.Created or RunPhase.Running or RunPhase.Paused,
        RunOperation.Pause => phase is RunPhase.Created or RunPhase.Running,
        RunOperation.Resume => phase == RunPhase.Paused,
        RunOperation.Update or RunOperation.Inspect => phase is RunPhase.Created or RunPhase.Running or RunPhase.Paused,
        RunOperation.Delete => phase is RunPhase.Creating or RunPhase.Created or RunPhase.Stopped,
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    /// <summary>Throws where an operation is not possible.</summary>
    public static void Check(RunOperation operation, RunPhase phase, string id)
    {
        if (Allows(operation, phase)) return;
        string name = Name(phase);
        throw operation switch
        {
            RunOperation.Start when phase is RunPhase.Running or RunPhase.Paused =>
                new ContainerException(ErrorCode.ContainerRunning, $"The container '{id}' cannot be started: it is {name} already.", id),
            RunOperation.Delete => new ContainerException(
                ErrorCode.ContainerRunning, $"The container '{id}' cannot be deleted: it is {name}; stop it first, or use --force.", id),
            RunOperation.Resume => new ContainerException(ErrorCode.ContainerNotPaused, $"The container '{id}' cannot be resumed: it is {name}, not paused.", id),
            _ when phase == RunPhase.Paused => new ContainerException(
                ErrorCode.ContainerPaused, $"The container '{id}' is paused; resume it first.", id),
            // runc's words "container not running" are in it, because engines look for them.
            _ => new ContainerException(ErrorCode.ContainerNotRunning, $"The container '{id}' is {name}: container not running.", id),
        };
    }

    /// <summary>A phase as the specification writes it.</summary>
    public static string Name(RunPhase phase) => phase switch
    {
        RunPhase.Creating => "creating",
        RunPhase.Created => "created",
        RunPhase.Running => "running",
        RunPhase.Paused => "paused",
        _ => "stopped",
    };
}
