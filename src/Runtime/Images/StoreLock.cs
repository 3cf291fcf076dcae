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
    /// <exception cref="OperationCanceledException">The wait was called off.</exception>
    public static StoreLock Take(string path, CancellationToken cancellationToken) => Take(path, Libc.TryLock, Libc.Lock, cancellationToken);

    /// <summary>Takes a lock together with others who share it, waiting for it.</summary>
    /// <exception cref="OperationCanceledException">The wait was called off.</exception>
    public static StoreLock TakeShared(string path, CancellationToken cancellationToken) => Take(path, Libc.TryLockShared, Libc.LockShared, cancellationToken);

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

    /// <summary>
    /// The file, which the first makes. On a file system that is read-only now, what is in the store can still be read: flock(2) does not ask what a file was opened for.
    /// </summary>
    private static SafeFileHandle Open(string path)
    {
        SafeFileHandle? file = Libc.TryOpen(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0x180, out int errno);
        if (file is null && errno == Errno.EROFS) file = Libc.TryOpen(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0, out errno);
        return file ?? throw KernelError.From("open", errno, path);
    }

    private static StoreLock Take(string path, Func<SafeFileHandle, string, bool> tryTake, Action<SafeFileHandle, string> take, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SafeFileHandle file = Open(path);
        try
        {
            if (!tryTake(file, path))
            {
                // flock(2) cannot be called off. When this wait is, the file is disposed; its descriptor closes, and with it goes the lock, as soon as the
                // thread comes back from the kernel.
                Task.Factory.StartNew(() => take(file, path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                    .WaitAsync(cancellationToken).GetAwaiter().GetResult();
            }

            return new StoreLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
