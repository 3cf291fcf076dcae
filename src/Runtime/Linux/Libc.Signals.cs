using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>Signal masks and signalfd(2). A mask has bit n - 1 set for signal n, as the kernel keeps it.</summary>
internal static unsafe partial class Libc
{
    private const int SIG_SETMASK = 2;

    // The C library's sigset_t; the kernel's mask is its first eight bytes.
    private const int SignalSetSize = 128;

    /// <summary>The signal mask of the calling thread (pthread_sigmask(3)).</summary>
    public static ulong BlockedSignals
    {
        get
        {
            byte* set = stackalloc byte[SignalSetSize];
            CheckMask(pthread_sigmask(SIG_SETMASK, null, set));
            return *(ulong*)set;
        }

        set
        {
            byte* set = stackalloc byte[SignalSetSize];
            *(ulong*)set = value;
            CheckMask(pthread_sigmask(SIG_SETMASK, set, null));
        }
    }

    /// <summary>The mask bit of a signal.</summary>
    public static ulong SignalBit(int signal) => 1UL << (signal - 1);

    /// <summary>A descriptor that is readable when one of the signals is pending (signalfd(2)); close-on-exec, and reading does not wait.</summary>
    public static SafeFileHandle CreateSignalFd(ulong signals)
    {
        byte* set = stackalloc byte[SignalSetSize];
        *(ulong*)set = signals;
        int fd = signalfd(-1, set, O_CLOEXEC | O_NONBLOCK);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("signalfd");
    }

    /// <summary>Takes the next pending signal of a signalfd; 0 when there is none.</summary>
    public static int TakeSignal(SafeHandle signalFd)
    {
        // struct signalfd_siginfo; its first field is the number.
        Span<byte> information = stackalloc byte[128];
        return Read(signalFd, information) == information.Length ? BitConverter.ToInt32(information) : 0;
    }

    private static void CheckMask(int errno)
    {
        if (errno != 0) throw KernelError.From("pthread_sigmask", errno);
    }

    [LibraryImport(Library)]
    private static partial int pthread_sigmask(int how, byte* set, byte* old);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int signalfd(int fd, byte* set, int flags);
}
