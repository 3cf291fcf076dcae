namespace ContainerTools.Runtime.Containers;

/// <summary>What is amiss with a container's files.</summary>
internal enum StatusDefect
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>state.json names a monitor that is no longer there.</summary>
    MonitorLost,
    /// <summary>There is a run folder without state.json: a start is under way if the lock is held, else it died.</summary>
    StartUnfinished,
    /// <summary>It is frozen for a command's own work: that is under way if the lock is held, else it died.</summary>
    PauseUnfinished,
}
