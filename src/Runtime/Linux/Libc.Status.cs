using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>statx(2), symlink(2) and readlink(2).</summary>
internal static unsafe partial class Libc
{
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_BASIC_STATS = 0x7ff;
    private const uint STATX_MNT_ID = 0x1000;

    /// <summary>statx(2), following a symbolic link at the end only if asked to.</summary>
    /// <returns>False when there is no such file (ENOENT, ENOTDIR).</returns>
    public static bool TryStat(string path, out FileStatus status, bool follow = false)
    {
        StatxBuffer buffer;
        if (statx(AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &buffer) == 0)
        {
            status = new FileStatus(buffer);
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        status = default;
        return errno == Errno.ENOENT || errno == Errno.ENOTDIR ? false : throw KernelError.From("statx", errno, path);
    }

    /// <summary>statx(2) of an open file.</summary>
    public static FileStatus Stat(SafeHandle file)
    {
        StatxBuffer buffer;
        return statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &buffer) == 0 ? new FileStatus(buffer) : throw KernelError.Last("statx");
    }

    /// <summary>The STATX_ATTR_… of a file (immutable, verity, …); false when there is no such file.</summary>
    public static bool TryAttributes(string path, out ulong attributes)
    {
        StatxBuffer buffer;
        bool found = statx(AT_FDCWD, path, 0, 0, &buffer) == 0;
        attributes = found ? buffer.Attributes : 0;
        return found;
    }

    /// <summary>The number of the mount that a path is on, as mountinfo has it; null when there is no such file.</summary>
    public static ulong? MountIdOf(string path)
    {
        StatxBuffer buffer;
        return statx(AT_FDCWD, path, 0, STATX_MNT_ID, &buffer) == 0 && (buffer.Mask & STATX_MNT_ID) != 0 ? buffer.MountId : null;
    }

    /// <summary>symlink(2); false when <paramref name="path"/> exists already.</summary>
    public static bool TrySymlink(string target, string path)
    {
        if (symlink(target, path) == 0) return true;
        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.EEXIST ? false : throw KernelError.From("symlink", errno, path);
    }

    /// <summary>readlink(2); null when there is no such symbolic link.</summary>
    public static string? ReadLink(string path)
    {
        const int Size = 4096;
        byte* buffer = stackalloc byte[Size];
        nint length = readlink(path, buffer, Size);
        if (length >= 0) return System.Text.Encoding.UTF8.GetString(buffer, (int)length);
        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.ENOENT || errno == Errno.ENOTDIR || errno == Errno.EINVAL || errno == Errno.ENAMETOOLONG
            ? null
            : throw KernelError.From("readlink", errno, path);
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeHandle folder, string path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlink(string target, string path);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlink(string path, byte* buffer, nint size);

    /// <summary>struct statx (linux/stat.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct StatxBuffer
    {
        [FieldOffset(0x00)] public uint Mask;
        [FieldOffset(0x08)] public ulong Attributes;
        [FieldOffset(0x10)] public uint Links;
        [FieldOffset(0x14)] public uint Uid;
        [FieldOffset(0x18)] public uint Gid;
        [FieldOffset(0x1c)] public ushort Mode;
        [FieldOffset(0x20)] public ulong Inode;
        [FieldOffset(0x28)] public long Size;
        [FieldOffset(0x70)] public long ModifiedSeconds;
        [FieldOffset(0x78)] public uint ModifiedNanoseconds;
        [FieldOffset(0x80)] public uint RdevMajor;
        [FieldOffset(0x84)] public uint RdevMinor;
        [FieldOffset(0x88)] public uint DevMajor;
        [FieldOffset(0x8c)] public uint DevMinor;
        [FieldOffset(0x90)] public ulong MountId;
    }
}
