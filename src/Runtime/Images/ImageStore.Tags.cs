using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>Names and history of images.</summary>
internal sealed partial class ImageStore
{
    /// <inheritdoc/>
    public Task<ContainerImage> AddTagAsync(string image, string reference, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ImageReference name = ImageReference.Parse(reference);
        if (name.Digest is not null)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"'{reference}' has a digest; an image is named by a tag.", reference);
        }

        return Task.Run(() => ChangeIndex(image, index =>
        {
            CatalogEntry entry = ImageCatalog.Find(image, _catalog.Read(index));
            List<ImageDescriptor> manifests = [.. index.Manifests];
            List(manifests, entry.Descriptor! with { Annotations = WithoutName(entry.Descriptor!.Annotations) }, [name]);
            return (manifests, new CatalogEntry(_catalog, entry.ManifestDigest, name, null, entry.ConfigDigest));
        }, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ContainerImage> RemoveTagAsync(string reference, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ImageReference name = ImageReference.Parse(reference);
        return Task.Run(() => ChangeIndex(reference, index =>
        {
            CatalogEntry entry = _catalog.Read(index).FirstOrDefault(entry => entry.Reference?.ToString() == name.ToString())
                ?? throw new ContainerException(ErrorCode.ImageNotFound, $"There is no image '{reference}' on this machine; list what there is with Get-ContainerImage.", reference);
            List<ImageDescriptor> manifests = [.. index.Manifests];
            int place = manifests.IndexOf(entry.Descriptor!);
            manifests.RemoveAt(place);
            ImageDescriptor bare = entry.Descriptor! with { Annotations = WithoutName(entry.Descriptor!.Annotations) };
            // The last name: the image stays, without one.
            if (manifests.All(other => other.Digest != bare.Digest)) manifests.Insert(place, bare);
            return (manifests, new CatalogEntry(_catalog, entry.ManifestDigest, null, null, entry.ConfigDigest));
        }, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ContainerImageHistory>> GetHistoryAsync(string image, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CatalogEntry entry = _catalog.Find(image);
        ImageConfig config = _catalog.Config(entry);
        IReadOnlyList<string> diffIds = config.Rootfs?.DiffIds ?? [];
        IReadOnlyList<string> chains = ImageDigest.Chains(diffIds);
        List<ContainerImageHistory> history = [];
        int layer = 0;
        foreach (ImageHistory step in config.History ?? [])
        {
            bool made = !step.EmptyLayer && layer < diffIds.Count;
            history.Add(Step(step, made ? layer : -1));
            if (made) layer++;
        }

        // Builders need not write a history, or not of all layers.
        for (; layer < diffIds.Count; layer++) history.Add(Step(new ImageHistory(), layer));
        history.Reverse();
        return Task.FromResult<IReadOnlyList<ContainerImageHistory>>(history);

        ContainerImageHistory Step(ImageHistory step, int layer) => new()
        {
            ImageId = entry.ConfigDigest!,
            Image = entry.Reference?.Familiar ?? entry.ConfigDigest!.Substring(ImageDigest.Prefix.Length, 12),
            Index = history.Count + 1,
            CreatedAt = ImageCatalog.ParseTime(step.Created),
            CreatedBy = string.IsNullOrEmpty(step.CreatedBy) ? null : step.CreatedBy,
            Author = string.IsNullOrEmpty(step.Author) ? null : step.Author,
            Comment = string.IsNullOrEmpty(step.Comment) ? null : step.Comment,
            Size = layer < 0 ? 0 : _layers.Record(chains[layer])?.Size,
            Layer = layer < 0 ? null : diffIds[layer],
        };
    }

    /// <summary>Changes the list of images under the store's lock, in one step for every reader.</summary>
    private ContainerImage ChangeIndex(
        string subject, Func<ImageIndex, (IReadOnlyList<ImageDescriptor> Manifests, CatalogEntry Result)> change, CancellationToken cancellationToken)
    {
        // Where there is no store, looking up says that there is no such image.
        if (!Directory.Exists(_paths.Images)) throw MissingImage(subject);
        try
        {
            Ingest.EnsureFolders(_paths);
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), cancellationToken);
            ImageIndex index = _layout.ReadIndex();
            (IReadOnlyList<ImageDescriptor> manifests, CatalogEntry result) = change(index);
            ContainerImage image = _catalog.Image(result);
            _layout.WriteIndex(index with { Manifests = manifests });
            return image;
        }
        catch (Exception error) when (StoreErrors.Knows(error))
        {
            throw StoreErrors.Translate(error, _paths, subject);
        }
    }

    private ContainerException MissingImage(string subject)
    {
        try
        {
            _catalog.Find(subject);
        }
        catch (ContainerException error)
        {
            return error;
        }

        return new ContainerException(ErrorCode.ImageNotFound, $"There is no image '{subject}' on this machine.", subject);
    }
}
