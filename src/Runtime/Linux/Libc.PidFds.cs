using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>pidfd_open(2) and pidfd_send_signal(2), which older C libraries do not have.</summary>
internal static partial class Libc
{
    private const int SYS_pidfd_send_signal = 424;
    private const int SYS_pidfd_open = 434;
    private const int SYS_pidfd_getfd = 438;

    /// <summary>pidfd_open(2); null when there is no such process. The descriptor is close-on-exec.</summary>
    public static SafeFileHandle? OpenProcess(int processId)
    {
        long fd = syscall_pidfd_open(SYS_pidfd_open, processId, 0);
        if (fd >= 0) return new SafeFileHandle((nint)fd, ownsHandle: true);
        int errno = Marshal.GetLastPInvokeError();
        // EINVAL: the number is not that of a process, or it names a thread that is not the leader of its group.
        return errno == Errno.ESRCH || errno == Errno.EINVAL ? null : throw KernelError.From("pidfd_open", errno);
    }

    /// <summary>pidfd_send_signal(2); false when the process has ended.</summary>
    public static bool SendSignal(SafeHandle process, int signal)
    {
        if (syscall_pidfd_send_signal(SYS_pidfd_send_signal, process, signal, 0, 0) == 0) return true;
        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.ESRCH ? false : throw KernelError.From("pidfd_send_signal", errno, Signal.Name(signal));
    }

    /// <summary>pidfd_getfd(2): a copy of another process's descriptor, close-on-exec.</summary>
    public static SafeFileHandle CopyDescriptor(SafeHandle process, int descriptor)
    {
        long fd = syscall_pidfd_getfd(SYS_pidfd_getfd, process, descriptor, 0);
        return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true) : throw KernelError.Last("pidfd_getfd");
    }

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long syscall_pidfd_getfd(long number, SafeHandle process, int descriptor, uint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long syscall_pidfd_open(long number, int pid, uint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long syscall_pidfd_send_signal(long number, SafeHandle fd, int signal, nint info, uint flags);
}
