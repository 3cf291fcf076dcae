namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>A container's status in the words of the OCI runtime specification (runtime.md, State), and runc's <c>paused</c>.</summary>
internal enum RunPhase
{
    /// <summary>It is being made, or its maker died.</summary>
    Creating,
    /// <summary>Its first process waits at the start gate.</summary>
    Created,
    /// <summary>Its first process runs.</summary>
    Running,
    /// <summary>Its processes are frozen.</summary>
    Paused,
    /// <summary>Its first process has ended.</summary>
    Stopped,
}
