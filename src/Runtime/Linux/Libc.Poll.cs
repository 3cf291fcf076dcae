using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>poll(2) of a few descriptors; what waits for long uses epoll.</summary>
internal static unsafe partial class Libc
{
    public const short POLLIN = 0x1;
    public const short POLLPRI = 0x2;

    /// <summary>Waits for events on one descriptor.</summary>
    /// <param name="file">The descriptor.</param>
    /// <param name="events"><see cref="POLLIN"/>, <see cref="POLLPRI"/>.</param>
    /// <param name="timeout">The longest wait; negative waits for ever.</param>
    /// <returns>False when the time is over.</returns>
    public static bool Poll(SafeHandle file, short events, TimeSpan timeout)
    {
        long end = timeout < TimeSpan.Zero ? long.MaxValue : Environment.TickCount64 + (long)Math.Ceiling(timeout.TotalMilliseconds);
        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            // struct pollfd: int fd, short events, short revents.
            long request = (uint)(int)file.DangerousGetHandle() | ((long)events << 32);
            while (true)
            {
                long left = end == long.MaxValue ? -1 : Math.Clamp(end - Environment.TickCount64, 0, int.MaxValue);
                int count = poll(&request, 1, (int)left);
                if (count >= 0) return count > 0;
                if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("poll");
            }
        }
        finally
        {
            if (held) file.DangerousRelease();
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int poll(long* descriptors, nuint count, int timeout);
}
