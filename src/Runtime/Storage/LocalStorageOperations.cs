using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Containers.Operations;
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
        IReadOnlyList<ImageUse> uses = await images.ListUsesAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ContainerVolume> volumes = await engine.Volumes.ListAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run<IReadOnlyList<ContainerStorageItem>>(
            () =>
            {
                IReadOnlyList<ImageStore.StoredPieces> stored = images.ListPieces();
                return [.. Images(stored, containers), .. Layers(stored, uses), .. containers.Select(Measure), .. volumes.Select(MeasureVolume), .. _downloads.List(new ImageLayout(services.Paths.Images)).Select(Describe)];
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
            UsedBy = volume.Containers,
            Dangling = volume.Anonymous,
            Labels = volume.Labels,
        };
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContainerStorageUsage>> GetUsageAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ContainerStorageItem> items = await ListAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ImageUse> uses = await images.ListUsesAsync(cancellationToken).ConfigureAwait(false);
        HashSet<string> unused = [.. items.Where(item => item.Kind == ContainerStorageKind.Image && !item.InUse).Select(item => item.Digest!)];
        // With what no image holds any more, whether or not a container still does: only a sweep tells which.
        (long size, Dictionary<string, long> reclaimable) = await Task.Run(() => (images.SizeOnDisk(), images.PlanSweep(unused.Contains, uses)), cancellationToken).ConfigureAwait(false);
        return
        [
            Sum(ContainerStorageKind.Image) with { Size = size, Reclaimable = reclaimable.Values.Sum() },
            Sum(ContainerStorageKind.Layer) with { Reclaimable = reclaimable.Where(piece => piece.Key.StartsWith(ImageStore.LayerKey, StringComparison.Ordinal)).Sum(piece => piece.Value) },
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
    public async Task<ContainerStoragePlan> PlanClearAsync(StorageClearOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<ContainerStorageItem> items = await ListAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ImageUse> uses = await images.ListUsesAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => new StoragePlanner(services, images, options).Make(items, uses), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task RemoveAsync(ContainerStorageItem item, CancellationToken cancellationToken) => item.Kind switch
    {
        ContainerStorageKind.Container => Task.Run(() => RemoveOperation.RemoveAsync(services, item.Id, new ContainerRemoveOptions(), cancellationToken), cancellationToken),
        ContainerStorageKind.Volume => engine.Volumes.RemoveAsync(item.Id, cancellationToken),
        ContainerStorageKind.Image when item.Digest is { } manifest => Task.Run(() => images.RemoveLinesAsync(manifest, item.Names, cancellationToken), cancellationToken),
        ContainerStorageKind.Download => RemoveDownloadAsync(item.Id, cancellationToken),
        _ => throw StoragePlanner.CannotRemove(item.Kind),
    };

    private Task RemoveDownloadAsync(string digest, CancellationToken cancellationToken)
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
        ILookup<string, string> usedBy = containers.ToLookup(container => container.ImageId, container => container.Name);
        foreach (ImageStore.StoredPieces image in stored)
        {
            yield return new ContainerStorageItem
            {
                Kind = ContainerStorageKind.Image,
                Id = image.Id,
                Digest = image.Digest,
                Name = image.Names.Count > 0 ? image.Names[0] : image.Id.Substring(ImageDigest.Prefix.Length, 12),
                Names = image.Names,
                Size = image.Pieces.Values.Sum(),
                SharedSize = image.Pieces.Where(piece => users[piece.Key] > 1).Sum(piece => piece.Value),
                CreatedAt = ImageCatalog.ParseTime(image.Config.Created),
                InUse = usedBy[image.Id].Any(),
                UsedBy = [.. usedBy[image.Id]],
                Dangling = image.Names.Count == 0,
                Labels = image.Config.Config?.Labels ?? new Dictionary<string, string>(),
            };
        }
    }

    private IEnumerable<ContainerStorageItem> Layers(IReadOnlyList<ImageStore.StoredPieces> stored, IReadOnlyList<ImageUse> uses)
    {
        Dictionary<string, int> users = Users(stored);
        HashSet<string> kept = [.. uses.SelectMany(use => use.Layers)];
        foreach ((string chain, long size) in images.ListLayers())
        {
            int count = users.GetValueOrDefault(ImageStore.LayerKey + chain);
            yield return new ContainerStorageItem
            {
                Kind = ContainerStorageKind.Layer,
                Id = chain,
                Name = chain.Substring(ImageDigest.Prefix.Length, 12),
                Size = size,
                SharedSize = count > 1 ? size : 0,
                InUse = count > 0 || kept.Contains(chain),
            };
        }
    }

    private static Dictionary<string, int> Users(IEnumerable<ImageStore.StoredPieces> stored)
        => stored.SelectMany(image => image.Pieces.Keys).GroupBy(key => key).ToDictionary(group => group.Key, group => group.Count());
}
