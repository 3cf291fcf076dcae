using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>A line of the store's index: a manifest under a name, or without one.</summary>
/// <param name="catalog">Where the manifest is read when it is asked for: a look-up by name does without.</param>
/// <param name="manifestDigest">The manifest's digest; null for an image whose configuration is kept for a container only.</param>
/// <param name="reference">The name, or null.</param>
/// <param name="descriptor">The line itself.</param>
/// <param name="configDigest">The configuration's digest where it is known already.</param>
internal sealed class CatalogEntry(
    ImageCatalog catalog, string? manifestDigest, ImageReference? reference, ImageDescriptor? descriptor, string? configDigest = null)
{
    private string? _configDigest = configDigest;

    /// <summary>The manifest's digest; null for an image whose configuration is kept for a container only.</summary>
    public string? ManifestDigest { get; } = manifestDigest;

    /// <summary>The name, or null.</summary>
    public ImageReference? Reference { get; } = reference;

    /// <summary>The line itself.</summary>
    public ImageDescriptor? Descriptor { get; } = descriptor;

    /// <summary>The configuration's digest: the image's id. Null when the manifest cannot be read.</summary>
    public string? ConfigDigest => _configDigest ??= catalog.ConfigDigest(ManifestDigest!);
}
