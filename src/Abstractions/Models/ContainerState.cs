namespace ContainerTools;

/// <summary>Where a container is in its life.</summary>
public enum ContainerState
{
    /// <summary>Made, never started.</summary>
    Created,
    /// <summary>Its first process runs.</summary>
    Running,
    /// <summary>All its processes are frozen.</summary>
    Paused,
    /// <summary>Its first process has ended, and its monitor will start it again.</summary>
    Restarting,
    /// <summary>Its first process has ended.</summary>
    Exited,
    /// <summary>It is being removed.</summary>
    Removing,
}
