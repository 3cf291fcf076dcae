using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// Snapshots of btrfs. Beside a layer's <c>diff</c>, the subvolume <c>merged</c> holds it together with all layers below; it is
/// made when the layer is first used, as a snapshot of the one below with the layer copied over it. A container's <c>rootfs</c> is a
/// snapshot of its uppermost layer's.
/// </summary>
internal sealed class BtrfsDriver : IStorageDriver
{
    private const string RootFolder = "rootfs";
    private const string Merged = "merged";
    private const string Unfinished = "merging";
    private const string LockName = "merge.lock";

    /// <inheritdoc/>
    public string Name => "btrfs";

    /// <inheritdoc/>
    public void Prepare(string containerFolder, IReadOnlyList<string> layers, uint owner, CancellationToken cancellationToken)
    {
        string root = Path.Combine(containerFolder, RootFolder);
        // A mount point may have been made of the same name.
        if (Directory.Exists(root)) FolderRemoval.Remove(root);
        using SafeFileHandle folder = Open(containerFolder);
        if (layers.Count == 0)
        {
            Check(Libc.CreateSubvolume(folder, RootFolder), "ioctl(BTRFS_IOC_SUBVOL_CREATE)", root);
            // No layer says how it is to be, and the umask must not.
            File.SetUnixFileMode(root, NewFolder.Public);
        }
        else
        {
            using SafeFileHandle merged = Open(Merge(layers, 0, cancellationToken));
            Check(Libc.Snapshot(merged, folder, RootFolder), "ioctl(BTRFS_IOC_SNAP_CREATE_V2)", root);
        }

        OwnerShift.Apply(root, owner, cancellationToken);
    }

    /// <inheritdoc/>
    public OciMount? RootMount(
        string containerFolder, IReadOnlyList<string> layers, IReadOnlyList<OciIdMapping>? uidMappings, IReadOnlyList<OciIdMapping>? gidMappings)
        => null;

    /// <inheritdoc/>
    public void FindChanges(string containerFolder, IReadOnlyList<string> layers, uint owner, Action<RootEntry> found)
        => RootComparison.Find(Path.Combine(containerFolder, RootFolder), layers, owner, found);

    /// <inheritdoc/>
    public IReadOnlyList<(string Folder, uint Owner)> RootFolders(string containerFolder, IReadOnlyList<string> layers, uint owner)
        => [(Path.Combine(containerFolder, RootFolder), owner)];

    /// <inheritdoc/>
    public void Remove(string containerFolder)
    {
        string root = Path.Combine(containerFolder, RootFolder);
        if (!Directory.Exists(root)) return;
        using (SafeFileHandle folder = Open(containerFolder))
        {
            bool subvolume;
            using (SafeFileHandle inner = Open(root)) subvolume = Libc.IsSubvolume(inner);
            // In one step, unless the container has made subvolumes of its own in it.
            if (subvolume && Libc.DestroySubvolume(folder, RootFolder) == 0) return;
        }

        FolderRemoval.Remove(root);
    }

    /// <summary>The subvolume of a layer and all below it.</summary>
    private static string Merge(IReadOnlyList<string> layers, int top, CancellationToken cancellationToken)
    {
        string layerFolder = Path.GetDirectoryName(layers[top])!;
        string merged = Path.Combine(layerFolder, Merged);
        if (Directory.Exists(merged)) return merged;
        string? below = top + 1 < layers.Count ? Merge(layers, top + 1, cancellationToken) : null;
        using StoreLock held = StoreLock.Take(Path.Combine(layerFolder, LockName), cancellationToken);
        if (Directory.Exists(merged)) return merged;
        string unfinished = Path.Combine(layerFolder, Unfinished);
        // Left by a process that died, or was stopped.
        FolderRemoval.Remove(unfinished);
        using SafeFileHandle folder = Open(layerFolder);
        if (below is null)
        {
            Check(Libc.CreateSubvolume(folder, Unfinished), "ioctl(BTRFS_IOC_SUBVOL_CREATE)", unfinished);
        }
        else
        {
            using SafeFileHandle source = Open(below);
            Check(Libc.Snapshot(source, folder, Unfinished), "ioctl(BTRFS_IOC_SNAP_CREATE_V2)", unfinished);
        }

        LayerMerge.Apply(layers[top], unfinished, 0, cancellationToken);
        // All containers of the image start from it, for ever: it appears when it is on the disk.
        int errno = Libc.SyncFileSystem(folder);
        if (errno != 0) throw KernelError.From("syncfs", errno, unfinished);
        Directory.Move(unfinished, merged);
        AtomicFile.SyncFolder(layerFolder);
        return merged;
    }

    private static SafeFileHandle Open(string path) => Libc.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);

    private static void Check(int errno, string call, string path)
    {
        if (errno != 0) throw KernelError.From(call, errno, path);
    }
}
