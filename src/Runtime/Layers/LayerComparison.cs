using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>Compares two folders into which the same layer was unpacked, without reading the content of files.</summary>
internal static class LayerComparison
{
    /// <summary>Whether both have the same names, with the same types, modes, owners, sizes, devices and, but for folders, times.</summary>
    public static bool AreSame(string one, string other)
    {
        using SafeFileHandle first = Libc.Open(one, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        using SafeFileHandle second = Libc.Open(other, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        return AreSame(first, second);
    }

    private static bool AreSame(SafeFileHandle one, SafeFileHandle other)
    {
        if (Libc.ListFolder(one, out List<byte[]> names) != 0 || Libc.ListFolder(other, out List<byte[]> others) != 0 || names.Count != others.Count) return false;
        foreach (byte[] name in names)
        {
            if (Libc.StatAt(one, name, out FileStatus status) != 0 || Libc.StatAt(other, name, out FileStatus expected) != 0 || !IsLike(status, expected)) return false;
            if (!status.IsFolder) continue;
            int errno = Libc.OpenAt(one, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle inner);
            using (inner)
            {
                if (errno != 0) return false;
                errno = Libc.OpenAt(other, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle innerOther);
                using (innerOther)
                {
                    if (errno != 0 || !AreSame(inner, innerOther)) return false;
                }
            }
        }

        return true;
    }

    private static bool IsLike(FileStatus one, FileStatus other)
        => one.Mode == other.Mode && one.Uid == other.Uid && one.Gid == other.Gid && one.DeviceMajor == other.DeviceMajor && one.DeviceMinor == other.DeviceMinor
            // A folder's size is the file system's affair, and an implied one's time that of its making.
            && (one.IsFolder || (one.Size == other.Size && one.Links == other.Links && (one.IsWhiteout || one.ModifiedNanoseconds == other.ModifiedNanoseconds)));
}
