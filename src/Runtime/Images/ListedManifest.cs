using System.Globalization;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>What is asked of the manifests of an index before it is taken in whole: the same of a registry's and of an archive's.</summary>
internal static class ListedManifest
{
    /// <summary>How deep indexes may lie in indexes; the specification needs two.</summary>
    public const int MaximumDepth = 4;

    /// <summary>The most indexes that are read for one image: a wide tree is as bad as a deep one.</summary>
    public const int MaximumIndexes = 16;

    /// <summary>The most manifests of an index that are taken in together.</summary>
    private const int MaximumManifests = 200;

    /// <summary>The manifests beside the one that was chosen, each once.</summary>
    /// <param name="listed">All that the index lists.</param>
    /// <param name="chosen">The digest of the one.</param>
    /// <param name="name">What the image is called.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageUnsupported"/> where there are too many.</exception>
    public static IEnumerable<ImageDescriptor> Others(IReadOnlyList<ImageDescriptor> listed, string chosen, string name)
        => listed.Count <= MaximumManifests
            ? listed.DistinctBy(descriptor => descriptor.Digest).Where(descriptor => descriptor.Digest != chosen)
            : throw new ContainerException(
                ErrorCode.ImageUnsupported,
                string.Create(CultureInfo.InvariantCulture, $"{name} lists {listed.Count} manifests; all of an image can be taken in up to {MaximumManifests}."), name);

    /// <summary>A manifest that is kept as a part of an index, with its documents checked: of an image, or of what is said about one.</summary>
    /// <param name="descriptor">The index's line.</param>
    /// <param name="content">The manifest.</param>
    /// <param name="mediaType">Its type.</param>
    /// <param name="manifest">The manifest, read.</param>
    /// <param name="configBytes">Its configuration.</param>
    /// <param name="name">What the image is called.</param>
    /// <param name="layer">Says where a layer's bytes come from; null where only the store may have them.</param>
    public static ArchivedImage Describe(
        ImageDescriptor descriptor, byte[] content, string mediaType, ImageManifest manifest, byte[] configBytes, string name, Func<ImageDescriptor, ByteRange?> layer)
    {
        bool isImage = ImageMediaType.IsConfig(manifest.Config!.MediaType) && !PlatformChoice.IsAttestation(descriptor);
        if (isImage) Check(manifest, name);
        ImageConfig config = isImage ? ImageLayout.Parse(configBytes, manifest.Config.Digest, ImageJson.Default.ImageConfig) : new ImageConfig();
        IReadOnlyList<string> diffIds = isImage ? config.Rootfs?.DiffIds ?? [] : [.. manifest.Layers.Select(_ => "")];
        if (diffIds.Count != manifest.Layers.Count || manifest.Layers.Any(blob => blob.Size <= 0))
        {
            throw new ContainerException(ErrorCode.ImageCorrupt, $"The manifest {descriptor.Digest} of {name} is not complete.", name);
        }

        foreach (string diffId in diffIds.Where(diffId => isImage)) ImageDigest.Checked(diffId);
        return new ArchivedImage
        {
            ConfigBytes = configBytes,
            Config = config,
            ConfigMediaType = manifest.Config.MediaType,
            ManifestBytes = content,
            ManifestMediaType = mediaType,
            Layers = [.. manifest.Layers.Select((blob, i) => new ArchivedLayer(layer(blob with { Digest = ImageDigest.Checked(blob.Digest) }), blob.Digest, diffIds[i], blob.MediaType))],
            Unpack = false,
        };
    }

    /// <summary>Whether a manifest is that of an image for containers, whose layers can be unpacked.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageUnsupported"/>, <see cref="ErrorCode.ImageCorrupt"/>.</exception>
    public static void Check(ImageManifest manifest, string name)
    {
        if (manifest.Config is null || !ImageMediaType.IsConfig(manifest.Config.MediaType))
        {
            throw new ContainerException(
                ErrorCode.ImageUnsupported, $"{name} is no image for a container but an artifact ({RegistryText.Clean(manifest.ArtifactType ?? manifest.Config?.MediaType ?? "of no type")}).", name);
        }

        LayerStore.CheckDepth(manifest.Layers.Count, name);
        long total = 0;
        foreach (ImageDescriptor layer in manifest.Layers)
        {
            ImageDigest.Checked(layer.Digest);
            if (ImageMediaType.IsForeignLayer(layer.MediaType) || !ImageMediaType.IsLayer(layer.MediaType))
            {
                throw new ContainerException(
                    ErrorCode.ImageUnsupported, $"The layer {layer.Digest} of {name} is of the type '{RegistryText.Clean(layer.MediaType)}', which cannot be unpacked.", layer.Digest);
            }

            if (layer.Size <= 0 || layer.Size > long.MaxValue - total)
            {
                throw new ContainerException(ErrorCode.ImageCorrupt, $"The manifest of {name} says that the layer {layer.Digest} has {layer.Size} bytes.", layer.Digest);
            }

            total += layer.Size;
        }
    }
}
