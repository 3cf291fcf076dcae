using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Making and changing the entries of an open folder. Names are raw bytes, because a file name on Linux need not be UTF-8. Every
/// function returns 0 or the errno: what a refusal means depends on what an archive asked for, and its reader decides.
/// </summary>
internal static partial class Libc
{
    public const int AT_REMOVEDIR = 0x200;

    public const uint S_IFMT = 0xF000;
    public const uint S_IFIFO = 0x1000;
    public const uint S_IFCHR = 0x2000;
    public const uint S_IFDIR = 0x4000;
    public const uint S_IFBLK = 0x6000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFLNK = 0xA000;
    public const uint S_IFSOCK = 0xC000;

    private const ulong FS_IOC_GETFLAGS = 0x80086601;
    private const ulong FS_IOC_SETFLAGS = 0x40086602;
    private const int NameBuffer = 512;

    /// <summary>openat(2).</summary>
    public static int OpenAt(SafeHandle folder, ReadOnlySpan<byte> name, int flags, uint mode, out SafeFileHandle handle)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        int fd;
        int errno;
        do
        {
            fd = openat(folder, in MemoryMarshal.GetReference(path), flags | O_CLOEXEC, mode);
            errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (errno == Errno.EINTR);
        handle = new SafeFileHandle(fd, ownsHandle: true);
        return errno;
    }

    /// <summary>openat2(2): resolves a path of several components under the given rules.</summary>
    public static int OpenAt2(SafeHandle folder, ReadOnlySpan<byte> path, int flags, ulong resolve, out SafeFileHandle handle)
    {
        Span<byte> terminated = Terminated(path, stackalloc byte[NameBuffer]);
        OpenHow how = new((uint)(flags | O_CLOEXEC), 0, resolve);
        bool taken = false;
        try
        {
            folder.DangerousAddRef(ref taken);
            long fd;
            int errno;
            do
            {
                fd = syscall_openat2(SystemCall.Openat2.Number, folder.DangerousGetHandle(), in MemoryMarshal.GetReference(terminated), in how, (nuint)24);
                errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (errno == Errno.EINTR || errno == Errno.EAGAIN);
            handle = new SafeFileHandle((nint)fd, ownsHandle: true);
            return errno;
        }
        finally
        {
            if (taken) folder.DangerousRelease();
        }
    }

    /// <summary>mkdirat(2).</summary>
    public static int MakeFolderAt(SafeHandle folder, ReadOnlySpan<byte> name, uint mode)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        return Result(mkdirat(folder, in MemoryMarshal.GetReference(path), mode));
    }

    /// <summary>mknodat(2).</summary>
    public static int MakeNodeAt(SafeHandle folder, ReadOnlySpan<byte> name, uint mode, ulong device)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        return Result(mknodat(folder, in MemoryMarshal.GetReference(path), mode, device));
    }

    /// <summary>symlinkat(2).</summary>
    public static int MakeSymbolicLinkAt(ReadOnlySpan<byte> target, SafeHandle folder, ReadOnlySpan<byte> name)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        Span<byte> text = Terminated(target, stackalloc byte[NameBuffer]);
        return Result(symlinkat(in MemoryMarshal.GetReference(text), folder, in MemoryMarshal.GetReference(path)));
    }

    /// <summary>linkat(2); a symbolic link is linked itself.</summary>
    public static int MakeHardLinkAt(SafeHandle fromFolder, ReadOnlySpan<byte> from, SafeHandle toFolder, ReadOnlySpan<byte> to)
    {
        Span<byte> source = Terminated(from, stackalloc byte[NameBuffer]);
        Span<byte> target = Terminated(to, stackalloc byte[NameBuffer]);
        return Result(linkat(fromFolder, in MemoryMarshal.GetReference(source), toFolder, in MemoryMarshal.GetReference(target), 0));
    }

    /// <summary>unlinkat(2); <see cref="AT_REMOVEDIR"/> removes an empty folder.</summary>
    public static int UnlinkAt(SafeHandle folder, ReadOnlySpan<byte> name, int flags)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        return Result(unlinkat(folder, in MemoryMarshal.GetReference(path), flags));
    }

    /// <summary>renameat(2).</summary>
    public static int RenameAt(SafeHandle fromFolder, ReadOnlySpan<byte> from, SafeHandle toFolder, ReadOnlySpan<byte> to)
    {
        Span<byte> source = Terminated(from, stackalloc byte[NameBuffer]);
        Span<byte> target = Terminated(to, stackalloc byte[NameBuffer]);
        return Result(renameat(fromFolder, in MemoryMarshal.GetReference(source), toFolder, in MemoryMarshal.GetReference(target)));
    }

    /// <summary>Takes away the flags "immutable" and "append only" (ioctl_iflags(2)) of an open file; true if it had one of them.</summary>
    public static bool ClearImmutable(SafeHandle file)
    {
        const uint Immutable = 0x10;
        const uint AppendOnly = 0x20;
        uint flags = 0;
        // File systems without such flags (tmpfs before 6.6, overlay) refuse the question: then they do not forbid either.
        if (ioctl_flags(file, FS_IOC_GETFLAGS, ref flags) < 0 || (flags & (Immutable | AppendOnly)) == 0) return false;
        flags &= ~(Immutable | AppendOnly);
        return ioctl_flags(file, FS_IOC_SETFLAGS, ref flags) == 0;
    }

    /// <summary>fchownat(2) without following a symbolic link; an empty name means the open file itself.</summary>
    public static int ChangeOwnerAt(SafeHandle folder, ReadOnlySpan<byte> name, uint user, uint group)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        return Result(fchownat(folder, in MemoryMarshal.GetReference(path), user, group, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
    }

    /// <summary>fchown(2).</summary>
    public static int ChangeOwner(SafeHandle file, uint user, uint group) => Result(fchown(file, user, group));

    /// <summary>fchmodat(2). It follows a symbolic link: only for names that are none.</summary>
    public static int ChangeModeAt(SafeHandle folder, ReadOnlySpan<byte> name, uint mode)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        return Result(fchmodat(folder, in MemoryMarshal.GetReference(path), mode, 0));
    }

    /// <summary>fchmod(2).</summary>
    public static int ChangeMode(SafeHandle file, uint mode) => Result(fchmod(file, mode));

    /// <summary>utimensat(2) without following a symbolic link: access and modification time alike.</summary>
    public static int SetTimeAt(SafeHandle folder, ReadOnlySpan<byte> name, long seconds, int nanoseconds)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        TimeSpecs times = new(seconds, nanoseconds);
        return Result(utimensat(folder, in MemoryMarshal.GetReference(path), in times, AT_SYMLINK_NOFOLLOW));
    }

    /// <summary>futimens(3).</summary>
    public static int SetTime(SafeHandle file, long seconds, int nanoseconds)
    {
        TimeSpecs times = new(seconds, nanoseconds);
        return Result(futimens(file, in times));
    }

    /// <summary>readlinkat(2). EINVAL for what is no symbolic link.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The link.</param>
    /// <param name="target">Its text, at most PATH_MAX bytes.</param>
    public static int ReadLinkAt(SafeHandle folder, ReadOnlySpan<byte> name, out byte[] target)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        Span<byte> text = stackalloc byte[4096];
        nint length = readlinkat(folder, in MemoryMarshal.GetReference(path), ref MemoryMarshal.GetReference(text), (nuint)text.Length);
        target = length >= 0 ? text[..(int)length].ToArray() : [];
        return length >= 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>statx(2) without following a symbolic link; an empty name means the open file itself.</summary>
    public static unsafe int StatAt(SafeHandle folder, ReadOnlySpan<byte> name, out FileStatus status)
    {
        Span<byte> path = Terminated(name, stackalloc byte[NameBuffer]);
        StatxBuffer buffer;
        int errno = Result(statx(folder, in MemoryMarshal.GetReference(path), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BASIC_STATS, &buffer));
        status = errno == 0 ? new FileStatus(buffer) : default;
        return errno;
    }

    /// <summary>write(2), repeated until all is written.</summary>
    public static int WriteAll(SafeHandle file, ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            nint written = write(file, in MemoryMarshal.GetReference(content), (nuint)content.Length);
            if (written < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR) continue;
                return errno;
            }

            content = content[(int)written..];
        }

        return 0;
    }

    /// <summary>pwrite(2), repeated until all is written.</summary>
    public static int WriteAllAt(SafeHandle file, ReadOnlySpan<byte> content, long offset)
    {
        while (!content.IsEmpty)
        {
            nint written = pwrite(file, in MemoryMarshal.GetReference(content), (nuint)content.Length, offset);
            if (written < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR) continue;
                return errno;
            }

            content = content[(int)written..];
            offset += written;
        }

        return 0;
    }

    /// <summary>syncfs(2): makes everything written to the file system of an open file durable.</summary>
    public static int SyncFileSystem(SafeHandle file) => Result(syncfs(file));

    /// <summary>makedev(3).</summary>
    public static ulong MakeDevice(uint major, uint minor)
        => ((ulong)(major & 0xfffff000) << 32) | ((ulong)(major & 0xfff) << 8) | ((ulong)(minor & 0xffffff00) << 12) | (minor & 0xff);

    private static int Result(int result) => result < 0 ? Marshal.GetLastPInvokeError() : 0;

    /// <summary>The name with a NUL behind it, in the buffer given where it fits.</summary>
    private static Span<byte> Terminated(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        if (name.Length >= buffer.Length) buffer = new byte[name.Length + 1];
        name.CopyTo(buffer);
        buffer[name.Length] = 0;
        return buffer;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpecs(long seconds, int nanoseconds)
    {
        private readonly long _accessSeconds = seconds;
        private readonly long _accessNanoseconds = nanoseconds;
        private readonly long _modificationSeconds = seconds;
        private readonly long _modificationNanoseconds = nanoseconds;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int openat(SafeHandle fd, in byte path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long syscall_openat2(long number, nint fd, in byte path, in OpenHow how, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int mkdirat(SafeHandle fd, in byte path, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int mknodat(SafeHandle fd, in byte path, uint mode, ulong device);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int symlinkat(in byte target, SafeHandle fd, in byte path);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int linkat(SafeHandle fromFd, in byte from, SafeHandle toFd, in byte to, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int unlinkat(SafeHandle fd, in byte path, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int renameat(SafeHandle fromFd, in byte from, SafeHandle toFd, in byte to);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_flags(SafeHandle fd, ulong request, ref uint flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fchownat(SafeHandle fd, in byte path, uint user, uint group, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fchown(SafeHandle fd, uint user, uint group);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fchmodat(SafeHandle fd, in byte path, uint mode, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fchmod(SafeHandle fd, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int utimensat(SafeHandle fd, in byte path, in TimeSpecs times, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int futimens(SafeHandle fd, in TimeSpecs times);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint readlinkat(SafeHandle fd, in byte path, ref byte buffer, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    private static unsafe partial int statx(SafeHandle fd, in byte path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint write(SafeHandle fd, in byte buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint pwrite(SafeHandle fd, in byte buffer, nuint count, long offset);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int syncfs(SafeHandle fd);
}
