using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry;

namespace ContainerTools.Runtime.Storage;

/// <summary>The room that the engine takes up on this machine.</summary>
internal sealed class LocalStorageOperations(ContainerServices services, ImageStore images, IContainerEngine engine) : IStorageOperations
{
    private readonly DownloadFolder _downloads = new(services.Paths.Downloads);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContainerStorageItem>> ListAsync(CancellationToken cancellationToken)
    {
        List<Container> containers = await engine.Containers.ListAsync(ContainerFilter.All, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ContainerVolume> volumes = await engine.Volumes.ListAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run<IReadOnlyList<ContainerStorageItem>>(
            () =>
            {
                IReadOnlyList<ImageStore.StoredPieces> stored = images.ListPieces();
                return [.. Images(stored, containers), .. Layers(stored), .. containers.Select(Measure), .. volumes.Select(MeasureVolume), .. _downloads.List(new ImageLayout(services.Paths.Images)).Select(Describe)];
            }, cancellationToken).ConfigureAwait(false);

        ContainerStorageItem Measure(Container container) => new()
        {
            Kind = ContainerStorageKind.Container,
            Id = container.Id,
            Name = container.Name,
            Size = FolderSize.Of(services.Paths.Container(container.Id), cancellationToken),
            CreatedAt = container.CreatedAt,
            InUse = container.State is not (ContainerState.Created or ContainerState.Exited),
            Labels = container.Labels,
        };

        ContainerStorageItem MeasureVolume(ContainerVolume volume) => new()
        {
            Kind = ContainerStorageKind.Volume,
            Id = volume.Name,
            Name = volume.Name,
            Size = volume.MountPoint is null ? 0 : FolderSize.Of(volume.MountPoint, cancellationToken),
            CreatedAt = volume.CreatedAt,
            InUse = volume.Containers.Count > 0,
            Dangling = volume.Anonymous,
            Labels = volume.Labels,
        };
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContainerStorageUsage>> GetUsageAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ContainerStorageItem> items = await ListAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ImageStore.StoredPieces> stored = images.ListPieces();
        HashSet<string> used = [.. items.Where(item => item.Kind == ContainerStorageKind.Image && item.InUse).Select(item => item.Id)];
        Dictionary<string, long> all = Pieces(stored);
        Dictionary<string, long> needed = Pieces(stored.Where(image => used.Contains(image.Id)));
        return
        [
            Sum(ContainerStorageKind.Image) with { Size = all.Values.Sum(), Reclaimable = all.Values.Sum() - needed.Values.Sum() },
            Sum(ContainerStorageKind.Container),
            Sum(ContainerStorageKind.Volume),
            Sum(ContainerStorageKind.Download),
        ];

        ContainerStorageUsage Sum(ContainerStorageKind kind)
        {
            List<ContainerStorageItem> these = [.. items.Where(item => item.Kind == kind)];
            return new ContainerStorageUsage
            {
                Kind = kind,
                Count = these.Count,
                InUse = these.Count(item => item.InUse),
                Size = these.Sum(item => item.Size),
                Reclaimable = these.Where(item => !item.InUse).Sum(item => item.OwnSize),
            };
        }
    }

    /// <inheritdoc/>
    public Task RemoveDownloadAsync(string digest, CancellationToken cancellationToken)
    {
        if (!ImageDigest.IsValid(digest)) throw new ContainerException(ErrorCode.InvalidArgument, $"'{digest}' is no digest of a layer.", digest);
        return Task.Run(
            () =>
            {
                if (_downloads.TryRemove(digest)) return;
                throw new ContainerException(ErrorCode.ImageInUse, $"The layer {digest} is being received; wait for the end of that.", digest);
            }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long> RemoveUnusedAsync(CancellationToken cancellationToken) => Task.Run(() => images.RemoveUnusedAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContainerStorageProblem>> TestAsync(bool repair, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        List<ContainerStorageProblem> problems = [.. await images.TestAsync(repair, progress, cancellationToken).ConfigureAwait(false)];
        // Listing clears away what was half made or half removed.
        foreach (ContainerRecord record in services.Store.List())
        {
            if (record.Damage is { } damage)
            {
                problems.Add(new ContainerStorageProblem { Subject = record.Name, Problem = damage, Repairable = false });
                continue;
            }

            foreach (string layer in services.LayerFolders(record).Where(layer => !Directory.Exists(layer)))
            {
                problems.Add(new ContainerStorageProblem { Subject = record.Name, Problem = $"The container's layer {layer} is missing; import its image again.", Repairable = false });
            }
        }

        foreach (ContainerVolume volume in await engine.Volumes.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (volume.Damage is { } wrong) problems.Add(new ContainerStorageProblem { Subject = volume.Name, Problem = wrong, Repairable = false });
        }

        foreach (string rest in services.Volumes.Unfinished(repair))
        {
            problems.Add(new ContainerStorageProblem { Subject = rest, Problem = "The making of a volume that was not finished has left this folder.", Repairable = true, Repaired = repair });
        }

        return problems;
    }

    private static ContainerStorageItem Describe(PartialDownload download) => new()
    {
        Kind = ContainerStorageKind.Download,
        Id = download.Digest,
        Name = download.Digest.Substring(ImageDigest.Prefix.Length, 12),
        Size = download.Size,
        CreatedAt = new DateTimeOffset(download.ChangedAt, TimeSpan.Zero),
        InUse = download.InUse,
        Dangling = true,
    };

    private static IEnumerable<ContainerStorageItem> Images(IReadOnlyList<ImageStore.StoredPieces> stored, List<Container> containers)
    {
        Dictionary<string, int> users = Users(stored);
        foreach (ImageStore.StoredPieces image in stored)
        {
            yield return new ContainerStorageItem
            {
                Kind = ContainerStorageKind.Image,
                Id = image.Id,
                Digest = image.Digest,
                Name = image.Names.Count > 0 ? string.Join(", ", image.Names) : image.Id.Substring(ImageDigest.Prefix.Length, 12),
                Size = image.Pieces.Values.Sum(),
                SharedSize = image.Pieces.Where(piece => users[piece.Key] > 1).Sum(piece => piece.Value),
                CreatedAt = ImageCatalog.ParseTime(image.Config.Created),
                InUse = containers.Exists(container => container.ImageId == image.Id),
                Dangling = image.Names.Count == 0,
                Labels = image.Config.Config?.Labels ?? new Dictionary<string, string>(),
            };
        }
    }

    private static IEnumerable<ContainerStorageItem> Layers(IReadOnlyList<ImageStore.StoredPieces> stored)
    {
        Dictionary<string, int> users = Users(stored);
        foreach ((string key, long size) in Pieces(stored))
        {
            if (!key.StartsWith(ImageStore.LayerKey, StringComparison.Ordinal)) continue;
            string chain = key[ImageStore.LayerKey.Length..];
            yield return new ContainerStorageItem
            {
                Kind = ContainerStorageKind.Layer,
                Id = chain,
                Name = chain.Substring(ImageDigest.Prefix.Length, 12),
                Size = size,
                SharedSize = users[key] > 1 ? size : 0,
                InUse = true,
            };
        }
    }

    private static Dictionary<string, int> Users(IEnumerable<ImageStore.StoredPieces> stored)
        => stored.SelectMany(image => image.Pieces.Keys).GroupBy(key => key).ToDictionary(group => group.Key, group => group.Count());

    private static Dictionary<string, long> Pieces(IEnumerable<ImageStore.StoredPieces> stored)
    {
        Dictionary<string, long> pieces = [];
        foreach (ImageStore.StoredPieces image in stored)
        {
            foreach ((string key, long size) in image.Pieces) pieces[key] = size;
        }

        return pieces;
    }
}
