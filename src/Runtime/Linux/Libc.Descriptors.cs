using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>pipe2(2), fcntl(2), read(2) and write(2) on descriptors that must not block.</summary>
internal static unsafe partial class Libc
{
    private const int F_SETFL = 4;
    private const int F_DUPFD_CLOEXEC = 1030;

    /// <summary>A second descriptor of the same open file, close-on-exec, with a number not below <paramref name="minimum"/>.</summary>
    public static SafeFileHandle Duplicate(SafeHandle file, int minimum = 0)
    {
        int fd = fcntl(file, F_DUPFD_CLOEXEC, minimum);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("fcntl(F_DUPFD_CLOEXEC)");
    }

    /// <summary>fcntl(2) as it is: what it returns, or -1.</summary>
    public static int Control(SafeHandle file, int command, long argument) => fcntl(file, command, argument);

    /// <summary>A pipe, both ends close-on-exec and blocking.</summary>
    public static (SafeFileHandle Reader, SafeFileHandle Writer) CreatePipe()
    {
        int* ends = stackalloc int[2];
        if (pipe2(ends, O_CLOEXEC) < 0) throw KernelError.Last("pipe2");
        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>Makes read and write return EAGAIN instead of waiting; sets the flags of the open file, shared by its descriptors.</summary>
    public static void SetNonBlocking(SafeHandle file)
    {
        if (fcntl(file, F_SETFL, O_NONBLOCK) < 0) throw KernelError.Last("fcntl(F_SETFL)");
    }

    /// <summary>read(2), EINTR retried.</summary>
    /// <returns>The number of bytes, 0 at the end of file, or the negative errno.</returns>
    public static int Read(SafeHandle file, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint count = read(file, start, buffer.Length);
                if (count >= 0) return (int)count;
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR) return -errno;
            }
        }
    }

    /// <summary>write(2), EINTR retried.</summary>
    /// <returns>The number of bytes, or the negative errno.</returns>
    public static int Write(SafeHandle file, ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            while (true)
            {
                nint count = write(file, start, data.Length);
                if (count >= 0) return (int)count;
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR) return -errno;
            }
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fcntl(SafeHandle fd, int command, long argument);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint read(SafeHandle fd, byte* buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint write(SafeHandle fd, byte* buffer, nint count);
}
