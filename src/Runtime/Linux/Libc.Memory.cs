using System.Runtime.InteropServices;

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

    /// <summary>munmap(2).</summary>
    public static void UnmapMemory(byte* address, nint size) => munmap((nint)address, size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint mmap(nint address, nint size, int protection, int flags, int file, long offset);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int munmap(nint address, nint size);
}
