using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Storage;

/// <summary>How many bytes the files of a folder have; a file of several names counts once.</summary>
internal static class FolderSize
{
    /// <summary>Adds them up; 0 for a folder that is not there. What disappears meanwhile does not count.</summary>
    public static long Of(string path, CancellationToken cancellationToken)
    {
        using SafeFileHandle? folder = Libc.TryOpen(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0, out _);
        return folder is null ? 0 : Sum(folder, [], 0, cancellationToken);
    }

    private static long Sum(SafeFileHandle folder, HashSet<(ulong Device, ulong Inode)> linked, int depth, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // No path is longer than 4096 bytes.
        if (depth > 2048 || Libc.ListFolder(folder, out List<byte[]> names) != 0) return 0;
        long sum = 0;
        foreach (byte[] name in names)
        {
            if (Libc.StatAt(folder, name, out FileStatus status) != 0) continue;
            if (status.IsFolder)
            {
                if (Libc.OpenAt(folder, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle inner) != 0) continue;
                using (inner) sum += Sum(inner, linked, depth + 1, cancellationToken);
            }
            else if (status.IsFile && (status.Links == 1 || linked.Add((status.Device, status.Inode))))
            {
                sum += status.Size;
            }
        }

        return sum;
    }
}
