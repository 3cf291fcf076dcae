using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// The C library's functions that Tmds.LibC does not have, or has without a SafeHandle. This partial class is the whole of
/// the kernel boundary: one file per concern (Libc.Files.cs, Libc.Processes.cs, …), and no P/Invoke anywhere else.
/// Functions carry the C library's names and return what it returns; the PascalCase wrappers retry EINTR and throw
/// <see cref="KernelException"/>.
/// </summary>
internal static partial class Libc
{
    private const string Library = "libc";

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    /// <summary>x86 and arm64 differ in these two.</summary>
    public static int O_DIRECTORY => Tmds.Linux.LibC.O_DIRECTORY;

    /// <inheritdoc cref="O_DIRECTORY"/>
    public static int O_NOFOLLOW => Tmds.Linux.LibC.O_NOFOLLOW;

    public const int AT_FDCWD = -100;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fsync(SafeHandle fd);

    /// <summary>open(2). Always pass <see cref="O_CLOEXEC"/>.</summary>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0)
    {
        while (true)
        {
            int fd = open(path, flags, mode);
            if (fd >= 0) return new SafeFileHandle(fd, ownsHandle: true);
            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("open", path);
        }
    }
}
