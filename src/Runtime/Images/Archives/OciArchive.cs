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

    /// <summary>How deep indexes may lie in indexes; the specification needs two.</summary>
    private const int MaximumDepth = 4;

    /// <summary>Whether these files are a layout.</summary>
    public static bool IsOne(ImageFiles files) => files.TryFind(VersionName, out _) && files.TryFind(IndexName, out _);

    /// <summary>The images for a platform, their documents read and checked.</summary>
    public static IReadOnlyList<ArchivedImage> Read(ImageFiles files, ImagePlatformSelector platform)
    {
        ImageIndex index = ImageLayout.Parse(files.Find(IndexName).ReadDocument(), $"{files.Path}: {IndexName}", ImageJson.Default.ImageIndex);
        // The same manifest may be listed once per name.
        Dictionary<string, ArchivedImage> images = [];
        foreach (ImageDescriptor descriptor in index.Manifests)
        {
            if (descriptor is null || PlatformChoice.IsAttestation(descriptor)) continue;
            List<ImageDescriptor> manifests = [];
            Collect(files, descriptor, manifests, 0);
            ImageDescriptor? chosen = Choose(files, manifests, platform);
            if (chosen is null) continue;
            ArchivedImage image = images.TryGetValue(chosen.Digest, out ArchivedImage? known) ? known : ReadManifest(files, chosen);
            List<ImageReference> names = [.. image.Names];
            if (NameOf(descriptor) is { } name && !names.Contains(name)) names.Add(name);
            images[chosen.Digest] = image with { Names = names };
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

    private static void Collect(ImageFiles files, ImageDescriptor descriptor, List<ImageDescriptor> manifests, int depth)
    {
        if (!ImageMediaType.IsIndex(descriptor.MediaType))
        {
            manifests.Add(descriptor);
            return;
        }

        if (depth == MaximumDepth)
        {
            throw new ContainerException(ErrorCode.ImageCorrupt, $"{files.Path} has indexes in indexes, more than {MaximumDepth} deep.", files.Path);
        }

        ImageIndex index = ImageLayout.Parse(ReadBlob(files, descriptor), descriptor.Digest, ImageJson.Default.ImageIndex);
        foreach (ImageDescriptor inner in index.Manifests)
        {
            if (inner is not null && !PlatformChoice.IsAttestation(inner)) Collect(files, inner, manifests, depth + 1);
        }
    }

    /// <summary>
    /// The manifest for the platform. An image that is there for one platform only is taken as it is, unless another one was asked
    /// for. Null for what is no image at all (an artifact).
    /// </summary>
    private static ImageDescriptor? Choose(ImageFiles files, List<ImageDescriptor> manifests, ImagePlatformSelector platform)
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

        return PlatformChoice.Choose(candidates, platform, any: candidates.Count == 1 && !platform.Explicit) ?? throw new ContainerException(
            ErrorCode.ImageUnsupported,
            $"{files.Path} has no image for {platform}, only for {string.Join(", ", candidates.Select(candidate => $"{candidate.Platform!.Os}/{candidate.Platform.Architecture}").Distinct())}.", files.Path);
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

            files.TryFind(BlobName(blob.Digest), out ByteRange? source);
            if (source is not null && source.Length != blob.Size)
            {
                throw new ContainerException(
                    ErrorCode.DigestMismatch, $"The layer {blob.Digest} has {source.Length} bytes instead of {blob.Size}; get the archive again.", blob.Digest);
            }

            layers[i] = new ArchivedLayer(source, blob.Digest, diffIds[i], blob.MediaType);
        }

        return layers;
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
}
