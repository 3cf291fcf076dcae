using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>
/// Taking away what nothing refers to any more. It waits while anybody counts on such pieces: an import that has found a layer in
/// the store, a container that is being made from an image that has just been removed. Whoever comes next makes up for it.
/// </summary>
internal sealed partial class ImageStore
{
    /// <inheritdoc/>
    public IDisposable Hold(CancellationToken cancellationToken)
    {
        Ingest.EnsureFolders(_paths);
        return StoreLock.TakeShared(Ingest.SweepLockPath(_paths), cancellationToken);
    }

    private void MarkSweepPending()
    {
        File.WriteAllBytes(Ingest.SweepPendingPath(_paths), []);
        AtomicFile.SyncFolder(Path.GetDirectoryName(Ingest.SweepPendingPath(_paths))!);
    }

    /// <summary>Begins a change, after clearing away what processes that died have left.</summary>
    private async Task<Ingest> BeginIngestAsync(CancellationToken cancellationToken)
    {
        Ingest.EnsureFolders(_paths);
        Ingest? trash = null;
        try
        {
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), cancellationToken);
            _layout.Ensure();
            // One that died may have been half-way through publishing.
            if (RemoveUnfinished(held)) MarkSweepPending();
            trash = await SweepPendingAsync(held, cancellationToken);
            return Ingest.Begin(_paths, held, hold: true, cancellationToken);
        }
        finally
        {
            trash?.Dispose();
        }
    }

    /// <summary>Removes what processes that died have left half-way.</summary>
    /// <returns>Whether there was something: then the store may hold pieces that nothing refers to.</returns>
    private bool RemoveUnfinished(StoreLock held)
    {
        foreach (string file in _layout.TemporaryFiles()) File.Delete(file);
        return Ingest.RemoveDead(_paths, held);
    }

    /// <summary>Makes up for a sweep that could not be while an import went on.</summary>
    private async Task SweepAfterwardsAsync()
    {
        if (!File.Exists(Ingest.SweepPendingPath(_paths))) return;
        Ingest? trash = null;
        try
        {
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), CancellationToken.None);
            trash = await SweepPendingAsync(held, CancellationToken.None);
        }
        finally
        {
            trash?.Dispose();
        }
    }

    /// <summary>
    /// Sweeps whether or not a change has asked for it: what an image that was removed by force has left to a container, nobody asks for when the container goes.
    /// </summary>
    /// <returns>The bytes that are free now.</returns>
    internal async Task<long> RemoveUnusedAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(_paths.Images)) return 0;
        Ingest.EnsureFolders(_paths);
        Ingest? trash = null;
        try
        {
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), cancellationToken);
            if (!File.Exists(Ingest.SweepPendingPath(_paths))) MarkSweepPending();
            trash = await SweepPendingAsync(held, cancellationToken);
            return trash?.Freed ?? 0;
        }
        catch (Exception error) when (StoreErrors.Knows(error))
        {
            throw StoreErrors.Translate(error, _paths, _paths.Images);
        }
        finally
        {
            trash?.Dispose();
        }
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(string imageId, CancellationToken cancellationToken)
    {
        if (!File.Exists(Ingest.SweepPendingPath(_paths)))
        {
            if (!KeptImages.Has(_paths, imageId)) return;
            // Another container may still keep it: then there is nothing to be found.
            if (imageId.Length > 0 && await _uses(cancellationToken).AnyAsync(use => use.ImageId == imageId, cancellationToken)) return;
        }

        await Task.Run(() => RemoveUnusedAsync(cancellationToken), cancellationToken);
    }

    /// <summary>Sweeps, if that is pending and nobody counts on anything.</summary>
    /// <returns>The folder that holds what is still to be deleted; dispose it after the lock.</returns>
    private async Task<Ingest?> SweepPendingAsync(StoreLock held, CancellationToken cancellationToken)
    {
        if (!File.Exists(Ingest.SweepPendingPath(_paths))) return null;
        using StoreLock? alone = StoreLock.TryTake(Ingest.SweepLockPath(_paths));
        // The file is made by the first who holds it.
        if (alone is null && File.Exists(Ingest.SweepLockPath(_paths))) return null;
        Ingest trash = Ingest.Begin(_paths, held, hold: false, cancellationToken);
        try
        {
            if (Sweep(trash, await _uses(cancellationToken).ToListAsync(cancellationToken))) File.Delete(Ingest.SweepPendingPath(_paths));
            return trash;
        }
        catch
        {
            trash.Dispose();
            throw;
        }
    }

    /// <summary>Whether somebody counts on pieces without a use at this moment.</summary>
    private bool IsSweepHeld()
    {
        using StoreLock? alone = StoreLock.TryTake(Ingest.SweepLockPath(_paths));
        return alone is null && File.Exists(Ingest.SweepLockPath(_paths));
    }

    /// <returns>False when a document cannot be read, so that it is not known what is still needed.</returns>
    private bool Sweep(Ingest trash, IReadOnlyList<ImageUse> uses)
    {
        ReachablePieces reachable = new(_layout);
        if (!reachable.Mark(_layout.ReadIndex())) return false;
        HashSet<string> kept = [.. uses.Select(use => use.ImageId).Where(image => ImageDigest.IsValid(image) && !reachable.Blobs.Contains(image))];
        if (!uses.All(reachable.MarkUsed)) return false;
        foreach (FileInfo blob in UnusedBlobs(reachable))
        {
            trash.Freed += blob.Length;
            blob.Delete();
        }

        if (Directory.Exists(_layout.Blobs)) AtomicFile.SyncFolder(_layout.Blobs);
        // Here again, or of no image any more.
        foreach (string path in Directory.Exists(_layout.LostBlobs) ? Directory.GetFiles(_layout.LostBlobs) : [])
        {
            string digest = ImageDigest.Prefix + Path.GetFileName(path);
            if (!ImageDigest.IsValid(digest) || !reachable.Blobs.Contains(digest) || File.Exists(_layout.Blob(digest))) File.Delete(path);
        }

        foreach (string chain in UnusedLayers(reachable))
        {
            trash.Freed += _layers.Record(chain)?.Size ?? 0;
            _layers.Forget(chain);
            Directory.Move(_layers.Folder(chain), trash.NewPath("layer"));
        }

        AtomicFile.SyncFolder(_paths.Layers);
        KeptImages.Write(_paths, kept);
        return true;
    }

    /// <summary>What a sweep would remove.</summary>
    /// <param name="goes">Which manifests are to be taken for removed.</param>
    /// <param name="uses">The containers that are to be taken for those that there are.</param>
    /// <returns>
    /// The bytes of each blob, by digest, and of each unpacked layer, by <see cref="LayerKey"/> and chain id; nothing where a document cannot be read, because
    /// then nothing is swept.
    /// </returns>
    internal Dictionary<string, long> PlanSweep(Func<string, bool> goes, IReadOnlyList<ImageUse> uses)
    {
        Dictionary<string, long> unused = [];
        ReachablePieces reachable = new(_layout);
        ImageIndex index = _layout.ReadIndex();
        HashSet<ImageDescriptor> gone = [.. _catalog.Read(index).Where(entry => goes(entry.ManifestDigest!)).Select(entry => entry.Descriptor!)];
        if (!reachable.Mark(index with { Manifests = [.. index.Manifests.Where(line => !gone.Contains(line))] }) || !uses.All(reachable.MarkUsed)) return unused;
        foreach (FileInfo blob in UnusedBlobs(reachable)) unused[ImageDigest.Prefix + blob.Name] = blob.Length;
        foreach (string chain in UnusedLayers(reachable)) unused[LayerKey + chain] = _layers.Record(chain)?.Size ?? 0;
        return unused;
    }

    /// <summary>The containers that use images.</summary>
    internal ValueTask<List<ImageUse>> ListUsesAsync(CancellationToken cancellationToken) => _uses(cancellationToken).ToListAsync(cancellationToken);

    private List<FileInfo> UnusedBlobs(ReachablePieces reachable) => Directory.Exists(_layout.Blobs)
        ? [.. new DirectoryInfo(_layout.Blobs).EnumerateFiles()
            .Where(file => ImageDigest.Prefix + file.Name is string digest && ImageDigest.IsValid(digest) && !reachable.Blobs.Contains(digest))]
        : [];

    private List<string> UnusedLayers(ReachablePieces reachable) => [.. _layers.Chains().Where(chain => !reachable.Layers.Contains(chain))];
}
