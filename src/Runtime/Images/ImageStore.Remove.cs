using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>Removal: first from the index, then what nothing refers to any more.</summary>
internal sealed partial class ImageStore
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<ContainerImage>> RemoveAsync(string image, ImageRemoveOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        return RemoveAsync(image, (entries, uses) => LinesToRemove(image, ImageCatalog.Find(image, entries), entries, uses, options.Force), options.KeepPieces, cancellationToken);
    }

    /// <summary>
    /// Removes the lines of one manifest that have one of these names or none, unless that was the last of an image that a container uses. What the image has been
    /// called meanwhile stays, and so does another image that has got one of the names. Its pieces stay until a sweep.
    /// </summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageNotFound"/>, <see cref="ErrorCode.ImageInUse"/>.</exception>
    internal Task RemoveLinesAsync(string manifest, IReadOnlyCollection<string> names, CancellationToken cancellationToken) => RemoveAsync(
        manifest,
        (entries, uses) =>
        {
            List<CatalogEntry> lines = [.. entries.Where(entry => entry.ManifestDigest == manifest && (entry.Reference is null || names.Contains(entry.Reference.Familiar)))];
            string subject = names.FirstOrDefault() ?? manifest;
            if (lines.Count == 0) throw new ContainerException(ErrorCode.ImageNotFound, $"The image '{subject}' is not there any more.", subject);
            if (!entries.Except(lines).Any(entry => entry.ConfigDigest == lines[0].ConfigDigest)) CheckUnused(subject, lines[0], uses, force: false);
            return lines;
        },
        keepPieces: true, cancellationToken);

    private async Task<IReadOnlyList<ContainerImage>> RemoveAsync(
        string image, Func<IReadOnlyList<CatalogEntry>, List<ImageUse>, List<CatalogEntry>> choose, bool keepPieces, CancellationToken cancellationToken)
    {
        // Disposed last, outside the lock: it deletes the layers that were moved into it.
        Ingest? trash = null;
        try
        {
            Ingest.EnsureFolders(_paths);
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), cancellationToken);
            ImageIndex index = _layout.ReadIndex();
            List<CatalogEntry> lines = choose(_catalog.Read(index), await _uses(cancellationToken).ToListAsync(cancellationToken));
            ContainerImage[] removed = [.. lines.Select(DescribeRemoved)];
            // From here on a crash leaves at most pieces without a use, and the mark that says so.
            if (!File.Exists(Ingest.SweepPendingPath(_paths))) MarkSweepPending();
            HashSet<ImageDescriptor> gone = [.. lines.Select(line => line.Descriptor!)];
            _layout.WriteIndex(index with { Manifests = [.. index.Manifests.Where(descriptor => !gone.Contains(descriptor))] });
            if (!keepPieces) trash = await SweepPendingAsync(held, cancellationToken);
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

    private static List<CatalogEntry> LinesToRemove(string image, CatalogEntry found, IReadOnlyList<CatalogEntry> entries, List<ImageUse> uses, bool force)
    {
        List<CatalogEntry> same = [.. entries.Where(entry => found.ConfigDigest is null
            ? entry.ManifestDigest == found.ManifestDigest
            : entry.ConfigDigest == found.ConfigDigest)];
        // A name among several is only a name.
        if (same.Count > 1 && ImageCatalog.IsNamed(found, image)) return [found];
        string[] names = [.. same.Select(entry => entry.Reference?.Familiar).OfType<string>()];
        if (names.Length > 1 && !force)
        {
            throw new ContainerException(
                ErrorCode.ImageInUse,
                $"The image '{image}' has several names ({string.Join(", ", names)}); remove them one by one, or all of them with -Force.", image);
        }

        CheckUnused(image, found, uses, force);
        return same;
    }

    private static void CheckUnused(string image, CatalogEntry found, List<ImageUse> uses, bool force)
    {
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
