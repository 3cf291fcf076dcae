using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>Files by path and by descriptor, for code in which a failure is an ordinary outcome: these return the errno.</summary>
internal static partial class Libc
{
    /// <summary>open(2); null and the errno when it fails.</summary>
    public static SafeFileHandle? TryOpen(string path, int flags, uint mode, out int errno)
    {
        while (true)
        {
            int fd = open(path, flags, mode);
            errno = fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
            if (fd >= 0) return new SafeFileHandle(fd, ownsHandle: true);
            if (errno != Errno.EINTR) return null;
        }
    }

    /// <summary>rename(2): 0 or the errno.</summary>
    public static int TryRename(string from, string to) => rename(from, to) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>link(2): 0 or the errno.</summary>
    public static int TryLink(string from, string to) => link(from, to) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>unlink(2): 0 or the errno.</summary>
    public static int TryUnlink(string path) => unlink(path) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>ftruncate(2): 0 or the errno.</summary>
    public static int TryTruncate(SafeHandle file, long length) => ftruncate(file, length) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string from, string to);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int ftruncate(SafeHandle file, long length);
}
