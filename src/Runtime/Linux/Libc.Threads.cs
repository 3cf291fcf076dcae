using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Threads of the C library's, for one function that is done soon: a thread of the runtime's keeps its starter waiting until it runs.</summary>
internal static unsafe partial class Libc
{
    /// <summary>pthread_create(3).</summary>
    /// <param name="thread">What <see cref="JoinThread"/> takes.</param>
    /// <param name="start">Its function, with <see cref="UnmanagedCallersOnlyAttribute"/>.</param>
    /// <param name="argument">The function's argument.</param>
    /// <returns>0 or the errno.</returns>
    public static int StartThread(out nint thread, delegate* unmanaged<nint, nint> start, nint argument)
    {
        fixed (nint* place = &thread) return pthread_create(place, 0, start, argument);
    }

    /// <summary>pthread_join(3): waits for its end.</summary>
    public static void JoinThread(nint thread) => _ = pthread_join(thread, 0);

    [LibraryImport(Library)]
    private static partial int pthread_create(nint* thread, nint attributes, delegate* unmanaged<nint, nint> start, nint argument);

    [LibraryImport(Library)]
    private static partial int pthread_join(nint thread, nint result);
}
