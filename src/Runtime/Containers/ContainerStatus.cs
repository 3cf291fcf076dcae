namespace ContainerTools.Runtime.Containers;

/// <summary>A container's state as its files tell it.</summary>
internal sealed record ContainerStatus
{
    /// <summary>Where it is in its life; with a defect, what it will be after repair.</summary>
    public required ContainerState State { get; init; }
    /// <summary>The run, where there is one.</summary>
    public RunRecord? Run { get; init; }
    /// <summary>How the last run ended.</summary>
    public ExitRecord? Exit { get; init; }
    /// <summary>What is amiss.</summary>
    public StatusDefect Defect { get; init; }

    /// <summary>Whether it has a monitor that looks after a run.</summary>
    public bool IsActive => State is ContainerState.Running or ContainerState.Paused or ContainerState.Restarting;
}
