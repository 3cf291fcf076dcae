using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Whole reads and writes of the kernel's small files (cgroup, proc, sysfs) and their folders, in as few system calls and
/// allocations as there can be: one open, one read or write, one close. They return errno instead of throwing, because
/// for these files an errno is an answer as often as it is a failure.
/// </summary>
internal static unsafe partial class Libc
{
    /// <summary>statfs(2) f_type of a cgroup v1 hierarchy (linux/magic.h).</summary>
    public const long CGROUP_SUPER_MAGIC = 0x27e0eb;

    /// <summary>statfs(2) f_type of cgroup v2.</summary>
    public const long CGROUP2_SUPER_MAGIC = 0x63677270;

    private const int PathBuffer = 512;

    /// <summary>Writes a value into an existing file with a single write(2), as kernel files want it.</summary>
    /// <returns>0, or the errno of open(2) or write(2).</returns>
    public static int WriteKernelFile(string path, ReadOnlySpan<byte> value)
    {
        int fd = OpenKernelFile(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) return -fd;
        int errno = 0;
        fixed (byte* start = value)
        {
            while (write(fd, start, value.Length) < 0)
            {
                errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR) break;
                errno = 0;
            }
        }

        close(fd);
        return errno;
    }

    /// <summary>Reads a file from its start until its end or until the buffer is full.</summary>
    /// <returns>The number of bytes, or the negative errno of open(2) or read(2).</returns>
    public static int ReadKernelFile(string path, Span<byte> buffer)
    {
        int fd = OpenKernelFile(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return fd;
        int total = 0;
        fixed (byte* start = buffer)
        {
            while (total < buffer.Length)
            {
                nint count = read(fd, start + total, buffer.Length - total);
                if (count > 0)
                {
                    total += (int)count;
                    continue;
                }

                if (count == 0) break;
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR) continue;
                total = -errno;
                break;
            }
        }

        close(fd);
        return total;
    }

    /// <summary>Reads a file of any length.</summary>
    /// <returns>Its bytes; <paramref name="errno"/> is 0, or says why there are none.</returns>
    public static byte[] ReadWholeKernelFile(string path, out int errno)
    {
        for (int size = 16 * 1024; ; size *= 4)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
            try
            {
                int count = ReadKernelFile(path, buffer);
                if (count == buffer.Length) continue;
                errno = count < 0 ? -count : 0;
                return count <= 0 ? [] : buffer.AsSpan(0, count).ToArray();
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>mkdir(2).</summary>
    /// <returns>0 or the errno.</returns>
    public static int MakeFolder(string path, uint mode)
    {
        Span<byte> buffer = stackalloc byte[PathBuffer];
        fixed (byte* name = Terminated(path, buffer)) return mkdir(name, mode) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>rmdir(2).</summary>
    /// <returns>0 or the errno.</returns>
    public static int RemoveFolder(string path)
    {
        Span<byte> buffer = stackalloc byte[PathBuffer];
        fixed (byte* name = Terminated(path, buffer)) return rmdir(name) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>statfs(2): the magic number of the file system that holds a path.</summary>
    /// <returns>The number, or the negative errno.</returns>
    public static long FileSystemType(string path)
    {
        // struct statfs is 120 bytes on 64-bit machines and begins with f_type, a long.
        long* status = stackalloc long[32];
        Span<byte> buffer = stackalloc byte[PathBuffer];
        fixed (byte* name = Terminated(path, buffer)) return statfs(name, status) == 0 ? *status : -Marshal.GetLastPInvokeError();
    }

    /// <summary>open(2).</summary>
    /// <returns>The descriptor's number, which is the caller's to close, or the negative errno.</returns>
    public static int OpenKernelFile(string path, int flags)
    {
        Span<byte> buffer = stackalloc byte[PathBuffer];
        fixed (byte* name = Terminated(path, buffer))
        {
            while (true)
            {
                int fd = open(name, flags, 0);
                if (fd >= 0) return fd;
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR) return -errno;
            }
        }
    }

    /// <summary>The path in UTF-8 with its zero byte, in <paramref name="buffer"/> where it fits.</summary>
    private static Span<byte> Terminated(string path, Span<byte> buffer)
    {
        int size = Encoding.UTF8.GetMaxByteCount(path.Length) + 1;
        if (size > buffer.Length) buffer = new byte[size];
        int length = Encoding.UTF8.GetBytes(path, buffer);
        buffer[length] = 0;
        return buffer[..(length + 1)];
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int open(byte* path, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nint count);

    [LibraryImport(Library)]
    private static partial int close(int fd);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int mkdir(byte* path, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int rmdir(byte* path);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int statfs(byte* path, long* status);
}
