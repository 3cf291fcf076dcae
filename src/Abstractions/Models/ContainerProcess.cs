namespace ContainerTools;

/// <summary>A process of a container, as the host sees it.</summary>
public sealed record ContainerProcess
{
    /// <summary>The container it belongs to (name).</summary>
    public required string Container { get; init; }
    /// <summary>The container's id.</summary>
    public required string ContainerId { get; init; }
    /// <summary>The process id on the host.</summary>
    public required int ProcessId { get; init; }
    /// <summary>The process id inside the container, or null if it could not be read.</summary>
    public int? ContainerProcessId { get; init; }
    /// <summary>The parent's process id on the host.</summary>
    public required int ParentProcessId { get; init; }
    /// <summary>The user id on the host.</summary>
    public required uint UserId { get; init; }
    /// <summary>The user's name in the container, or the number as text.</summary>
    public required string User { get; init; }
    /// <summary>The kernel's one-letter state (R, S, D, Z, T, I).</summary>
    public required char State { get; init; }
    /// <summary>When it started.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    /// <summary>Processor time used, user and system.</summary>
    public required TimeSpan CpuTime { get; init; }
    /// <summary>Resident memory in bytes.</summary>
    public required long WorkingSet { get; init; }
    /// <summary>Threads.</summary>
    public required int Threads { get; init; }
    /// <summary>The command line.</summary>
    public required IReadOnlyList<string> Command { get; init; }
}
