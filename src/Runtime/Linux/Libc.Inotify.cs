using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>inotify(7).</summary>
internal static partial class Libc
{
    public const uint IN_MODIFY = 0x2;
    public const uint IN_MOVED_TO = 0x80;
    public const uint IN_CREATE = 0x100;
    public const uint IN_DELETE = 0x200;

    /// <summary>inotify_init1(2): close-on-exec, and reading does not wait.</summary>
    public static SafeFileHandle CreateInotify()
    {
        int fd = inotify_init1(O_CLOEXEC | O_NONBLOCK);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("inotify_init1");
    }

    /// <summary>inotify_add_watch(2).</summary>
    public static void AddWatch(SafeHandle inotify, string path, uint events)
    {
        if (inotify_add_watch(inotify, path, events) < 0) throw KernelError.Last("inotify_add_watch", path);
    }

    /// <summary>Throws all events away: what matters is that there were some.</summary>
    public static void DrainInotify(SafeHandle inotify)
    {
        Span<byte> events = stackalloc byte[4096];
        while (Read(inotify, events) > 0)
        {
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(SafeHandle fd, string path, uint mask);
}
