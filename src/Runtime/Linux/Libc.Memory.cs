using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>Memory straight from the kernel: zeroed, paid for page by page when it is written, and given back at once.</summary>
internal static unsafe partial class Libc
{
    private const int PROT_READ = 1;
    private const int PROT_WRITE = 2;
    private const int MAP_PRIVATE = 2;
    private const int MAP_ANONYMOUS = 0x20;

    /// <summary>mmap(2) of anonymous memory.</summary>
    public static byte* MapMemory(nint size)
    {
        nint address = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return address != -1 ? (byte*)address : throw KernelError.Last("mmap");
    }

    /// <summary>A file without a name (memfd_create(2)), close-on-exec.</summary>
    public static SafeFileHandle CreateMemoryFile(string name)
    {
        const uint MFD_CLOEXEC = 1;
        int fd = memfd_create(name, MFD_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("memfd_create", name);
    }

    /// <summary>The same file opened anew, with its own position and for reading only.</summary>
    public static SafeFileHandle Reopen(SafeHandle file)
        => Open(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}"), O_RDONLY | O_CLOEXEC);

    /// <summary>munmap(2).</summary>
    public static void UnmapMemory(byte* address, nint size) => munmap((nint)address, size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint mmap(nint address, nint size, int protection, int flags, int file, long offset);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int munmap(nint address, nint size);
}
