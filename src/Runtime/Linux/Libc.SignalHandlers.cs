using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Signals as bytes in a pipe. signalfd(2) would be simpler, but it gets only signals that every thread holds back, and the .NET
/// runtime has a thread of its own (it runs finalizers) whose mask nobody else can set.
/// </summary>
internal static unsafe partial class Libc
{
    private const int SA_RESTART = 0x10000000;

    private static int s_signalPipe;

    /// <summary>
    /// Has signals written to a pipe, one byte each, instead of their default action. The calling thread holds them back from now on, so that the
    /// handler runs in the runtime's finalizer thread, which sleeps in the kernel: managed code must not be interrupted by a handler. For a
    /// program whose only other thread is that one, and which has no finalizers to run.
    /// </summary>
    /// <param name="signals">Mask of the signals.</param>
    /// <returns>The pipe's read end; reading does not wait.</returns>
    public static SafeFileHandle CatchSignals(ulong signals)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = CreatePipe();
        SetNonBlocking(reader);
        SetNonBlocking(writer);
        s_signalPipe = (int)writer.DangerousGetHandle();
        // The handlers may use it as long as the process lives.
        writer.SetHandleAsInvalid();
        BlockedSignals |= signals;
        // The C library's struct sigaction: handler, sigset_t of 128 bytes, flags, restorer.
        long* action = stackalloc long[19];
        new Span<long>(action, 19).Clear();
        action[0] = (long)(delegate* unmanaged<int, void>)&OnSignal;
        new Span<byte>(action + 1, SignalSetSize).Fill(0xff);
        *(int*)(action + 17) = SA_RESTART;
        for (int signal = 1; signal <= 64; signal++)
        {
            if ((signals & SignalBit(signal)) != 0 && sigaction(signal, action, null) < 0) throw KernelError.Last("sigaction", Signal.Name(signal));
        }

        return reader;
    }

    /// <summary>Takes the next signal that came; 0 when there is none.</summary>
    public static int TakeCaughtSignal(SafeHandle reader)
    {
        Span<byte> signal = stackalloc byte[1];
        return Read(reader, signal) == 1 ? signal[0] : 0;
    }

    [UnmanagedCallersOnly]
    private static void OnSignal(int signal)
    {
        // The interrupted code may be about to look at errno.
        int errno = Marshal.GetLastSystemError();
        byte number = (byte)signal;
        WriteInHandler(s_signalPipe, &number, 1);
        Marshal.SetLastSystemError(errno);
    }

    [LibraryImport(Library, EntryPoint = "write")]
    [SuppressGCTransition]
    private static partial nint WriteInHandler(int fd, byte* buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int sigaction(int signal, long* action, long* old);
}
