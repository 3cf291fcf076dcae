using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers.Changes;

/// <summary>Goes through a whole root file system as its layers make it up, without a mount.</summary>
internal static class RootWalk
{
    /// <summary>Calls for every entry; a folder comes before what is in it, the root folder first.</summary>
    /// <param name="layers">The folders, uppermost first, each with the host id that its owners are counted from.</param>
    /// <param name="found">Called for each.</param>
    public static void Run(IReadOnlyList<(string Folder, uint Owner)> layers, Action<RootEntry> found)
    {
        using MergedFolder root = MergedFolder.Open(layers);
        using (SafeFileHandle top = Libc.Open(layers[0].Folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC))
        {
            found(new RootEntry([], ContainerChangeKind.Added, top, [], Libc.Stat(top), layers[0].Owner));
        }

        Walk(root, [], found);
    }

    private static void Walk(MergedFolder folder, byte[] path, Action<RootEntry> found)
    {
        foreach (byte[] name in folder.Names(path))
        {
            if (!folder.Find(name, out SafeFileHandle handle, out FileStatus status, out uint owner)) continue;
            byte[] inner = RootEntry.Join(path, name);
            found(new RootEntry(inner, ContainerChangeKind.Added, handle, name, status, owner));
            if (!status.IsFolder) continue;
            using MergedFolder below = folder.Inner(name, inner);
            Walk(below, inner, found);
        }
    }
}
