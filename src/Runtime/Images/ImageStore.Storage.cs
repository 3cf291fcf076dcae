using System.Security.Cryptography;
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
            if (entry.ConfigDigest is null) continue;
            ImageManifest manifest = _catalog.Manifest(entry.ManifestDigest!);
            ImageConfig config = _catalog.Config(entry);
            Dictionary<string, long> pieces = [];
            foreach (string digest in manifest.Layers.Select(layer => layer.Digest).Append(entry.ConfigDigest).Append(entry.ManifestDigest!))
            {
                FileInfo blob = new(_layout.Blob(digest));
                if (blob.Exists) pieces[digest] = blob.Length;
            }

            foreach (string chain in ImageDigest.Chains(config.Rootfs?.DiffIds ?? [])) pieces[LayerKey + chain] = _layers.Record(chain)?.Size ?? 0;
            images.Add(new StoredPieces(entry.ConfigDigest, entry.ManifestDigest!, [.. same.Select(line => line.Reference?.Familiar).OfType<string>()], config, pieces));
        }

        return images;
    }

    /// <summary>Looks for what is damaged, missing or left over, and puts right what can be.</summary>
    internal async Task<IReadOnlyList<ContainerStorageProblem>> TestAsync(bool repair, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        List<ContainerStorageProblem> problems = [];
        if (!Directory.Exists(_paths.Images)) return problems;
        HashSet<string> seen = [];
        long read = 0;
        foreach (CatalogEntry entry in _catalog.Read())
        {
            string name = entry.Reference?.Familiar ?? entry.ManifestDigest!;
            if (!CheckBlob(entry.ManifestDigest!, name)) continue;
            if (entry.ConfigDigest is null || !CheckBlob(entry.ConfigDigest, name)) continue;
            foreach (ImageDescriptor layer in _catalog.Manifest(entry.ManifestDigest!).Layers) CheckBlob(layer.Digest, name);
            await CheckLayersAsync(entry, name);
        }

        await CheckLeftoversAsync();
        return problems;

        bool CheckBlob(string digest, string image)
        {
            if (!seen.Add(digest)) return true;
            string path = _layout.Blob(digest);
            if (!File.Exists(path))
            {
                problems.Add(new ContainerStorageProblem { Subject = image, Problem = $"The blob {digest} is missing; import or receive the image again.", Repairable = false });
                return false;
            }

            cancellationToken.ThrowIfCancellationRequested();
            using (FileStream file = File.OpenRead(path))
            {
                read += file.Length;
                if (ImageDigest.Format(SHA256.HashData(file)) == digest)
                {
                    progress?.Report(new EngineProgress("Testing storage", null, read, null));
                    return true;
                }
            }

            // Out of the way: then whoever imports or receives the image again brings a good one.
            if (repair) File.Delete(path);
            problems.Add(new ContainerStorageProblem
            {
                Subject = image,
                Problem = $"The blob {digest} is damaged{(repair ? " and has been removed" : "")}; import or receive the image again.",
                Repairable = false,
            });
            return false;
        }

        async Task CheckLayersAsync(CatalogEntry entry, string name)
        {
            foreach (string chain in ImageDigest.Chains(_catalog.Config(entry).Rootfs?.DiffIds ?? []))
            {
                if (_layers.Exists(chain) && Directory.Exists(_layers.Diff(chain))) continue;
                bool repaired = repair && await TryRestoreAsync(name);
                problems.Add(new ContainerStorageProblem { Subject = name, Problem = $"The unpacked layer {chain} is missing.", Repairable = true, Repaired = repaired });
                // One call restores all of the image's.
                if (repaired) return;
            }
        }

        async Task CheckLeftoversAsync()
        {
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths));
            ReachablePieces reachable = new(_layout);
            List<ImageUse> uses = await _uses(cancellationToken).ToListAsync(cancellationToken);
            if (!reachable.Mark(_layout.ReadIndex()) || !uses.TrueForAll(reachable.MarkUsed)) return;
            IEnumerable<string> blobs = Directory.Exists(_layout.Blobs) ? Directory.EnumerateFiles(_layout.Blobs) : [];
            List<string> left = [.. blobs.Select(path => ImageDigest.Prefix + Path.GetFileName(path)).Where(digest => !reachable.Blobs.Contains(digest))];
            left.AddRange(_layers.Chains().Where(chain => !reachable.Layers.Contains(chain)));
            if (left.Count == 0) return;
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

    private async Task<bool> TryRestoreAsync(string image)
    {
        try
        {
            await RestoreLayersAsync(image, CancellationToken.None);
            return true;
        }
        catch (ContainerException error) when (error.Code is ErrorCode.ImageCorrupt or ErrorCode.ArchiveCorrupt or ErrorCode.DigestMismatch or ErrorCode.FileNotFound)
        {
            return false;
        }
    }
}
