namespace ContainerTools;

/// <summary>Which image to bring from a registry, and on which conditions.</summary>
public sealed record ImagePullOptions
{
    /// <summary>Its reference: a name with a tag, a digest, or both (then the digest counts).</summary>
    public required string Reference { get; init; }
    /// <summary>The platform to take from a multi-platform image, <c>linux/arm64</c>; null for this machine's.</summary>
    public string? Platform { get; init; }
    /// <summary>Bring all of a multi-platform image, to publish it elsewhere; what this machine runs of it is the image for its own platform.</summary>
    public bool AllPlatforms { get; init; }
    /// <summary>Refuse a reference without a digest.</summary>
    public bool RequireDigest { get; init; }
    /// <summary>A PEM file with a public key: the image must be signed with its private half, as cosign signs.</summary>
    public string? VerifyKey { get; init; }
    /// <summary>The most bytes that one layer may have, uncompressed; null for 200 times its compressed size, but 4 GiB at least.</summary>
    public long? MaximumLayerSize { get; init; }
    /// <summary>How to reach the registry.</summary>
    public RegistryAccess Access { get; init; } = RegistryAccess.Default;
}
