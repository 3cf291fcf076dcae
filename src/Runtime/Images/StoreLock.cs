using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images;

/// <summary>
/// An flock(2) on a file of its own. The store's lock serializes what becomes visible and what is removed; it is held for
/// milliseconds. The lock of an ingest folder says that its import lives.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private StoreLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes a lock, waiting for it.</summary>
    public static StoreLock Take(string path) => Take(path, Libc.Lock);

    /// <summary>Takes a lock together with others who share it.</summary>
    public static StoreLock TakeShared(string path) => Take(path, Libc.LockShared);

    /// <summary>Takes a lock if its file is there and nobody has it; else null.</summary>
    public static StoreLock? TryTake(string path) => TryTake(path, Libc.TryLock);

    /// <summary>Takes a lock together with others who share it, if its file is there and nobody has it alone; else null.</summary>
    public static StoreLock? TryTakeShared(string path) => TryTake(path, Libc.TryLockShared);

    private static StoreLock? TryTake(string path, Func<SafeFileHandle, string, bool> tryTake)
    {
        SafeFileHandle? file = Libc.TryOpen(path, Libc.O_RDWR | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0, out int errno);
        if (file is null) return errno == Errno.ENOENT || errno == Errno.ENOTDIR ? null : throw KernelError.From("open", errno, path);
        bool taken = false;
        try
        {
            taken = tryTake(file, path);
            return taken ? new StoreLock(file) : null;
        }
        finally
        {
            if (!taken) file.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Libc.Unlock(_file);
        _file.Dispose();
    }

    private static StoreLock Take(string path, Action<SafeFileHandle, string> take)
    {
        SafeFileHandle file = Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0x180);
        try
        {
            take(file, path);
            return new StoreLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
