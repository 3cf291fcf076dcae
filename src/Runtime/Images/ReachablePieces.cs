using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>Which blobs and layers the index and the containers lead to.</summary>
internal sealed class ReachablePieces(ImageLayout layout)
{
    /// <summary>The configurations that were read.</summary>
    private readonly HashSet<string> _configs = [];

    /// <summary>Digests of blobs.</summary>
    public HashSet<string> Blobs { get; } = [];

    /// <summary>Chain ids of layers.</summary>
    public HashSet<string> Layers { get; } = [];

    /// <summary>
    /// Follows every line of the index. False when a document cannot be read: then it is not known what it leads to, and nothing
    /// may be taken away.
    /// </summary>
    public bool Mark(ImageIndex index) => index.Manifests.All(descriptor => descriptor is null || Mark(descriptor, 0));

    /// <summary>Keeps the configuration and the layers of an image that a container was made from, and the layers that it runs on.</summary>
    /// <returns>False when it is not known what the container uses: the configuration is missing or cannot be read, or the container's record is damaged.</returns>
    public bool MarkUsed(ImageUse use)
    {
        Layers.UnionWith(use.Layers);
        if (!ImageDigest.IsValid(use.ImageId)) return false;
        if (_configs.Contains(use.ImageId)) return true;
        try
        {
            if (Document(use.ImageId) is not { } config) return false;
            MarkConfig(use.ImageId, config);
            return true;
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt)
        {
            return false;
        }
    }

    private bool Mark(ImageDescriptor descriptor, int depth)
    {
        if (!ImageDigest.IsValid(descriptor.Digest)) return true;
        if (!Blobs.Add(descriptor.Digest)) return true;
        try
        {
            // Multi-platform images in the store may lack some of their platforms. What the index itself lists is damaged when it is missing, and so is what a repair has removed.
            if (layout.TryReadDocument(descriptor.Digest) is not { } json) return depth > 0 && !File.Exists(layout.Lost(descriptor.Digest));
            if (ImageMediaType.IsIndex(descriptor.MediaType))
            {
                ImageIndex index = ImageLayout.Parse(json, descriptor.Digest, ImageJson.Default.ImageIndex);
                return depth < 8 && index.Manifests.All(inner => inner is null || Mark(inner, depth + 1));
            }

            ImageManifest manifest = ImageLayout.Parse(json, descriptor.Digest, ImageJson.Default.ImageManifest);
            foreach (ImageDescriptor layer in manifest.Layers) Blobs.Add(layer.Digest);
            if (manifest.Config is not { } config || !ImageDigest.IsValid(config.Digest)) return true;
            Blobs.Add(config.Digest);
            if (!ImageMediaType.IsConfig(config.MediaType)) return true;
            if (Document(config.Digest) is not { } known) return depth > 0 && !File.Exists(layout.Lost(config.Digest));
            MarkConfig(config.Digest, known);
            return true;
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt)
        {
            return false;
        }
    }

    private void MarkConfig(string digest, ImageConfig config)
    {
        Blobs.Add(digest);
        _configs.Add(digest);
        foreach (string chain in ImageDigest.Chains(config.Rootfs?.DiffIds ?? [])) Layers.Add(chain);
    }

    private ImageConfig? Document(string digest)
    {
        byte[]? json = layout.TryReadDocument(digest);
        return json is null ? null : ImageLayout.Parse(json, digest, ImageJson.Default.ImageConfig);
    }
}
