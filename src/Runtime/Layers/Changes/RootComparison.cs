using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers.Changes;

/// <summary>The changes of a root file system that is a copy of its own: found by comparing it with the layers, entry by entry.</summary>
internal sealed class RootComparison
{
    private readonly uint _owner;
    private readonly Action<RootEntry> _found;

    /// <summary>Folders on the way that are the same so far: they are told of when something in them is not.</summary>
    private readonly List<RootEntry> _unchanged = [];

    private RootComparison(uint owner, Action<RootEntry> found)
    {
        _owner = owner;
        _found = found;
    }

    /// <summary>Finds them; a folder comes before what is in it.</summary>
    /// <param name="rootFolder">The container's root folder.</param>
    /// <param name="layers">The layers' folders, uppermost first.</param>
    /// <param name="owner">Host id of the container's root.</param>
    /// <param name="found">Called for each.</param>
    public static void Find(string rootFolder, IReadOnlyList<string> layers, uint owner, Action<RootEntry> found)
    {
        using MergedFolder root = MergedFolder.Open([(rootFolder, owner)]);
        using MergedFolder lower = MergedFolder.Open(layers.Select(layer => (layer, 0u)));
        if (layers.Count > 0)
        {
            using SafeFileHandle own = Libc.Open(rootFolder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
            using SafeFileHandle below = Libc.Open(layers[0], Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
            FileStatus status = Libc.Stat(own);
            FileStatus other = Libc.Stat(below);
            if (status.Permissions != other.Permissions || status.Uid != other.Uid + owner || status.Gid != other.Gid + owner)
            {
                found(new RootEntry([], ContainerChangeKind.Changed, own, [], status, owner));
            }
        }

        new RootComparison(owner, found).Walk(root, lower, []);
    }

    private void Walk(MergedFolder folder, MergedFolder lower, byte[] path)
    {
        SortedSet<byte[]> names = new(folder.Names(path), ByteOrder.Instance);
        names.UnionWith(lower.Names(path));
        foreach (byte[] name in names)
        {
            byte[] inner = RootEntry.Join(path, name);
            bool known = lower.Find(name, out SafeFileHandle handleBelow, out FileStatus below, out _);
            if (!folder.Find(name, out SafeFileHandle handle, out FileStatus status, out _))
            {
                if (known) Tell(new RootEntry(inner, ContainerChangeKind.Deleted, handleBelow, name, below, 0));
                continue;
            }

            RootEntry entry = new(inner, known ? ContainerChangeKind.Changed : ContainerChangeKind.Added, handle, name, status, _owner);
            bool same = known && IsSame(entry, handleBelow, below);
            if (status.IsFolder && known) entry = entry with { SameFolder = same || RootAttributes.AreSameFolder(entry, handleBelow, below) };
            if (!same) Tell(entry);
            if (!status.IsFolder) continue;
            if (same) _unchanged.Add(entry);
            using (MergedFolder innerFolder = folder.Inner(name, inner))
            using (MergedFolder innerBelow = known ? lower.Inner(name, inner) : MergedFolder.Open([]))
            {
                Walk(innerFolder, innerBelow, inner);
            }

            if (same && _unchanged.Count > 0 && ReferenceEquals(_unchanged[^1].Path, inner)) _unchanged.RemoveAt(_unchanged.Count - 1);
        }
    }

    private void Tell(RootEntry entry)
    {
        foreach (RootEntry folder in _unchanged) _found(folder);
        _unchanged.Clear();
        _found(entry);
    }

    private static bool IsSame(RootEntry entry, SafeFileHandle folderBelow, FileStatus below)
    {
        FileStatus status = entry.Status;
        if (status.Mode != below.Mode || status.Uid != below.Uid + entry.Owner || status.Gid != below.Gid + entry.Owner) return false;
        // A link's time is not always to be had.
        if (!status.IsLink && status.ModifiedNanoseconds != below.ModifiedNanoseconds) return false;
        if (status.IsFile && status.Size != below.Size) return false;
        if (status.DeviceMajor != below.DeviceMajor || status.DeviceMinor != below.DeviceMinor) return false;
        if (status.IsLink)
        {
            return Libc.ReadLinkAt(entry.Folder, entry.Name, out byte[] own) == 0
                && Libc.ReadLinkAt(folderBelow, entry.Name, out byte[] other) == 0 && own.AsSpan().SequenceEqual(other);
        }

        return !status.IsFile || RootAttributes.AreSame(entry, folderBelow);
    }
}
