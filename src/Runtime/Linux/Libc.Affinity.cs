using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>sched_setaffinity(2): on which processors this thread runs.</summary>
internal static unsafe partial class Libc
{
    // The kernel's largest NR_CPUS, in bytes.
    private const int AffinitySize = 1024;

    /// <summary>The mask of this thread.</summary>
    public static byte[] GetAffinity()
    {
        byte[] mask = new byte[AffinitySize];
        fixed (byte* start = mask)
        {
            if (sched_getaffinity(0, AffinitySize, start) < 0) throw KernelError.Last("sched_getaffinity");
        }

        return mask;
    }

    /// <summary>Sets the mask of this thread.</summary>
    public static void SetAffinity(ReadOnlySpan<byte> mask, string what)
    {
        fixed (byte* start = mask)
        {
            if (sched_setaffinity(0, mask.Length, start) < 0) throw KernelError.Last("sched_setaffinity", what);
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int sched_getaffinity(int processId, nint size, byte* mask);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int sched_setaffinity(int processId, nint size, byte* mask);
}
