namespace ContainerTools;

/// <summary>A repository of a registry, or one of its tags.</summary>
public sealed record RemoteImageTag
{
    /// <summary>The registry's host, perhaps with a port.</summary>
    public required string Registry { get; init; }
    /// <summary>The repository with its registry, <c>registry.example/team/app</c>.</summary>
    public required string Repository { get; init; }
    /// <summary>The tag; null where the repository was asked for only.</summary>
    public string? Tag { get; init; }

    /// <summary>Repository and tag: what Receive-ContainerImage takes.</summary>
    public string Reference => Tag is null ? Repository : Repository + ":" + Tag;

    /// <inheritdoc/>
    public override string ToString() => Reference;
}
