using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Images.Pipeline;
using ContainerTools.Runtime.Images.Registry.Trust;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Brings an image into the store: its layers are fetched, verified and unpacked at the same time.</summary>
/// <param name="store">The store.</param>
/// <param name="paths">Its folders.</param>
/// <param name="session">Connections and configuration.</param>
/// <param name="options">Which image, on which conditions.</param>
/// <param name="progress">Told of each layer, and of the whole.</param>
internal sealed class ImagePull(ImageStore store, EnginePaths paths, RegistrySession session, ImagePullOptions options, IProgress<EngineProgress>? progress)
{
    private readonly DownloadFolder _folder = new(paths.Downloads);
    private readonly ImageLayout _layout = new(paths.Images);
    private readonly List<StoredRange> _stored = [];
    private readonly BlobCheck _check = new(paths);

    /// <summary>Does it.</summary>
    public async Task<ContainerImage> RunAsync(CancellationToken cancellationToken)
    {
        ImagePlatformSelector platform = ImagePlatformSelector.Parse(options.Platform);
        if (options.AllPlatforms && platform.Explicit) throw new ContainerException(ErrorCode.InvalidArgument, "Either one platform can be received, or all of them.", options.Platform);
        using SignatureKey? key = options.VerifyKey is { } file ? SignatureKey.Read(file) : null;
        bool requireDigest = options.RequireDigest || session.Settings.RequireDigest;
        RemoteImage image = await new RemoteImageReader(session, platform) { AnyPlatform = options.AllPlatforms }
            .ReadAsync(options.Reference, requireDigest, cancellationToken, session.Policy.Admit);
        if (key is not null) await CosignSignature.VerifyAsync(image, [key], null, options.AllPlatforms, cancellationToken);
        foreach (TrustRequirement requirement in session.Policy.For(image.Reference)) await VerifyAsync(image, requirement, cancellationToken);
        ContainerException? mismatch = null;
        for (bool again = false; ;)
        {
            List<BlobDownload> downloads = [];
            try
            {
                ContainerImage received = await store.ReceiveAsync(
                    options.Reference, (ingest, token) => ReceiveAsync(image, ingest, downloads, token), compressed => DecompressedSize.Maximum(compressed, options.MaximumLayerSize), cancellationToken);
                foreach (BlobDownload download in downloads) _folder.Remove(download.Blob.Digest);
                return received;
            }
            catch (ContainerException error) when (mismatch is not null && RemoteImageReader.IsElsewhere(error))
            {
                // Whoever is left cannot be asked: what was wrong with the first tells more.
                throw mismatch;
            }
            catch (ContainerException error) when (error.Code is ErrorCode.DigestMismatch or ErrorCode.ArchiveCorrupt or ErrorCode.ArchiveUnsafe or ErrorCode.SizeLimitExceeded)
            {
                // What is complete and was not accepted is of no use to anybody.
                foreach (BlobDownload download in downloads.Where(download => download.IsComplete)) _folder.Remove(download.Blob.Digest);
                if (error.Code != ErrorCode.DigestMismatch) throw;
                // Of what was here before, the registry has a good one.
                bool healed = false;
                foreach (StoredRange stored in _stored) healed |= _check.RemoveDamaged(stored.Digest, cancellationToken);
                if (healed) continue;
                // A part that an earlier process left behind may have suffered from a loss of power: without it, once more.
                if (!again && downloads.Exists(download => download.Found > 0)) again = true;
                // A mirror that has sent something else is left out; the registry, or the next mirror, may do better.
                else if (Without(image, downloads) is { } rest) (image, mismatch) = (rest, error);
                else throw;
            }
            catch (ContainerException error) when (error.Code == ErrorCode.StorageFull)
            {
                // The room is what everybody lacks now, and the next pull would not come further with it.
                foreach (BlobDownload download in downloads) download.Dispose();
                foreach (BlobDownload download in downloads) _folder.Remove(download.Blob.Digest);
                throw;
            }
            finally
            {
                foreach (BlobDownload download in downloads) download.Dispose();
                foreach (StoredRange stored in _stored) stored.Close();
                _stored.Clear();
            }
        }
    }

    /// <summary>
    /// The image without the mirrors that have sent layers, or a part of them, which were not accepted; null where none has. The last place, the registry
    /// itself, stays: there is nobody after it.
    /// </summary>
    private static RemoteImage? Without(RemoteImage image, List<BlobDownload> downloads)
    {
        HashSet<RegistryRepository> suspects = [.. downloads.Where(download => download.IsComplete).SelectMany(download => download.Origins)];
        suspects.Remove(image.Repositories[^1]);
        return suspects.Count == 0 ? null : image with { Repositories = [.. image.Repositories.Where(repository => !suspects.Contains(repository))] };
    }

    private async Task VerifyAsync(RemoteImage image, TrustRequirement requirement, CancellationToken cancellationToken)
    {
        if (requirement.Keys.Count == 0) return;
        bool Fits(string name) => requirement.Identity.Fits(image.Reference, name);
        if (requirement.IsGnuPg)
        {
            using GpgKeyring keyring = GpgKeyring.Read(requirement.Keys, session.Policy.Path);
            await GpgSignature.VerifyAsync(image, keyring, session.Lookaside, Fits, options.AllPlatforms, cancellationToken);
            return;
        }

        List<SignatureKey> keys = [];
        try
        {
            foreach (TrustKey key in requirement.Keys) keys.Add(key.Pem(session.Policy.Path));
            await CosignSignature.VerifyAsync(image, keys, Fits, options.AllPlatforms, cancellationToken);
        }
        finally
        {
            foreach (SignatureKey key in keys) key.Dispose();
        }
    }

    /// <summary>Starts the downloads, and says what is to be taken in. The task beside the image ends when the downloads have.</summary>
    private async Task<ReceivedImage> ReceiveAsync(RemoteImage image, Ingest ingest, List<BlobDownload> downloads, CancellationToken cancellationToken)
    {
        _folder.Prepare();
        PullProgress whole = new($"Receiving {image.Reference.Familiar}", progress);
        Dictionary<string, ByteRange> sources = [];
        IReadOnlyList<string> diffIds = image.Config.Rootfs?.DiffIds ?? [];
        ArchivedImage archived = new()
        {
            ConfigBytes = image.ConfigBytes,
            Config = image.Config,
            ConfigMediaType = image.Manifest.Config!.MediaType,
            ManifestBytes = image.Document.Content,
            ManifestMediaType = image.Document.MediaType,
            Layers = [.. image.Manifest.Layers.Select((layer, i) => new ArchivedLayer(Source(layer), layer.Digest, diffIds[i], layer.MediaType))],
            Names = [image.Reference.Digest is { } digest ? image.Reference.WithDigest(digest) : image.Reference],
        };
        if (options.AllPlatforms && image.Indexes.Count > 0)
        {
            IReadOnlyList<ArchivedImage> others = await RemoteImageReader.ReadOthersAsync(image, Source, cancellationToken);
            archived = archived with { Index = new ArchivedIndex([.. image.Indexes.Select(index => index.Content)], image.Indexes[0].MediaType, others) };
        }

        return new ReceivedImage(archived, DownloadAsync(downloads, cancellationToken));

        ByteRange Source(ImageDescriptor layer)
        {
            if (sources.TryGetValue(layer.Digest, out ByteRange? known)) return known;
            string display = $"The layer {layer.Digest[..19]} of {image.Reference.Familiar}";
            string stored = _layout.Blob(layer.Digest);
            // One of another size is damaged, and comes again.
            if (File.Exists(stored) && (new FileInfo(stored).Length == layer.Size || !_check.RemoveDamaged(layer.Digest, cancellationToken)))
            {
                StoredRange range = StoredRange.Open(stored, display);
                _stored.Add(range);
                return sources[layer.Digest] = range;
            }

            BlobDownload download = new(
                layer, image.Repositories, _folder, stored, ingest.NewPath("blob"), display, whole.Add(layer.Digest[..19], layer.Size));
            downloads.Add(download);
            return sources[layer.Digest] = download.Range;
        }
    }

    /// <summary>Several at once, in the order in which they are unpacked: the largest first.</summary>
    private Task DownloadAsync(List<BlobDownload> downloads, CancellationToken cancellationToken)
    {
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = session.Settings.Downloads };
        return Parallel.ForEachAsync(
            downloads.OrderByDescending(download => download.Blob.Size).ToList(), parallel, async (download, _) => await download.RunAsync(cancellationToken));
    }
}
