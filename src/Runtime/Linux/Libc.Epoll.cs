using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>epoll(7).</summary>
internal static unsafe partial class Libc
{
    public const uint EPOLLIN = 0x1;
    public const uint EPOLLOUT = 0x4;
    public const uint EPOLLERR = 0x8;
    public const uint EPOLLHUP = 0x10;
    public const uint EPOLLRDHUP = 0x2000;
    public const uint EPOLLONESHOT = 1u << 30;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CTL_MOD = 3;

    private const int EPOLL_CLOEXEC = 0x80000;

    /// <summary>epoll_create1(2), close-on-exec.</summary>
    public static SafeFileHandle CreateEpoll()
    {
        int fd = epoll_create1(EPOLL_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("epoll_create1");
    }

    /// <summary>epoll_ctl(2) with events and a number that comes back with them.</summary>
    public static void ControlEpoll(SafeHandle epoll, int operation, SafeHandle file, uint events, long data)
    {
        if (TryControlEpoll(epoll, operation, file, events, data) is var errno and not 0) throw KernelError.From("epoll_ctl", errno);
    }

    /// <summary>As <see cref="ControlEpoll"/>; returns the errno, or 0.</summary>
    public static int TryControlEpoll(SafeHandle epoll, int operation, SafeHandle file, uint events, long data)
    {
        // struct epoll_event is packed on x86-64 only.
        byte* buffer = stackalloc byte[16];
        *(uint*)buffer = events;
        *(long*)(buffer + EpollDataOffset) = data;
        return epoll_ctl(epoll, operation, file, buffer) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>epoll_wait(2): fills <paramref name="data"/> with the numbers of files that have events; retries EINTR.</summary>
    /// <param name="epoll">The epoll descriptor.</param>
    /// <param name="data">Where to put them.</param>
    /// <param name="timeout">Milliseconds; -1 waits for ever.</param>
    /// <returns>How many there are.</returns>
    public static int WaitEpoll(SafeHandle epoll, Span<long> data, int timeout)
    {
        byte* buffer = stackalloc byte[16 * data.Length];
        while (true)
        {
            int count = epoll_wait(epoll, buffer, data.Length, timeout);
            if (count >= 0)
            {
                for (int i = 0; i < count; i++) data[i] = *(long*)(buffer + (i * EpollEventSize) + EpollDataOffset);
                return count;
            }

            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("epoll_wait");
        }
    }

    /// <summary>As <see cref="WaitEpoll(SafeHandle, Span{long}, int)"/>, with what has happened to each file.</summary>
    public static int WaitEpoll(SafeHandle epoll, Span<(uint Events, long Data)> ready, int timeout)
    {
        byte* buffer = stackalloc byte[16 * ready.Length];
        while (true)
        {
            int count = epoll_wait(epoll, buffer, ready.Length, timeout);
            if (count >= 0)
            {
                for (int i = 0; i < count; i++)
                {
                    byte* item = buffer + (i * EpollEventSize);
                    ready[i] = (*(uint*)item, *(long*)(item + EpollDataOffset));
                }

                return count;
            }

            // With a time limit the caller knows how much of it is left.
            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("epoll_wait");
            if (timeout >= 0) return 0;
        }
    }

    private static int EpollDataOffset => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private static int EpollEventSize => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_ctl(SafeHandle epoll, int operation, SafeHandle file, byte* @event);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_wait(SafeHandle epoll, byte* events, int count, int timeout);
}
