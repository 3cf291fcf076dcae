using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers.Changes;

/// <summary>
/// The changes that an overlay's upper folder holds. Only that folder is walked; of the layers below, the names that it has are looked up.
/// </summary>
internal sealed class UpperChanges
{
    private readonly uint _owner;
    private readonly Action<RootEntry> _found;

    private UpperChanges(uint owner, Action<RootEntry> found)
    {
        _owner = owner;
        _found = found;
    }

    /// <summary>Finds them; a folder comes before what is in it.</summary>
    /// <param name="upper">The upper folder.</param>
    /// <param name="layers">The layers' folders, uppermost first.</param>
    /// <param name="owner">Host id of the container's root.</param>
    /// <param name="found">Called for each.</param>
    public static void Find(string upper, IReadOnlyList<string> layers, uint owner, Action<RootEntry> found)
    {
        using SafeFileHandle root = Libc.Open(upper, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        using MergedFolder lower = MergedFolder.Open(layers.Select(layer => (layer, 0u)));
        if (layers.Count > 0 && Libc.StatAt(root, [], out FileStatus own) == 0 && Libc.TryStat(layers[0], out FileStatus below)
            && (own.Permissions != below.Permissions || own.Uid != below.Uid + owner || own.Gid != below.Gid + owner))
        {
            found(new RootEntry([], ContainerChangeKind.Changed, root, [], own, owner));
        }

        new UpperChanges(owner, found).Walk(root, lower, []);
    }

    private void Walk(SafeFileHandle upper, MergedFolder lower, byte[] path)
    {
        int errno = Libc.ListFolder(upper, out List<byte[]> names);
        if (errno != 0) throw KernelError.From("getdents64", errno, TarEntry.Display(path));
        names.Sort(ByteOrder.Instance);
        foreach (byte[] name in names)
        {
            // Removed meanwhile, by a container that runs.
            if (Libc.StatAt(upper, name, out FileStatus status) != 0) continue;
            byte[] inner = RootEntry.Join(path, name);
            bool known = lower.Find(name, out SafeFileHandle folderBelow, out FileStatus below, out _);
            if (status.IsWhiteout)
            {
                if (known) _found(new RootEntry(inner, ContainerChangeKind.Deleted, folderBelow, name, below, 0));
                continue;
            }

            RootEntry entry = new(inner, known ? ContainerChangeKind.Changed : ContainerChangeKind.Added, upper, name, status, _owner);
            if (status.IsFolder) Enter(entry with { SameFolder = known && RootAttributes.AreSameFolder(entry, folderBelow, below) }, lower, known && below.IsFolder);
            else _found(entry);
        }
    }

    private void Enter(RootEntry entry, MergedFolder lower, bool folderBelow)
    {
        int errno = Libc.OpenAt(entry.Folder, entry.Name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle folder);
        if (errno == Errno.ENOENT || errno == Errno.ENOTDIR || errno == Errno.ELOOP) return;
        if (errno != 0) throw KernelError.From("openat", errno, TarEntry.Display(entry.Path));
        using (folder)
        {
            MergedFolder.RefuseRedirect(folder, entry.Path);
            bool opaque = folderBelow && MergedFolder.IsOpaque(folder);
            _found(entry with { Opaque = opaque, SameFolder = entry.SameFolder && !opaque });
            using MergedFolder below = folderBelow ? lower.Inner(entry.Name, entry.Path) : MergedFolder.Open([]);
            if (opaque) FindHidden(folder, below, entry.Path);
            Walk(folder, below, entry.Path);
        }
    }

    /// <summary>What an opaque folder hides is gone, unless it was made again.</summary>
    private void FindHidden(SafeFileHandle folder, MergedFolder lower, byte[] path)
    {
        foreach (byte[] name in lower.Names(path))
        {
            if (Libc.StatAt(folder, name, out _) == 0 || !lower.Find(name, out SafeFileHandle handle, out FileStatus status, out _)) continue;
            _found(new RootEntry(RootEntry.Join(path, name), ContainerChangeKind.Deleted, handle, name, status, 0) { Hidden = true });
        }
    }
}
