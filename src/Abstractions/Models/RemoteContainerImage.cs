namespace ContainerTools;

/// <summary>An image in a registry.</summary>
public sealed record RemoteContainerImage
{
    /// <summary>The whole reference.</summary>
    public required string Reference { get; init; }
    /// <summary>The digest of what the reference names: a manifest, or the index of a multi-platform image.</summary>
    public required string Digest { get; init; }
    /// <summary>The media type of that.</summary>
    public required string MediaType { get; init; }
    /// <summary>The digest of the manifest for <see cref="Platform"/>; the same as <see cref="Digest"/> where there is no index.</summary>
    public required string ManifestDigest { get; init; }
    /// <summary>The digest of the image's configuration: the id it has when it is in the store.</summary>
    public required string Id { get; init; }
    /// <summary>The platforms that the registry has it for, <c>linux/amd64</c>.</summary>
    public required IReadOnlyList<string> Platforms { get; init; }
    /// <summary>The platform that is described.</summary>
    public required string Platform { get; init; }
    /// <summary>Bytes to be fetched: manifest, configuration and compressed layers.</summary>
    public required long Size { get; init; }
    /// <summary>When the image was built, as its configuration says; null if it does not.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
    /// <summary>The layers, base first.</summary>
    public required IReadOnlyList<RemoteImageLayer> Layers { get; init; }
    /// <summary>The labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }
    /// <summary>Entry point, command, environment and other defaults for containers.</summary>
    public required ImageConfiguration Configuration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reference;
}
