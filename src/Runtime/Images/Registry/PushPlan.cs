using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>What a push has to bring: blobs, and then the documents that name them, the outermost last.</summary>
/// <param name="Blobs">Configurations and layers, each once.</param>
/// <param name="Manifests">Manifests and indexes with type and digest.</param>
internal sealed record PushPlan(IReadOnlyList<ImageDescriptor> Blobs, IReadOnlyList<(byte[] Content, string MediaType, string Digest)> Manifests)
{
    private const int MaximumDepth = 4;

    /// <summary>Collects the pieces of an image.</summary>
    /// <param name="layout">The store's layout.</param>
    /// <param name="catalog">Reads the store.</param>
    /// <param name="entry">The image.</param>
    /// <param name="platform">What to bring of an index; of one that nobody asked for, the whole comes first.</param>
    public static PushPlan Make(ImageLayout layout, ImageCatalog catalog, CatalogEntry entry, ImagePlatformSelector platform)
    {
        if (platform.Explicit) return MakeOne(layout, catalog, entry, platform);
        if (entry.Descriptor is { } descriptor && ImageMediaType.IsIndex(descriptor.MediaType) && TryMake(layout, descriptor.Digest, descriptor.MediaType) is { } whole)
        {
            return whole;
        }

        // Received whole, it is not to become another image under the same name.
        if (entry.Descriptor?.Annotations?.ContainsKey(ImageLayout.Whole) == true)
        {
            string name = entry.Reference?.Familiar ?? entry.Descriptor.Digest;
            throw new ContainerException(
                ErrorCode.ImageCorrupt,
                $"The image store lacks pieces of {name}, which was received with all platforms; receive it again, or publish one platform with -Platform.", name);
        }

        string digest = entry.ManifestDigest
            ?? throw new ContainerException(ErrorCode.ImageNotFound, "The image is kept for a container only; it has no manifest any more.", entry.ConfigDigest);
        return TryMake(layout, digest, entry.Descriptor is { } own && own.Digest == digest ? own.MediaType : ImageMediaType.Manifest)
            ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image store lacks pieces of {digest}; remove the image and bring it here again.", digest);
    }

    private static PushPlan MakeOne(ImageLayout layout, ImageCatalog catalog, CatalogEntry entry, ImagePlatformSelector platform)
    {
        string name = entry.Reference?.Familiar ?? entry.ConfigDigest ?? "The image";
        if (entry.Descriptor is not { } top || !ImageMediaType.IsIndex(top.MediaType))
        {
            ImageConfig config = catalog.Config(entry);
            if (platform.Matches(config.Os, config.Architecture, config.Variant)) return Make(layout, catalog, entry, ImagePlatformSelector.Host);
            throw new ContainerException(ErrorCode.ImageUnsupported, $"{name} is for {config.Os}/{config.Architecture}, not for {platform}.", name);
        }

        string digest = catalog.ChooseManifest(top.Digest, platform, any: false)
            ?? throw new ContainerException(ErrorCode.ImageUnsupported, $"{name} has no image for {platform}.", name);
        return TryMake(layout, digest, ImageMediaType.Manifest)
            ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image store lacks pieces of {name} for {platform}; bring it here first.", name);
    }

    /// <summary>All that a manifest or an index leads to; null where a piece of it is missing.</summary>
    public static PushPlan? TryMake(ImageLayout layout, string digest, string mediaType)
    {
        Dictionary<string, ImageDescriptor> blobs = [];
        List<(byte[], string, string)> manifests = [];
        return Collect(layout, digest, mediaType, blobs, manifests, 0) ? new PushPlan([.. blobs.Values], manifests) : null;
    }

    /// <returns>False when a piece is not there.</returns>
    private static bool Collect(
        ImageLayout layout, string digest, string mediaType, Dictionary<string, ImageDescriptor> blobs, List<(byte[], string, string)> manifests, int depth)
    {
        if (depth > MaximumDepth || layout.TryReadDocument(digest) is not { } content) return false;
        if (ImageMediaType.IsIndex(mediaType))
        {
            ImageIndex index = ImageLayout.Parse(content, digest, ImageJson.Default.ImageIndex);
            if (!index.Manifests.All(inner => Collect(layout, inner.Digest, inner.MediaType, blobs, manifests, depth + 1))) return false;
            manifests.Add((content, index.MediaType ?? mediaType, digest));
            return true;
        }

        ImageManifest manifest = ImageLayout.Parse(content, digest, ImageJson.Default.ImageManifest);
        if (manifest.Config is null) return false;
        foreach (ImageDescriptor blob in (IEnumerable<ImageDescriptor>)[manifest.Config, .. manifest.Layers])
        {
            if (!File.Exists(layout.Blob(blob.Digest))) return false;
            blobs.TryAdd(blob.Digest, blob);
        }

        manifests.Add((content, manifest.MediaType ?? mediaType, digest));
        return true;
    }
}
