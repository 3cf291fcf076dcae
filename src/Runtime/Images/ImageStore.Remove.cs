using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>Removal: first from the index, then what nothing refers to any more.</summary>
internal sealed partial class ImageStore
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContainerImage>> RemoveAsync(string image, ImageRemoveOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        // Disposed last, outside the lock: it deletes the layers that were moved into it.
        Ingest? trash = null;
        try
        {
            Ingest.EnsureFolders(_paths);
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths));
            ImageIndex index = _layout.ReadIndex();
            IReadOnlyList<CatalogEntry> entries = _catalog.Read(index);
            CatalogEntry found = options.OnlyUnnamed ? FindUnnamed(image, entries) : ImageCatalog.Find(image, entries);
            List<ImageUse> uses = await _uses(cancellationToken).ToListAsync(cancellationToken);
            List<CatalogEntry> lines = LinesToRemove(image, found, entries, uses, options);
            ContainerImage[] removed = [.. lines.Select(DescribeRemoved)];
            // From here on a crash leaves at most pieces without a use, and the mark that says so.
            if (!File.Exists(Ingest.SweepPendingPath(_paths))) MarkSweepPending();
            HashSet<ImageDescriptor> gone = [.. lines.Select(line => line.Descriptor!)];
            _layout.WriteIndex(index with { Manifests = [.. index.Manifests.Where(descriptor => !gone.Contains(descriptor))] });
            if (!options.KeepPieces) trash = await SweepPendingAsync(held, cancellationToken);
            return removed;
        }
        catch (Exception error) when (StoreErrors.Knows(error))
        {
            throw StoreErrors.Translate(error, _paths, image);
        }
        finally
        {
            trash?.Dispose();
        }
    }

    private static CatalogEntry FindUnnamed(string digest, IReadOnlyList<CatalogEntry> entries)
        => entries.FirstOrDefault(entry => entry.ManifestDigest == digest && entry.Reference is null)
            ?? throw new ContainerException(ErrorCode.ImageNotFound, $"There is no image without a name whose manifest is {digest}.", digest);

    private static List<CatalogEntry> LinesToRemove(
        string image, CatalogEntry found, IReadOnlyList<CatalogEntry> entries, List<ImageUse> uses, ImageRemoveOptions options)
    {
        bool force = options.Force;
        List<CatalogEntry> same = [.. entries.Where(entry => found.ConfigDigest is null || options.OnlyUnnamed
            ? entry.ManifestDigest == found.ManifestDigest
            : entry.ConfigDigest == found.ConfigDigest)];
        if (options.OnlyUnnamed) same.RemoveAll(entry => entry.Reference is not null);
        // A name among several is only a name.
        if (same.Count > 1 && ImageCatalog.IsNamed(found, image)) return [found];
        string[] names = [.. same.Select(entry => entry.Reference?.Familiar).OfType<string>()];
        if (names.Length > 1 && !force)
        {
            throw new ContainerException(
                ErrorCode.ImageInUse,
                $"The image '{image}' has several names ({string.Join(", ", names)}); remove them one by one, or all of them with -Force.", image);
        }

        foreach (ImageUse use in uses.OrderByDescending(use => use.Running))
        {
            if (use.ImageId != found.ConfigDigest) continue;
            if (use.Running)
            {
                throw new ContainerException(
                    ErrorCode.ImageInUse, $"The image '{image}' is used by the running container '{use.Container}'; stop and remove that first.", image);
            }

            if (!force)
            {
                throw new ContainerException(
                    ErrorCode.ImageInUse, $"The image '{image}' is used by the container '{use.Container}'; remove that first, or use -Force.", image);
            }
        }

        return same;
    }

    /// <summary>What was removed; of a damaged image as much as is known.</summary>
    private ContainerImage DescribeRemoved(CatalogEntry entry)
    {
        try
        {
            return _catalog.Image(entry);
        }
        catch (ContainerException error) when (error.Code is ErrorCode.ImageCorrupt or ErrorCode.StateCorrupt)
        {
            return new ContainerImage
            {
                Id = entry.ConfigDigest ?? entry.ManifestDigest!,
                Digest = entry.ManifestDigest!,
                Reference = entry.Reference?.Familiar,
                Repository = entry.Reference?.FamiliarRepository,
                Tag = entry.Reference?.Tag,
                Size = 0,
                OperatingSystem = "",
                Architecture = "",
                Layers = [],
                Labels = new Dictionary<string, string>(),
                Configuration = new ImageConfiguration(),
            };
        }
    }
}
