using System.Text.Json;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>What an image, or all of a multi-platform image, consists of for others: blobs, and then the documents that name them, the outermost last.</summary>
/// <param name="Blobs">Configurations and layers, each once.</param>
/// <param name="Manifests">Manifests and indexes with type and digest.</param>
internal sealed record ImagePieces(IReadOnlyList<ImageDescriptor> Blobs, IReadOnlyList<(byte[] Content, string MediaType, string Digest)> Manifests)
{
    private const int MaximumDepth = 4;

    /// <summary>Collects the pieces of an image.</summary>
    /// <param name="layout">The store's layout.</param>
    /// <param name="catalog">Reads the store.</param>
    /// <param name="entry">The image.</param>
    /// <param name="platform">What to take of an index; of one that nobody asked for, the whole comes first.</param>
    /// <param name="all">Whether nothing less than the whole will do.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.ImageCorrupt"/> where pieces are missing, <see cref="ErrorCode.ImageUnsupported"/> where there is none for the platform.
    /// </exception>
    public static ImagePieces Make(ImageLayout layout, ImageCatalog catalog, CatalogEntry entry, ImagePlatformSelector platform, bool all)
    {
        if (all && platform.Explicit) throw new ContainerException(ErrorCode.InvalidArgument, $"Either all platforms can be meant, or {platform} alone.", platform.ToString());
        if (platform.Explicit) return MakeOne(layout, catalog, entry, platform);
        if (entry.Descriptor is { } descriptor && ImageMediaType.IsIndex(descriptor.MediaType) && TryMake(layout, descriptor.Digest, descriptor.MediaType) is { } complete)
        {
            return complete;
        }

        // Taken in whole, it is not to become another image under the same name.
        bool whole = entry.Descriptor?.Annotations?.ContainsKey(ImageLayout.Whole) == true;
        if (whole || (all && ImageMediaType.IsIndex(entry.Descriptor?.MediaType ?? "")))
        {
            string name = entry.Reference?.Familiar ?? entry.Descriptor!.Digest;
            throw new ContainerException(
                ErrorCode.ImageCorrupt,
                $"The image store lacks pieces of {name}{(whole ? ", which was brought here with all platforms" : "")}; bring it here again with -AllPlatforms, or choose one platform with -Platform.", name);
        }

        string digest = entry.ManifestDigest
            ?? throw new ContainerException(ErrorCode.ImageNotFound, "The image is kept for a container only; it has no manifest any more.", entry.ConfigDigest);
        return TryMake(layout, digest, entry.Descriptor is { } own && own.Digest == digest ? own.MediaType : ImageMediaType.Manifest)
            ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image store lacks pieces of {digest}; remove the image and bring it here again.", digest);
    }

    /// <summary>Whether it has more than one image, or things beside it.</summary>
    public bool IsIndex => ImageMediaType.IsIndex(Manifests[^1].MediaType);

    /// <summary>The documents as they are when blobs, and with them the manifests that name them, are replaced by others.</summary>
    /// <param name="blobs">What becomes of blobs, by their digests.</param>
    public IReadOnlyList<(byte[] Content, string MediaType, string Digest)> ManifestsWith(IReadOnlyDictionary<string, ImageDescriptor> blobs)
    {
        if (blobs.Count == 0) return Manifests;
        Dictionary<string, (string Digest, long Size)> replaced = [];
        List<(byte[], string, string)> documents = [];
        foreach ((byte[] content, string mediaType, string digest) in Manifests)
        {
            byte[] bytes = ImageMediaType.IsIndex(mediaType) ? Index(content, digest) : Manifest(content, digest);
            string now = bytes == content ? digest : ImageDigest.Of(bytes);
            if (now != digest) replaced[digest] = (now, bytes.Length);
            documents.Add((bytes, mediaType, now));
        }

        return documents;

        byte[] Manifest(byte[] content, string digest)
        {
            ImageManifest manifest = ImageLayout.Parse(content, digest, ImageJson.Default.ImageManifest);
            if (!manifest.Layers.Any(layer => blobs.ContainsKey(layer.Digest))) return content;
            manifest = manifest with { Layers = [.. manifest.Layers.Select(Layer)] };
            return JsonSerializer.SerializeToUtf8Bytes(manifest, ImageJson.Plain.ImageManifest);
        }

        // What else is said of the layer in this manifest stays.
        ImageDescriptor Layer(ImageDescriptor layer)
            => blobs.GetValueOrDefault(layer.Digest) is { } other ? layer with { MediaType = other.MediaType, Digest = other.Digest, Size = other.Size } : layer;

        byte[] Index(byte[] content, string digest)
        {
            ImageIndex index = ImageLayout.Parse(content, digest, ImageJson.Default.ImageIndex);
            if (!index.Manifests.Any(inner => replaced.ContainsKey(inner.Digest))) return content;
            index = index with { Manifests = [.. index.Manifests.Select(Listed)] };
            return JsonSerializer.SerializeToUtf8Bytes(index, ImageJson.Plain.ImageIndex);
        }

        ImageDescriptor Listed(ImageDescriptor inner)
        {
            // An attestation says in an annotation which manifest it is about.
            if (inner.Annotations is { } annotations && annotations.Values.Any(replaced.ContainsKey))
            {
                inner = inner with { Annotations = annotations.ToDictionary(pair => pair.Key, pair => replaced.TryGetValue(pair.Value, out (string Digest, long Size) about) ? about.Digest : pair.Value) };
            }

            return replaced.TryGetValue(inner.Digest, out (string Digest, long Size) now) ? inner with { Digest = now.Digest, Size = now.Size } : inner;
        }
    }

    private static ImagePieces MakeOne(ImageLayout layout, ImageCatalog catalog, CatalogEntry entry, ImagePlatformSelector platform)
    {
        string name = entry.Reference?.Familiar ?? entry.ConfigDigest ?? "The image";
        if (entry.Descriptor is not { } top || !ImageMediaType.IsIndex(top.MediaType))
        {
            ImageConfig config = catalog.Config(entry);
            if (platform.Matches(config.Os, config.Architecture, config.Variant)) return Make(layout, catalog, entry, ImagePlatformSelector.Host, false);
            throw new ContainerException(ErrorCode.ImageUnsupported, $"{name} is for {config.Os}/{config.Architecture}, not for {platform}.", name);
        }

        string digest = catalog.ChooseManifest(top.Digest, platform, any: false)
            ?? throw new ContainerException(ErrorCode.ImageUnsupported, $"{name} has no image for {platform}.", name);
        return TryMake(layout, digest, ImageMediaType.Manifest)
            ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image store lacks pieces of {name} for {platform}; bring it here first.", name);
    }

    /// <summary>All that a manifest or an index leads to; null where a piece of it is missing.</summary>
    public static ImagePieces? TryMake(ImageLayout layout, string digest, string mediaType)
    {
        Dictionary<string, ImageDescriptor> blobs = [];
        List<(byte[], string, string)> manifests = [];
        return Collect(layout, digest, mediaType, blobs, manifests, 0) ? new ImagePieces([.. blobs.Values], manifests) : null;
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
