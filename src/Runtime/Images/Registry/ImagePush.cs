using System.Collections.Concurrent;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Brings an image of the store to a registry: blobs first, what names them last.</summary>
/// <param name="paths">The store's folders.</param>
/// <param name="catalog">The store's images.</param>
/// <param name="session">Connections and configuration.</param>
/// <param name="options">Which image, and whereto.</param>
/// <param name="progress">Told of each blob, and of the whole.</param>
internal sealed class ImagePush(EnginePaths paths, ImageCatalog catalog, RegistrySession session, ImagePushOptions options, IProgress<EngineProgress>? progress)
{
    private const int Uploads = 3;

    private readonly ImageLayout _layout = new(paths.Images);

    /// <summary>Does it.</summary>
    /// <returns>What it is called there, and the digest of what has that name now.</returns>
    public async Task<(ImageReference Target, string Digest)> RunAsync(CancellationToken cancellationToken)
    {
        ImagePlatformSelector platform = ImagePlatformSelector.Parse(options.Platform);
        IReadOnlyList<CatalogEntry> entries = catalog.Read();
        CatalogEntry entry = ImageCatalog.Find(options.Image, entries);
        ImageReference target = Target(entry);
        RegistryRepository repository = session.Repository(session.Configuration.Endpoints(target, mirrors: false)[0]);
        // An index, where the store has one and all that it lists; else the image for this platform alone.
        ImagePieces plan = ImagePieces.Make(_layout, catalog, entry, platform, options.AllPlatforms);
        ArchiveCompression compression = options.Compression ?? (plan.IsIndex ? ArchiveCompression.None : ArchiveCompression.Gzip);
        using LayerCompressor? compressor = compression == ArchiveCompression.None ? null : new(paths, compression);
        ConcurrentDictionary<string, ImageDescriptor> compressed = new();
        PullProgress whole = new($"Publishing {target.Familiar}", progress);
        List<(ImageDescriptor Blob, Action<long> Sent)> blobs = [.. plan.Blobs.Select(blob => (blob, whole.Add(blob.Digest[..19], blob.Size)))];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Uploads, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(blobs, parallel, async (item, token) =>
        {
            string? from = MountSource(item.Blob.Digest, entries, target, repository);
            if (compressor is null || !LayerCompressor.IsUncompressed(item.Blob.MediaType)) await repository.UploadAsync(item.Blob, _layout.Blob(item.Blob.Digest), from, item.Sent, token);
            else compressed[item.Blob.Digest] = await UploadCompressedAsync(repository, compressor, item.Blob, from, item.Sent, token);
        });
        compressor?.Remember(cancellationToken);
        IReadOnlyList<(byte[] Content, string MediaType, string Digest)> manifests = plan.ManifestsWith(compressed);
        foreach ((byte[] content, string mediaType, string digest) in manifests.SkipLast(1))
        {
            await repository.PutManifestAsync(content, mediaType, digest, cancellationToken);
        }

        (byte[] top, string topType, string topDigest) = manifests[^1];
        await repository.PutManifestAsync(top, topType, target.Tag ?? topDigest, cancellationToken);
        return (target, topDigest);
    }

    /// <returns>What the layer is there.</returns>
    private static async Task<ImageDescriptor> UploadCompressedAsync(
        RegistryRepository repository, LayerCompressor compressor, ImageDescriptor layer, string? mountFrom, Action<long> sent, CancellationToken cancellationToken)
    {
        if (compressor.Known(layer) is { } known && await repository.HasBlobAsync(known.Digest, repository.PushScope, cancellationToken))
        {
            sent(layer.Size);
            return known;
        }

        (ImageDescriptor blob, string file) = await compressor.CompressAsync(layer, cancellationToken);
        // Another repository that has the layer most likely has got it from here, in the same way. What is told are the layer's bytes in the store.
        await repository.UploadAsync(blob, file, mountFrom, have => sent(have == blob.Size ? layer.Size : (long)((double)have / blob.Size * layer.Size)), cancellationToken);
        File.Delete(file);
        return blob;
    }

    private ImageReference Target(CatalogEntry entry)
    {
        if (options.Destination is { } destination)
        {
            ImageReference given = ImageReference.Parse(destination);
            return given.Digest is null ? given : throw new ContainerException(
                ErrorCode.InvalidArgument, $"'{destination}' has a digest; the registry finds out the digest, and is given a tag.", destination);
        }

        ImageReference? asked = ImageReference.TryParse(options.Image, out ImageReference? named) && named.Digest is null && entry.Reference?.Repository == named.Repository ? named : entry.Reference;
        return asked ?? throw new ContainerException(
            ErrorCode.InvalidArgument, $"The image '{options.Image}' has no name; say with -Reference which it gets in the registry.", options.Image);
    }

    /// <summary>Another repository of the same registry whose image has the blob: what a registry has, it need not be sent.</summary>
    private string? MountSource(string digest, IReadOnlyList<CatalogEntry> entries, ImageReference target, RegistryRepository repository)
    {
        foreach (CatalogEntry other in entries)
        {
            if (other.Reference is not { } name || name.Domain != target.Domain || name.Path == target.Path || other.ManifestDigest is null) continue;
            if ((name.Domain == "docker.io" && name.Path == repository.Path) || repository.IsClosed(name.Path)) continue;
            ImageManifest manifest;
            try
            {
                manifest = catalog.Manifest(other.ManifestDigest);
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt)
            {
                // Another image's damage is no matter of this push.
                continue;
            }

            if (manifest.Config?.Digest == digest || manifest.Layers.Any(layer => layer.Digest == digest)) return name.Path;
        }

        return null;
    }
}
