using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>An OCI image layout in a tar or a folder.</summary>
internal static class OciArchive
{
    /// <summary>The two files that make a tar or folder one of these.</summary>
    public const string VersionName = "oci-layout";

    /// <inheritdoc cref="VersionName"/>
    public const string IndexName = "index.json";

    /// <summary>Whether these files are a layout.</summary>
    public static bool IsOne(ImageFiles files) => files.TryFind(VersionName, out _) && files.TryFind(IndexName, out _);

    /// <summary>The images for a platform, their documents read and checked.</summary>
    /// <param name="files">The layout.</param>
    /// <param name="platform">The platform to choose of an index.</param>
    /// <param name="all">Whether all that an index lists is wanted with the one for the platform.</param>
    public static IReadOnlyList<ArchivedImage> Read(ImageFiles files, ImagePlatformSelector platform, bool all)
    {
        ImageIndex index = ImageLayout.Parse(files.Find(IndexName).ReadDocument(), $"{files.Path}: {IndexName}", ImageJson.Default.ImageIndex);
        // The same manifest, or index, may be listed once per name.
        Dictionary<string, ArchivedImage> images = [];
        foreach (ImageDescriptor descriptor in index.Manifests)
        {
            if (descriptor is null || PlatformChoice.IsAttestation(descriptor)) continue;
            Collection found = new();
            Collect(files, descriptor, found, 0);
            bool whole = all && found.Indexes.Count > 0;
            ImageDescriptor? chosen = Choose(files, found.Manifests, platform, any: whole);
            if (chosen is null) continue;
            string key = whole ? descriptor.Digest : chosen.Digest;
            ArchivedImage image = images.TryGetValue(key, out ArchivedImage? known) ? known
                : whole ? ReadManifest(files, chosen) with { Index = new ArchivedIndex(found.Indexes, descriptor.MediaType, ReadOthers(files, found.Listed, chosen.Digest)) }
                : ReadManifest(files, chosen);
            List<ImageReference> names = [.. image.Names];
            if (NameOf(descriptor) is { } name && !names.Contains(name)) names.Add(name);
            images[key] = image with { Names = names };
        }

        if (images.Count == 0)
        {
            throw new ContainerException(ErrorCode.ImageUnsupported, $"{files.Path} holds no image for a container.", files.Path);
        }

        return [.. images.Values.Select(image => image with
        {
            Names = [.. image.Names.Union(DockerArchive.NamesOf(files, ImageDigest.Of(image.ConfigBytes)))],
        })];
    }

    /// <summary>An image of the store itself, to unpack its layers again.</summary>
    public static ArchivedImage FromStore(ImageFiles files, ImageManifest manifest, ImageConfig config)
    {
        IReadOnlyList<string> diffIds = config.Rootfs?.DiffIds ?? [];
        ArchivedLayer[] layers = Layers(files, manifest, diffIds);
        if (layers.FirstOrDefault(layer => layer.Source is null) is { } lost)
        {
            throw new ContainerException(
                ErrorCode.ImageCorrupt, $"The image store lacks the layer {lost.BlobDigest}; remove the image and import it again.", lost.BlobDigest);
        }

        return new ArchivedImage { ConfigBytes = [], Config = config, ManifestBytes = [], Layers = layers };
    }

    /// <summary>What a line of the layout leads to.</summary>
    private static void Collect(ImageFiles files, ImageDescriptor descriptor, Collection found, int depth)
    {
        if (!ImageMediaType.IsIndex(descriptor.MediaType))
        {
            found.Listed.Add(descriptor);
            if (!PlatformChoice.IsAttestation(descriptor)) found.Manifests.Add(descriptor);
            return;
        }

        if (PlatformChoice.IsAttestation(descriptor)) return;
        if (depth == ListedManifest.MaximumDepth)
        {
            throw new ContainerException(ErrorCode.ImageCorrupt, $"{files.Path} has indexes in indexes, more than {ListedManifest.MaximumDepth} deep.", files.Path);
        }

        byte[] content = ReadBlob(files, descriptor);
        found.Indexes.Add(content);
        if (found.Indexes.Count > ListedManifest.MaximumIndexes)
        {
            throw new ContainerException(ErrorCode.ImageCorrupt, $"{files.Path} has an index of more than {ListedManifest.MaximumIndexes} indexes.", files.Path);
        }

        foreach (ImageDescriptor inner in ImageLayout.Parse(content, descriptor.Digest, ImageJson.Default.ImageIndex).Manifests) Collect(files, inner, found, depth + 1);
    }

    /// <summary>The manifests beside the one that was chosen. What the archive leaves out of their layers, the store may have.</summary>
    private static List<ArchivedImage> ReadOthers(ImageFiles files, IReadOnlyList<ImageDescriptor> listed, string chosen)
    {
        List<ArchivedImage> others = [];
        foreach (ImageDescriptor descriptor in ListedManifest.Others(listed, chosen, files.Path))
        {
            if (!files.TryFind(BlobName(descriptor.Digest), out _))
            {
                throw new ContainerException(
                    ErrorCode.ArchiveCorrupt,
                    $"{files.Path} does not hold all that its index lists: it lacks {descriptor.Digest}{(descriptor.Platform is { } platform ? $" ({ImagePlatformSelector.Text(platform)})" : "")}. Import one platform of it.",
                    files.Path);
            }

            byte[] content = ReadBlob(files, descriptor);
            ImageManifest manifest = ImageLayout.Parse(content, descriptor.Digest, ImageJson.Default.ImageManifest);
            if (manifest.Config is null) throw new ContainerException(ErrorCode.ImageUnsupported, $"The manifest {descriptor.Digest} of {files.Path} has no configuration.", files.Path);
            others.Add(ListedManifest.Describe(
                descriptor, content, manifest.MediaType ?? descriptor.MediaType, manifest, ReadBlob(files, manifest.Config), files.Path, layer => LayerBlob(files, layer)));
        }

        return others;
    }

    /// <summary>
    /// The manifest for the platform. An image that is there for one platform only is taken as it is, unless another one was asked
    /// for. Null for what is no image at all (an artifact).
    /// </summary>
    private static ImageDescriptor? Choose(ImageFiles files, List<ImageDescriptor> manifests, ImagePlatformSelector platform, bool any)
    {
        List<ImageDescriptor> candidates = [];
        foreach (ImageDescriptor descriptor in manifests)
        {
            // docker save leaves out the platforms it has not got.
            if (!files.TryFind(BlobName(descriptor.Digest), out _)) continue;
            ImageManifest manifest = ImageLayout.Parse(ReadBlob(files, descriptor), descriptor.Digest, ImageJson.Default.ImageManifest);
            if (manifest.Config is null || !ImageMediaType.IsConfig(manifest.Config.MediaType)) continue;
            candidates.Add(string.IsNullOrEmpty(descriptor.Platform?.Architecture) ? descriptor with { Platform = PlatformOf(files, manifest) } : descriptor);
        }

        if (candidates.Count == 0)
        {
            return manifests.Any(descriptor => !files.TryFind(BlobName(descriptor.Digest), out _))
                ? throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{files.Path} is incomplete: it lacks the manifests that it lists.", files.Path)
                : null;
        }

        return PlatformChoice.Choose(candidates, platform, any || (candidates.Count == 1 && !platform.Explicit)) ?? throw new ContainerException(
            ErrorCode.ImageUnsupported,
            $"{files.Path} has no image for {platform}, only for {string.Join(", ", candidates.Select(candidate => ImagePlatformSelector.Text(candidate.Platform)).Distinct())}.", files.Path);
    }

    private static ImagePlatform PlatformOf(ImageFiles files, ImageManifest manifest)
    {
        ImageConfig config = ImageLayout.Parse(ReadBlob(files, manifest.Config!), manifest.Config!.Digest, ImageJson.Default.ImageConfig);
        return new ImagePlatform { Os = config.Os ?? "linux", Architecture = config.Architecture ?? "", Variant = config.Variant };
    }

    private static ArchivedImage ReadManifest(ImageFiles files, ImageDescriptor descriptor)
    {
        byte[] manifestBytes = ReadBlob(files, descriptor);
        ImageManifest manifest = ImageLayout.Parse(manifestBytes, descriptor.Digest, ImageJson.Default.ImageManifest);
        byte[] configBytes = ReadBlob(files, manifest.Config!);
        ImageConfig config = ImageLayout.Parse(configBytes, manifest.Config!.Digest, ImageJson.Default.ImageConfig);
        return new ArchivedImage
        {
            ConfigBytes = configBytes,
            Config = config,
            ConfigMediaType = manifest.Config.MediaType,
            ManifestBytes = manifestBytes,
            ManifestMediaType = manifest.MediaType ?? descriptor.MediaType,
            Layers = Layers(files, manifest, config.Rootfs?.DiffIds ?? []),
        };
    }

    private static ArchivedLayer[] Layers(ImageFiles files, ImageManifest manifest, IReadOnlyList<string> diffIds)
    {
        IReadOnlyList<ImageDescriptor> blobs = manifest.Layers;
        if (diffIds.Count != blobs.Count)
        {
            throw new ContainerException(
                ErrorCode.ImageCorrupt, $"An image in {files.Path} has {blobs.Count} layers, but {diffIds.Count} diff ids.", files.Path);
        }

        LayerStore.CheckDepth(diffIds.Count, files.Path);
        ArchivedLayer[] layers = new ArchivedLayer[blobs.Count];
        for (int i = 0; i < layers.Length; i++)
        {
            ImageDescriptor blob = blobs[i];
            if (ImageMediaType.IsForeignLayer(blob.MediaType) || !ImageMediaType.IsLayer(blob.MediaType))
            {
                throw new ContainerException(
                    ErrorCode.ImageUnsupported, $"The layer {blob.Digest} is of the type '{blob.MediaType}', which cannot be unpacked.", blob.Digest);
            }

            layers[i] = new ArchivedLayer(LayerBlob(files, blob), blob.Digest, diffIds[i], blob.MediaType);
        }

        return layers;
    }

    /// <summary>A layer's bytes; null where the archive leaves them out.</summary>
    private static ByteRange? LayerBlob(ImageFiles files, ImageDescriptor blob)
    {
        if (!files.TryFind(BlobName(blob.Digest), out ByteRange? source)) return null;
        return source.Length == blob.Size ? source : throw new ContainerException(
            ErrorCode.DigestMismatch, $"The layer {blob.Digest} has {source.Length} bytes instead of {blob.Size}; get the archive again.", blob.Digest);
    }

    /// <summary>
    /// The whole reference where there is one; else the short name if it names more than a tag. A bare tag, as umoci and
    /// skopeo write it, does not say of which image.
    /// </summary>
    private static ImageReference? NameOf(ImageDescriptor descriptor)
    {
        if (descriptor.Annotations is not { } annotations) return null;
        if (annotations.TryGetValue(ImageLayout.FullName, out string? full) && ImageReference.TryParse(full, out ImageReference? reference)) return reference;
        return annotations.TryGetValue(ImageLayout.RefName, out string? name) && (name.Contains('/') || name.Contains(':'))
            && ImageReference.TryParse(name, out reference)
            ? reference
            : null;
    }

    private static string BlobName(string digest) => $"blobs/sha256/{ImageDigest.Hex(digest)}";

    private static byte[] ReadBlob(ImageFiles files, ImageDescriptor descriptor)
    {
        byte[] content = files.Find(BlobName(descriptor.Digest)).ReadDocument();
        string digest = ImageDigest.Of(content);
        return digest == descriptor.Digest ? content : throw new ContainerException(
            ErrorCode.DigestMismatch, $"{files.Path}: the document {descriptor.Digest} has the digest {digest}; get the archive again.", files.Path);
    }

    /// <summary>What a line of the layout leads to.</summary>
    private sealed class Collection
    {
        /// <summary>The indexes, the outermost first.</summary>
        public List<byte[]> Indexes { get; } = [];

        /// <summary>The manifests that may be images.</summary>
        public List<ImageDescriptor> Manifests { get; } = [];

        /// <summary>Those, and what is said about them.</summary>
        public List<ImageDescriptor> Listed { get; } = [];
    }
}
