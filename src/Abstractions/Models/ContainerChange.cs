namespace ContainerTools;

/// <summary>What has happened to a file since the container was made.</summary>
public enum ContainerChangeKind
{
    /// <summary>The image has it, and it is different now; a folder also when something in it has changed.</summary>
    Changed,
    /// <summary>The image has no such file.</summary>
    Added,
    /// <summary>The image has it, the container no more.</summary>
    Deleted,
}

/// <summary>A difference between a container's root file system and its image.</summary>
public sealed record ContainerChange
{
    /// <summary>The container's id.</summary>
    public required string ContainerId { get; init; }
    /// <summary>The container's name.</summary>
    public required string Container { get; init; }
    /// <summary>What happened.</summary>
    public required ContainerChangeKind Kind { get; init; }
    /// <summary>The absolute path in the container. Bytes that are not UTF-8 are shown as U+FFFD.</summary>
    public required string Path { get; init; }
    /// <summary>Bytes of a regular file; 0 for everything else, null for what was deleted.</summary>
    public long? Size { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Path}";
}
