using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>timerfd_create(2).</summary>
internal static unsafe partial class Libc
{
    private const int CLOCK_MONOTONIC = 1;

    /// <summary>A timer that is readable once its time has come; close-on-exec, and reading does not wait.</summary>
    public static SafeFileHandle CreateTimer()
    {
        int fd = timerfd_create(CLOCK_MONOTONIC, O_CLOEXEC | O_NONBLOCK);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("timerfd_create");
    }

    /// <summary>Sets a timer to so many milliseconds from now, at least one; 0 for never. What it had reported is forgotten.</summary>
    public static void SetTimer(SafeHandle timer, long milliseconds)
    {
        // struct itimerspec: the interval, then the first expiration, in seconds and nanoseconds each.
        long* times = stackalloc long[4];
        times[0] = times[1] = 0;
        times[2] = milliseconds / 1000;
        times[3] = milliseconds % 1000 * 1_000_000;
        if (timerfd_settime(timer, 0, times, null) < 0) throw KernelError.Last("timerfd_settime");
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int timerfd_create(int clock, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int timerfd_settime(SafeHandle timer, int flags, long* value, long* old);
}
