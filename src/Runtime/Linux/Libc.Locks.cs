using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>flock(2).</summary>
internal static partial class Libc
{
    private const int LOCK_SH = 1;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int LOCK_UN = 8;

    /// <summary>Takes the exclusive lock of an open file; waits for it.</summary>
    public static void Lock(SafeHandle file, string path)
    {
        while (flock(file, LOCK_EX) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("flock", path);
        }
    }

    /// <summary>Takes the lock of an open file together with others who share it; waits for one who has it alone.</summary>
    public static void LockShared(SafeHandle file, string path)
    {
        while (flock(file, LOCK_SH) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("flock", path);
        }
    }

    /// <summary>Takes the exclusive lock of an open file; false if another open file has it.</summary>
    public static bool TryLock(SafeHandle file, string path) => TryLock(file, path, LOCK_EX);

    /// <summary>Takes the shared lock of an open file; false if another open file has the exclusive one.</summary>
    public static bool TryLockShared(SafeHandle file, string path) => TryLock(file, path, LOCK_SH);

    private static bool TryLock(SafeHandle file, string path, int kind)
    {
        while (flock(file, kind | LOCK_NB) < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EAGAIN) return false;
            if (errno != Errno.EINTR) throw KernelError.From("flock", errno, path);
        }

        return true;
    }

    /// <summary>
    /// Lets the lock go. Closing is not enough: a process that is being made at this moment has a copy of the descriptor until
    /// its execve, and the lock belongs to the open file, not to the descriptor.
    /// </summary>
    public static void Unlock(SafeHandle file) => flock(file, LOCK_UN);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int flock(SafeHandle fd, int operation);
}
