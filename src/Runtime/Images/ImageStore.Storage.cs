using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>What the store holds, piece by piece, and whether it is as it should be.</summary>
internal sealed partial class ImageStore
{
    /// <summary>An image as its pieces on the disk.</summary>
    /// <param name="Id">The digest of its configuration.</param>
    /// <param name="Digest">The digest of its manifest.</param>
    /// <param name="Names">Its names.</param>
    /// <param name="Config">Its configuration.</param>
    /// <param name="Pieces">Bytes of each of its blobs, by digest, and of each of its unpacked layers, by <c>layer:</c> and chain id.</param>
    internal sealed record StoredPieces(string Id, string Digest, IReadOnlyList<string> Names, ImageConfig Config, IReadOnlyDictionary<string, long> Pieces);

    /// <summary>The beginning of the key of an unpacked layer in <see cref="StoredPieces.Pieces"/>.</summary>
    internal const string LayerKey = "layer:";

    /// <summary>All images that can be read.</summary>
    internal IReadOnlyList<StoredPieces> ListPieces()
    {
        List<StoredPieces> images = [];
        foreach (IGrouping<string?, CatalogEntry> same in _catalog.Read().GroupBy(entry => entry.ManifestDigest))
        {
            CatalogEntry entry = same.First();
            string[] names = [.. same.Select(line => line.Reference?.Familiar).OfType<string>()];
            try
            {
                if (entry.ConfigDigest is not null) images.Add(Measure(entry, names));
            }
            catch (ContainerException error) when (error.Code is ErrorCode.ImageCorrupt or ErrorCode.StateCorrupt)
            {
                // It is told by who looks for damage; the others are listed all the same.
            }
        }

        return images;
    }

    /// <summary>All unpacked layers that there are, whether or not anything uses them, with their bytes.</summary>
    internal IEnumerable<(string Chain, long Size)> ListLayers() => _layers.Chains().Select(chain => (chain, _layers.Record(chain)?.Size ?? 0));

    /// <summary>Bytes of all blobs and unpacked layers.</summary>
    internal long SizeOnDisk()
        => (Directory.Exists(_layout.Blobs) ? new DirectoryInfo(_layout.Blobs).EnumerateFiles().Sum(file => file.Length) : 0) + ListLayers().Sum(layer => layer.Size);

    /// <summary>All of a multi-platform image that is kept with all of its platforms; null for any other.</summary>
    private ImagePieces? WholeOf(CatalogEntry entry)
        => entry.Descriptor is { } line && ImageMediaType.IsIndex(line.MediaType) ? ImagePieces.TryMake(_layout, line.Digest, line.MediaType) : null;

    private StoredPieces Measure(CatalogEntry entry, IReadOnlyList<string> names)
    {
        ImageManifest manifest = _catalog.Manifest(entry.ManifestDigest!);
        ImageConfig config = _catalog.Config(entry);
        Dictionary<string, long> pieces = [];
        foreach (string digest in manifest.Layers.Select(layer => layer.Digest).Append(entry.ConfigDigest!).Append(entry.ManifestDigest!))
        {
            FileInfo blob = new(_layout.Blob(digest));
            if (blob.Exists) pieces[digest] = blob.Length;
        }

        if (WholeOf(entry) is { } whole)
        {
            foreach (ImageDescriptor blob in whole.Blobs) pieces[blob.Digest] = blob.Size;
            foreach ((byte[] content, _, string digest) in whole.Manifests) pieces[digest] = content.Length;
        }

        foreach (string chain in ImageDigest.Chains(config.Rootfs?.DiffIds ?? [])) pieces[LayerKey + chain] = _layers.Record(chain)?.Size ?? 0;
        return new StoredPieces(entry.ConfigDigest!, entry.ManifestDigest!, names, config, pieces);
    }

    /// <summary>Looks for what is damaged, missing or left over, and puts right what can be.</summary>
    internal async Task<IReadOnlyList<ContainerStorageProblem>> TestAsync(bool repair, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        List<ContainerStorageProblem> problems = [];
        if (!Directory.Exists(_paths.Images)) return problems;
        // By digest, whether it is good: what several images share is read and told once.
        Dictionary<string, bool> good = [];
        Dictionary<string, int> missing = [];
        long read = 0;
        BlobCheck check = new(_paths);
        // What is being looked at is not swept away meanwhile.
        using (Hold(cancellationToken))
        {
            // Without the list it is not known what else there should be.
            if (!CheckIndex()) return problems;
            foreach (CatalogEntry entry in _catalog.Read()) await CheckImageAsync(entry, entry.Reference?.Familiar ?? entry.ManifestDigest!);
        }

        await CheckLeftoversAsync();
        // Afterwards: as long as the store has a layer, its download is of no use.
        CheckDownloads();
        return problems;

        bool CheckIndex()
        {
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), cancellationToken);
            try
            {
                _layout.ReadIndex();
                return true;
            }
            catch (ContainerException error) when (error.Code == ErrorCode.StateCorrupt)
            {
                if (!repair)
                {
                    problems.Add(new ContainerStorageProblem { Subject = error.Target!, Problem = error.Message, Repairable = true });
                    return false;
                }

                string aside = _layout.PutIndexAside();
                ImageIndex index = new IndexRecovery(_layout).Recover();
                _layout.WriteIndex(index);
                Tell(error.Target!, $"The list of images was damaged, and is {aside} now; {index.Manifests.Count} images are listed anew, without names: give them some with Add-ContainerImageTag.", true);
                return true;
            }
        }

        async Task CheckImageAsync(CatalogEntry entry, string name)
        {
            try
            {
                if (entry.Descriptor is { } line && line.Annotations?.ContainsKey(ImageLayout.Whole) == true) CheckWhole(line, name, 0);
                if (!CheckBlob(entry.ManifestDigest!, name)) return;
                ImageManifest manifest = _catalog.Manifest(entry.ManifestDigest!);
                if (entry.ConfigDigest is null || !CheckBlob(entry.ConfigDigest, name)) return;
                foreach (ImageDescriptor layer in manifest.Layers.Where(layer => ImageDigest.IsValid(layer.Digest))) CheckBlob(layer.Digest, name);
                await CheckLayersAsync(entry, name);
                if (WholeOf(entry) is not { } whole) return;
                foreach (string digest in whole.Manifests.Select(document => document.Digest).Concat(whole.Blobs.Select(blob => blob.Digest))) CheckBlob(digest, name);
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt)
            {
                problems.Add(new ContainerStorageProblem { Subject = name, Problem = error.Message, Repairable = false });
            }
        }

        // What was received with all platforms must have all of them.
        void CheckWhole(ImageDescriptor descriptor, string name, int depth)
        {
            if (depth > 8 || !ImageDigest.IsValid(descriptor.Digest) || !CheckBlob(descriptor.Digest, name)) return;
            if (ImageMediaType.IsIndex(descriptor.MediaType))
            {
                foreach (ImageDescriptor inner in _layout.ReadDocument(descriptor.Digest, ImageJson.Default.ImageIndex).Manifests) CheckWhole(inner, name, depth + 1);
                return;
            }

            ImageManifest manifest = _layout.ReadDocument(descriptor.Digest, ImageJson.Default.ImageManifest);
            if (manifest.Config is { } config && ImageDigest.IsValid(config.Digest)) CheckBlob(config.Digest, name);
            foreach (ImageDescriptor layer in manifest.Layers.Where(layer => ImageDigest.IsValid(layer.Digest))) CheckBlob(layer.Digest, name);
        }

        bool CheckBlob(string digest, string image)
        {
            if (good.TryGetValue(digest, out bool known)) return known;
            cancellationToken.ThrowIfCancellationRequested();
            bool? sound = check.IsSound(digest);
            if (sound is true)
            {
                read += new FileInfo(_layout.Blob(digest)).Length;
                progress?.Report(new EngineProgress("Testing storage", null, read, null));
            }

            // Out of the way: then whoever imports or receives the image again brings a good one.
            bool removed = sound is false && repair && check.RemoveDamaged(digest, cancellationToken);
            good[digest] = sound is true;
            if (sound is true) return true;
            string what = sound is null ? "is missing; import or receive the image again."
                : removed ? "is damaged and has been removed; import or receive the image again."
                : "is damaged; Test-ContainerStorage -Repair takes it away, then import or receive the image again.";
            problems.Add(new ContainerStorageProblem { Subject = image, Problem = $"The blob {digest} {what}", Repairable = false });
            return false;
        }

        // A line that another tool has written need not be true; of what came in here, the layer's record says that it is.
        void CheckPairs(CatalogEntry entry, string name, IReadOnlyList<string> chains)
        {
            IReadOnlyList<string> diffIds = _catalog.Config(entry).Rootfs?.DiffIds ?? [];
            IReadOnlyList<ImageDescriptor> layers = _catalog.Manifest(entry.ManifestDigest!).Layers;
            for (int i = 0; i < Math.Min(layers.Count, diffIds.Count); i++)
            {
                string blob = layers[i].Digest;
                if (blob == diffIds[i] || !good.GetValueOrDefault(blob) || _layers.IsKnown(chains[i], blob)) continue;
                StoredRange range = StoredRange.Open(_layout.Blob(blob), blob);
                try
                {
                    if (LayerDigest.OfUncompressed(range) != diffIds[i]) Lie(name, blob, diffIds[i]);
                }
                catch (ContainerException error) when (error.Code is ErrorCode.ArchiveCorrupt or ErrorCode.ImageUnsupported)
                {
                    Lie(name, blob, diffIds[i]);
                }
                finally
                {
                    range.Close();
                }
            }
        }

        void Lie(string name, string blob, string diffId) => problems.Add(new ContainerStorageProblem
        {
            Subject = name,
            Problem = $"The blob {blob} is not the layer {diffId} that the configuration says; do not trust the image, and remove it.",
            Repairable = false,
        });

        async Task CheckLayersAsync(CatalogEntry entry, string name)
        {
            IReadOnlyList<string> all = ImageDigest.Chains(_catalog.Config(entry).Rootfs?.DiffIds ?? []);
            // As the disk has it now, not as it was read before.
            foreach (string chain in all) _layers.Forget(chain);
            CheckPairs(entry, name, all);
            List<string> chains = [.. all.Where(chain => !_layers.Exists(chain))];
            if (chains.Count == 0) return;
            // One call restores all of the image's; whether it did, the disk tells.
            if (repair) await TryRestoreAsync(entry.ManifestDigest!);
            foreach (string chain in chains)
            {
                bool repaired = repair && _layers.Exists(chain);
                if (missing.TryAdd(chain, problems.Count))
                {
                    problems.Add(new ContainerStorageProblem { Subject = name, Problem = $"The unpacked layer {chain} is {(Directory.Exists(_layers.Folder(chain)) ? "damaged" : "missing")}.", Repairable = true, Repaired = repaired });
                }
                else if (repaired)
                {
                    // This image had what another lacked.
                    problems[missing[chain]] = problems[missing[chain]] with { Repaired = true };
                }
            }
        }

        // What processes that died have left half-way. Nobody counts on it, whatever else is damaged.
        void CheckUnfinished(StoreLock held)
        {
            List<(string Subject, string Problem)> left = [];
            left.AddRange(Ingest.Dead(_paths, held).Select(folder => (folder, "A change that was not finished has left this folder.")));
            left.AddRange(_layout.TemporaryFiles().Select(file => (file, "A change that was not finished has left this file.")));
            if (repair && left.Count > 0)
            {
                RemoveUnfinished(held);
                // It may have been half-way through publishing.
                MarkSweepPending();
            }

            foreach ((string subject, string problem) in left) Tell(subject, problem, repair);
        }

        void CheckDownloads()
        {
            DownloadFolder folder = new(_paths.Downloads);
            foreach (PartialDownload download in folder.List(_layout).Where(download => !download.InUse))
            {
                Tell(download.Digest, $"A pull has left {download.Size} bytes of this layer; the next one goes on from there.", repair && folder.TryRemove(download.Digest));
            }
        }

        void Tell(string subject, string problem, bool repaired)
            => problems.Add(new ContainerStorageProblem { Subject = subject, Problem = problem, Repairable = true, Repaired = repaired });

        async Task CheckLeftoversAsync()
        {
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), cancellationToken);
            CheckUnfinished(held);
            ReachablePieces reachable = new(_layout);
            List<ImageUse> uses = await _uses(cancellationToken).ToListAsync(cancellationToken);
            if (!reachable.Mark(_layout.ReadIndex()) || !uses.TrueForAll(reachable.MarkUsed)) return;
            IEnumerable<string> blobs = Directory.Exists(_layout.Blobs) ? Directory.EnumerateFiles(_layout.Blobs) : [];
            List<string> left = [.. blobs.Select(path => ImageDigest.Prefix + Path.GetFileName(path)).Where(digest => !reachable.Blobs.Contains(digest))];
            left.AddRange(_layers.Chains().Where(chain => !reachable.Layers.Contains(chain)));
            if (left.Count == 0 || IsSweepHeld()) return;
            Ingest? trash = null;
            // What is damaged may be what leads to the rest: then nothing is taken away before it is there again.
            if (repair && problems.TrueForAll(problem => problem.Repaired))
            {
                MarkSweepPending();
                trash = await SweepPendingAsync(held, cancellationToken);
            }

            using (trash)
            {
                bool swept = trash is not null && !File.Exists(Ingest.SweepPendingPath(_paths));
                foreach (string digest in left)
                {
                    problems.Add(new ContainerStorageProblem { Subject = digest, Problem = "No image or container uses it.", Repairable = true, Repaired = swept });
                }
            }
        }
    }

    private async Task TryRestoreAsync(string image)
    {
        try
        {
            await RestoreLayersAsync(image, CancellationToken.None);
        }
        catch (ContainerException error) when (
            error.Code is ErrorCode.ImageCorrupt or ErrorCode.ArchiveCorrupt or ErrorCode.DigestMismatch or ErrorCode.FileNotFound or ErrorCode.ImageNotFound)
        {
            // The blob that is to blame, or that the image has gone, is told apart from this.
        }
    }
}
