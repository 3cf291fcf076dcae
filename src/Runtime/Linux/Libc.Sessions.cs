using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>What a process does to become one of its own, independent of who started it.</summary>
internal static partial class Libc
{
    private const int F_GETFD = 1;
    private const int F_SETFD = 2;
    private const int FD_CLOEXEC = 1;

    /// <summary>Makes a session of its own (setsid(2)); no error where it leads one already.</summary>
    public static void StartSession() => setsid();

    /// <summary>Closes all descriptors from this number on (close_range(2); Linux 5.9, glibc 2.34).</summary>
    public static void CloseFrom(int first)
    {
        try
        {
            close_range((uint)first, uint.MaxValue, 0);
        }
        catch (EntryPointNotFoundException)
        {
            // An older C library: whoever started the process has seen to it that there are none.
        }
    }

    /// <summary>Whether a descriptor is open.</summary>
    public static bool IsOpen(int descriptor) => fcntl_number(descriptor, F_GETFD, 0) >= 0;

    /// <summary>Closes the descriptor in programs that are executed later.</summary>
    public static void SetCloseOnExec(SafeHandle file)
    {
        if (fcntl(file, F_SETFD, FD_CLOEXEC) < 0) throw KernelError.Last("fcntl(F_SETFD)");
    }

    /// <summary>Gives free memory of the C library's heap back to the kernel (malloc_trim(3), glibc only).</summary>
    public static void TrimHeap()
    {
        try
        {
            malloc_trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // musl gives it back by itself.
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int setsid();

    [LibraryImport(Library, SetLastError = true)]
    private static partial int close_range(uint first, uint last, int flags);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl_number(int fd, int command, long argument);

    [LibraryImport(Library)]
    private static partial int malloc_trim(nuint pad);
}
