using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>An image found in a registry: its documents, read and checked.</summary>
internal sealed record RemoteImage
{
    /// <summary>The reference that was found, nothing left to defaults.</summary>
    public required ImageReference Reference { get; init; }
    /// <summary>The repository that had it, and others that may have it as well.</summary>
    public required IReadOnlyList<RegistryRepository> Repositories { get; init; }
    /// <summary>What the reference names: an index or a manifest.</summary>
    public required RemoteDocument Top { get; init; }
    /// <summary>The manifest for the platform.</summary>
    public required RemoteDocument Document { get; init; }
    /// <summary>The same, read.</summary>
    public required ImageManifest Manifest { get; init; }
    /// <summary>The configuration's bytes.</summary>
    public required byte[] ConfigBytes { get; init; }
    /// <summary>The same, read.</summary>
    public required ImageConfig Config { get; init; }
    /// <summary>The indexes on the way to the manifest and beside it, the outermost first.</summary>
    public IReadOnlyList<RemoteDocument> Indexes { get; init; } = [];
    /// <summary>The manifests that they list, attestations and artifacts as well.</summary>
    public IReadOnlyList<ImageDescriptor> Listed { get; init; } = [];
    /// <summary>The platforms that there are.</summary>
    public required IReadOnlyList<string> Platforms { get; init; }
    /// <summary>The platform that was chosen.</summary>
    public required string Platform { get; init; }

    /// <summary>The digests, one of which must be signed: that of the manifest or of the index that it comes from.</summary>
    /// <param name="whole">Whether all of an index is wanted: then a signature of one image in it says nothing of the others.</param>
    public IReadOnlyList<string> Signable(bool whole) => whole || Top.Digest == Document.Digest ? [Top.Digest] : [Top.Digest, Document.Digest];
}
