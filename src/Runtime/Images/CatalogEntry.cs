using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>A line of the store's index: a manifest under a name, or without one.</summary>
/// <param name="ManifestDigest">The manifest's digest; null for an image whose configuration is kept for a container only.</param>
/// <param name="ConfigDigest">The configuration's digest: the image's id; null when the manifest cannot be read.</param>
/// <param name="Reference">The name, or null.</param>
/// <param name="Descriptor">The line itself.</param>
internal sealed record CatalogEntry(string? ManifestDigest, string? ConfigDigest, ImageReference? Reference, ImageDescriptor? Descriptor);
