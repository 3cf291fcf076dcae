using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Images;

namespace ContainerTools.Runtime.Storage;

/// <summary>
/// Says what a removal of everything that nobody uses takes away. Containers come first: an image or a volume that only they use is then unused, too. The bytes of
/// images are those of a sweep of the store as it would be then, so that they hold whatever its images share.
/// </summary>
/// <param name="services">The containers' records.</param>
/// <param name="images">The store.</param>
/// <param name="options">What is meant.</param>
internal sealed class StoragePlanner(ContainerServices services, ImageStore images, StorageClearOptions options)
{
    private static readonly ContainerStorageKind[] s_order =
        [ContainerStorageKind.Container, ContainerStorageKind.Image, ContainerStorageKind.Volume, ContainerStorageKind.Download];

    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

    /// <summary>The plan.</summary>
    /// <param name="items">All that takes up room.</param>
    /// <param name="uses">The containers that use images.</param>
    public ContainerStoragePlan Make(IReadOnlyList<ContainerStorageItem> items, IReadOnlyList<ImageUse> uses)
    {
        foreach (ContainerStorageKind kind in options.Kinds)
        {
            if (!s_order.Contains(kind)) throw CannotRemove(kind);
        }

        Dictionary<string, ContainerRecord> records = services.Store.Records().ToDictionary(record => record.Id);
        // A damaged container goes only by force, and keeps the volumes: it is not known which it mounts.
        bool damaged = records.Values.Any(record => record.Damage is not null);
        List<ContainerStorageItem> chosen = [];
        HashSet<string> gone = [];
        Dictionary<string, long> withContainer = [];
        foreach (ContainerStorageItem item in Of(ContainerStorageKind.Container))
        {
            if (item.InUse || !records.TryGetValue(item.Id, out ContainerRecord? record) || record.Damage is not null || !IsMeant(item)) continue;
            chosen.Add(item);
            gone.Add(item.Name);
        }

        // One that removes itself takes its own volumes along, unless another container has come to mount them.
        foreach (ContainerRecord record in chosen.Select(item => records[item.Id]).Where(record => record.Configuration.AutoRemove && !damaged).ToList())
        {
            foreach (string volume in record.AnonymousVolumes.Where(volume => !records.Values.Any(other => other.Id != record.Id && other.Mounts(volume))))
            {
                withContainer[volume] = items.FirstOrDefault(item => item.Kind == ContainerStorageKind.Volume && item.Id == volume)?.OwnSize ?? 0;
            }
        }

        chosen.AddRange(Of(ContainerStorageKind.Image).Where(IsFree));
        if (!damaged) chosen.AddRange(Of(ContainerStorageKind.Volume).Where(item => !withContainer.ContainsKey(item.Id) && IsFree(item)));
        chosen.AddRange(Of(ContainerStorageKind.Download).Where(item => !item.InUse && IsMeant(item)));
        return Measure(chosen, gone);

        IEnumerable<ContainerStorageItem> Of(ContainerStorageKind kind) => options.Kinds.Contains(kind) ? items.Where(item => item.Kind == kind) : [];

        bool IsFree(ContainerStorageItem item) => (options.All || item.Dangling) && item.UsedBy.All(gone.Contains) && IsMeant(item);

        ContainerStoragePlan Measure(List<ContainerStorageItem> chosen, HashSet<string> gone)
        {
            Dictionary<string, long> unused = SweepsAtTheEnd() ? SweepAfter(chosen, uses, gone) : [];
            Dictionary<string, IReadOnlyCollection<string>> pieces = images.ListPieces().ToDictionary(image => image.Digest, image => (IReadOnlyCollection<string>)[.. image.Pieces.Keys]);
            Dictionary<string, ImageUse> users = uses.ToDictionary(use => use.Container);
            List<ContainerStorageStep> steps = [];
            // What several of them hold goes with the last one.
            foreach (ContainerStorageItem item in Enumerable.Reverse(chosen))
            {
                long shared = 0;
                foreach (string piece in PiecesOf(item))
                {
                    if (unused.Remove(piece, out long size)) shared += size;
                }

                long own = item.Kind == ContainerStorageKind.Image ? 0 : item.OwnSize;
                if (item.Kind == ContainerStorageKind.Container) own += records[item.Id].AnonymousVolumes.Sum(volume => withContainer.GetValueOrDefault(volume));
                steps.Add(new ContainerStorageStep { Item = item, FreedSize = own + shared, SharedFreedSize = shared });
            }

            steps.Reverse();
            return new ContainerStoragePlan { Steps = steps, UnusedSize = unused.Values.Sum() };

            IEnumerable<string> PiecesOf(ContainerStorageItem item) => item.Kind switch
            {
                ContainerStorageKind.Image => pieces.GetValueOrDefault(item.Digest!) ?? [],
                ContainerStorageKind.Container when users.TryGetValue(item.Name, out ImageUse? use) => use.Layers.Select(chain => ImageStore.LayerKey + chain).Append(use.ImageId),
                _ => [],
            };
        }
    }

    /// <summary>The error of a kind that cannot be removed on its own.</summary>
    public static ContainerException CannotRemove(ContainerStorageKind kind)
        => new(ErrorCode.InvalidArgument, $"A {kind.ToString().ToLowerInvariant()} cannot be removed on its own; layers go with the last image or container that uses them.", kind.ToString());

    // Volumes and downloads have nothing to do with the store's pieces.
    private bool SweepsAtTheEnd() => options.Kinds.Contains(ContainerStorageKind.Image) || options.Kinds.Contains(ContainerStorageKind.Container);

    private Dictionary<string, long> SweepAfter(List<ContainerStorageItem> chosen, IReadOnlyList<ImageUse> uses, HashSet<string> gone)
    {
        HashSet<string> manifests = [.. chosen.Where(item => item.Kind == ContainerStorageKind.Image).Select(item => item.Digest!)];
        return images.PlanSweep(manifests.Contains, [.. uses.Where(use => !gone.Contains(use.Container))]);
    }

    private bool IsMeant(ContainerStorageItem item)
    {
        // An image without a date was made to be reproducible (ko, Nix, Bazel), and says nothing of its age: to Docker and Podman as well it is old.
        if (options.OlderThan is { } age && _now - item.CreatedAt <= age) return false;
        return options.Labels.All(label =>
        {
            string[] parts = label.Split('=', 2);
            return item.Labels.TryGetValue(parts[0], out string? value) && (parts.Length == 1 || value == parts[1]);
        });
    }
}
