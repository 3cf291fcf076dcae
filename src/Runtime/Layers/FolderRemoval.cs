using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// Removes folders whatever is in them: symbolic links are never followed, names need not be UTF-8, unreadable folders and
/// immutable files are opened up first, and no depth is too great (a folder nested deeper than there are descriptors is moved up).
/// </summary>
internal static class FolderRemoval
{
    private const int MaximumDepth = 128;

    /// <summary>Removes a folder and everything in it; nothing to do when it is not there.</summary>
    public static void Remove(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string? parent = Path.GetDirectoryName(path);
        if (parent is null || !Directory.Exists(parent)) return;
        using SafeFileHandle folder = Libc.Open(parent, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        Remove(folder, Encoding.UTF8.GetBytes(Path.GetFileName(path)), path);
    }

    /// <summary>Removes an entry of an open folder, with everything in it.</summary>
    /// <param name="parent">The open folder.</param>
    /// <param name="name">The entry.</param>
    /// <param name="display">Its path for messages.</param>
    public static void Remove(SafeFileHandle parent, ReadOnlySpan<byte> name, string display)
    {
        int errno = Unlink(parent, name, 0);
        if (errno == 0 || errno == Errno.ENOENT) return;
        // EPERM is what POSIX, and EISDIR what Linux says of a folder.
        if (errno != Errno.EISDIR && errno != Errno.EPERM) throw KernelError.From("unlinkat", errno, display);
        errno = Unlink(parent, name, Libc.AT_REMOVEDIR);
        if (errno == 0 || errno == Errno.ENOENT) return;
        Queue<byte[]> moved = new();
        using (SafeFileHandle folder = OpenFolder(parent, name, display))
        {
            Empty(folder, folder, 0, moved, display);
            while (moved.TryDequeue(out byte[]? deep))
            {
                using (SafeFileHandle inner = OpenFolder(folder, deep, display)) Empty(inner, folder, 1, moved, display);
                Check(Unlink(folder, deep, Libc.AT_REMOVEDIR), "unlinkat", display);
            }
        }

        Check(Unlink(parent, name, Libc.AT_REMOVEDIR), "unlinkat", display);
    }

    private static void Empty(SafeFileHandle folder, SafeFileHandle top, int depth, Queue<byte[]> moved, string display)
    {
        Check(Libc.ListFolder(folder, out List<byte[]> names), "getdents64", display);
        foreach (byte[] name in names)
        {
            int errno = Unlink(folder, name, 0);
            if (errno == 0 || errno == Errno.ENOENT) continue;
            if (errno != Errno.EISDIR && errno != Errno.EPERM) throw KernelError.From("unlinkat", errno, $"{display}/{TarEntry.Display(name)}");
            errno = Unlink(folder, name, Libc.AT_REMOVEDIR);
            if (errno == 0 || errno == Errno.ENOENT) continue;
            if (errno != Errno.ENOTEMPTY && errno != Errno.EEXIST && errno != Errno.EACCES)
            {
                throw KernelError.From("unlinkat", errno, $"{display}/{TarEntry.Display(name)}");
            }

            if (depth == MaximumDepth)
            {
                byte[] parked = Encoding.ASCII.GetBytes($".removing-{Guid.NewGuid():n}");
                Check(Libc.RenameAt(folder, name, top, parked), "renameat", display);
                moved.Enqueue(parked);
                continue;
            }

            using (SafeFileHandle inner = OpenFolder(folder, name, display)) Empty(inner, top, depth + 1, moved, display);
            Check(Unlink(folder, name, Libc.AT_REMOVEDIR), "unlinkat", $"{display}/{TarEntry.Display(name)}");
        }
    }

    /// <summary>Removes one name; where the kernel forbids it because of the immutable or append-only flag, takes the flag away first.</summary>
    private static int Unlink(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags)
    {
        int errno = Libc.UnlinkAt(folder, name, flags);
        if (errno == Errno.EACCES && !Environment.IsPrivilegedProcess)
        {
            // Our own folder without write permission.
            if (Libc.ChangeModeAt(folder, "."u8, 0x1C0) == 0) errno = Libc.UnlinkAt(folder, name, flags);
        }

        if (errno != Errno.EPERM) return errno;
        bool changed = Libc.ClearImmutable(folder);
        if (Libc.StatAt(folder, name, out FileStatus status) == 0 && (status.IsFile || status.IsFolder)
            && Libc.OpenAt(folder, name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK, 0, out SafeFileHandle file) == 0)
        {
            changed |= Libc.ClearImmutable(file);
            file.Dispose();
        }

        return changed ? Libc.UnlinkAt(folder, name, flags) : status.IsFolder && flags == 0 ? Errno.EISDIR : errno;
    }

    private static SafeFileHandle OpenFolder(SafeFileHandle parent, ReadOnlySpan<byte> name, string display)
    {
        int errno = Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle folder);
        if (errno == Errno.EACCES)
        {
            folder.Dispose();
            Check(Libc.ChangeModeAt(parent, name, 0x1C0), "fchmodat", display);
            errno = Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out folder);
        }

        if (errno == 0) return folder;
        folder.Dispose();
        throw KernelError.From("openat", errno, $"{display}/{TarEntry.Display(name)}");
    }

    private static void Check(int errno, string call, string path)
    {
        if (errno != 0 && errno != Errno.ENOENT) throw KernelError.From(call, errno, path);
    }
}
