using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>An image found in an archive, not verified yet except for its documents.</summary>
internal sealed record ArchivedImage
{
    /// <summary>The configuration as it is in the archive; its digest is the image's id.</summary>
    public required byte[] ConfigBytes { get; init; }
    /// <summary>The same, read.</summary>
    public required ImageConfig Config { get; init; }
    /// <summary>The configuration's media type.</summary>
    public string ConfigMediaType { get; init; } = ImageMediaType.Config;
    /// <summary>The manifest as it is in the archive; null where there is none and one is to be written.</summary>
    public byte[]? ManifestBytes { get; init; }
    /// <summary>The manifest's media type.</summary>
    public string ManifestMediaType { get; init; } = ImageMediaType.Manifest;
    /// <summary>The layers, base first.</summary>
    public required IReadOnlyList<ArchivedLayer> Layers { get; init; }
    /// <summary>Whether it is to be unpacked and listed; false for what is only kept, as a part of an index.</summary>
    public bool Unpack { get; init; } = true;
    /// <summary>The index that is listed in its place; null where the image alone is wanted.</summary>
    public ArchivedIndex? Index { get; init; }
    /// <summary>The names that the archive gives it.</summary>
    public IReadOnlyList<ImageReference> Names { get; init; } = [];
}

/// <summary>A layer of an image in an archive.</summary>
/// <param name="Source">Its bytes; null where the archive leaves them out, which is right only if the store has them.</param>
/// <param name="BlobDigest">The digest promised for them; null where none is.</param>
/// <param name="DiffId">The digest promised for the uncompressed bytes; empty where none is, in what is only kept.</param>
/// <param name="MediaType">What the archive says that it is; null where it says nothing.</param>
internal sealed record ArchivedLayer(ByteRange? Source, string? BlobDigest, string DiffId, string? MediaType);
