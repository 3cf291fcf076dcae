using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>Gives a whole tree to a user namespace, where the layers are a copy of their own and cannot be id-mapped.</summary>
internal static class OwnerShift
{
    /// <summary>Adds an id to every owner and group; modes and file capabilities, which chown(2) takes away, stay.</summary>
    public static void Apply(string folder, uint owner, CancellationToken cancellationToken)
    {
        if (owner == 0) return;
        using SafeFileHandle root = Libc.Open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        HashSet<ulong> linked = [];
        ShiftFolder(root, owner, linked, cancellationToken);
        Check(Libc.StatAt(root, [], out FileStatus status), "statx", []);
        Shift(root, [], status, owner);
    }

    private static void ShiftFolder(SafeFileHandle folder, uint owner, HashSet<ulong> linked, CancellationToken cancellationToken)
    {
        Check(Libc.ListFolder(folder, out List<byte[]> names), "getdents64", []);
        foreach (byte[] name in names)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Check(Libc.StatAt(folder, name, out FileStatus status), "statx", name);
            // A file of several names is shifted once.
            if (!status.IsFolder && status.Links > 1 && !linked.Add(status.Inode)) continue;
            if (status.IsFolder)
            {
                Check(Libc.OpenAt(folder, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle inner), "openat", name);
                using (inner) ShiftFolder(inner, owner, linked, cancellationToken);
            }

            Shift(folder, name, status, owner);
        }
    }

    private static void Shift(SafeFileHandle folder, byte[] name, FileStatus status, uint owner)
    {
        byte[] capability = [];
        bool capable = status.IsFile && Libc.GetAttributeAt(folder, name, FileCapability.AttributeName, out capability) == 0;
        Check(Libc.ChangeOwnerAt(folder, name, status.Uid + owner, status.Gid + owner), "fchownat", name);
        if (status.IsFile && (status.Permissions & 0xC00) != 0) Check(Libc.ChangeModeAt(folder, name, status.Permissions), "fchmodat", name);
        if (capable) Check(Libc.SetAttributeAt(folder, name, FileCapability.AttributeName, FileCapability.ForRoot(capability, owner)), "lsetxattr", name);
    }

    private static void Check(int errno, string call, byte[] name)
    {
        if (errno != 0) throw KernelError.From(call, errno, TarEntry.Display(name));
    }
}
