using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>An image whose pieces are all staged and verified.</summary>
/// <param name="ConfigDigest">The digest of its configuration.</param>
/// <param name="ManifestDigest">The digest of its manifest.</param>
/// <param name="ManifestSize">The manifest's bytes.</param>
/// <param name="ManifestMediaType">The manifest's media type.</param>
/// <param name="Platform">What it is for.</param>
/// <param name="Names">Its names.</param>
internal sealed record StagedImage(
    string ConfigDigest, string ManifestDigest, long ManifestSize, string ManifestMediaType, ImagePlatform Platform, IReadOnlyList<ImageReference> Names)
{
    /// <summary>The index that is listed in the place of the manifest; null for none.</summary>
    public ImageDescriptor? Index { get; init; }
}
