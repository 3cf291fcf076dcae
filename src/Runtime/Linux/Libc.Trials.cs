using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>What is needed to find out what a kernel has.</summary>
internal static unsafe partial class Libc
{
    private const int AF_NETLINK = 16;
    private const int SOCK_RAW = 3;

    /// <summary>
    /// Whether the kernel has a system call, found out by calling it with arguments that it must refuse (-1 and zeros). For calls only to which
    /// that does no harm: clone3, openat2, mount_setattr, pidfd_open, fsopen, close_range.
    /// </summary>
    public static bool HasSystemCall(SystemCall call) => RawCall(call.Number, -1, 0, 0, 0, 0) >= 0 || Marshal.GetLastPInvokeError() != Errno.ENOSYS;

    /// <summary>unshare(2) of the calling thread; 0 or the errno. For a process that ends soon after.</summary>
    public static int TryUnshare(ulong flags)
        => RawCall(SystemCall.Unshare.Number, (nint)flags, 0, 0, 0, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>A netlink(7) socket to the kernel; null and the errno where the kernel does not have the family.</summary>
    public static SafeFileHandle? TryOpenNetlink(int family, out int errno)
    {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
        errno = fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : null;
    }
}
