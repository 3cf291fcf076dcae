namespace ContainerTools;

/// <summary>Which image of a registry to read about.</summary>
public sealed record RemoteImageOptions
{
    /// <summary>Its reference.</summary>
    public required string Reference { get; init; }
    /// <summary>The platform to describe, of a multi-platform image; null for this machine's, or the first where there is none for it.</summary>
    public string? Platform { get; init; }
    /// <summary>How to reach the registry.</summary>
    public RegistryAccess Access { get; init; } = RegistryAccess.Default;
}
