namespace ContainerTools;

/// <summary>A registry that credentials are kept for.</summary>
public sealed record ContainerRegistry
{
    /// <summary>Its host, perhaps with a port.</summary>
    public required string Registry { get; init; }
    /// <summary>The user's name; null where a token is kept.</summary>
    public string? UserName { get; init; }
    /// <summary>Where the credentials are kept: a file, or the name of a credential helper.</summary>
    public required string Source { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Registry;
}
