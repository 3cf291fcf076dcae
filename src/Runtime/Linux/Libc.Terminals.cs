using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Terminals (tty_ioctl(4)).</summary>
internal static unsafe partial class Libc
{
    private const nuint TIOCSWINSZ = 0x5414;

    /// <summary>Tells a terminal its size in character cells; its foreground processes get SIGWINCH. Returns 0 or the errno.</summary>
    public static int TrySetTerminalSize(SafeHandle terminal, ushort columns, ushort rows)
    {
        // struct winsize: rows, columns, and two numbers of pixels that nobody uses.
        ushort* size = stackalloc ushort[4] { rows, columns, 0, 0 };
        return ioctl(terminal, TIOCSWINSZ, size) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int ioctl(SafeHandle fd, nuint request, void* argument);
}
