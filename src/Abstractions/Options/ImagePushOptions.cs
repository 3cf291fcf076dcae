namespace ContainerTools;

/// <summary>Which image to bring to a registry.</summary>
public sealed record ImagePushOptions
{
    /// <summary>The image in the store: a reference or an id.</summary>
    public required string Image { get; init; }
    /// <summary>The reference it gets in the registry; null for its own.</summary>
    public string? Destination { get; init; }
    /// <summary>The platform to bring of a multi-platform image, <c>linux/arm64</c>; null for all of it, where the store has all that it lists, else for this machine's.</summary>
    public string? Platform { get; init; }
    /// <summary>Bring all platforms, or nothing: not where the store lacks pieces of the image.</summary>
    public bool AllPlatforms { get; init; }
    /// <summary>
    /// How layers are compressed that the store has uncompressed. Null for gzip, but for the whole of a multi-platform image, whose digest stays what it is.
    /// </summary>
    public ArchiveCompression? Compression { get; init; }
    /// <summary>How to reach the registry.</summary>
    public RegistryAccess Access { get; init; } = RegistryAccess.Default;
}
