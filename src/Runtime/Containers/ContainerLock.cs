using System.Runtime.InteropServices;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// The lock of one container: flock(2) on the file <c>lock</c> in its folder. It serializes everything the engine does to the
/// container, in this process and in others; the kernel lets it go when its holder dies.
/// </summary>
internal sealed class ContainerLock : IDisposable
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "lock";

    // Waiters of this process queue here first, so that at most one thread per container blocks in flock.
    private static readonly Dictionary<string, Gate> s_gates = new(StringComparer.Ordinal);

    private readonly string _folder;
    private readonly Gate _gate;
    private SafeFileHandle? _file;

    private ContainerLock(string folder, Gate gate, SafeFileHandle file)
    {
        _folder = folder;
        _gate = gate;
        _file = file;
    }

    /// <summary>Waits for the lock of the container whose folder this is.</summary>
    /// <returns>Null when there is no such folder, or it was removed while waiting.</returns>
    public static async ValueTask<ContainerLock?> TakeAsync(string folder, CancellationToken cancellationToken)
    {
        Gate gate = Enter(folder);
        try
        {
            await gate.Semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Leave(folder, gate);
            throw;
        }

        SafeFileHandle? file = null;
        bool taken = false;
        try
        {
            file = Open(folder);
            if (file is null) return null;
            if (!Libc.TryLock(file, folder))
            {
                // flock(2) cannot be called off. When the wait is cancelled, the finally block disposes the file; the descriptor closes, and
                // with it goes the lock, as soon as the thread comes back from the kernel.
                await Task.Factory.StartNew(() => Libc.Lock(file, folder), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                    .WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            taken = IsCurrent(file, folder);
            return taken ? new ContainerLock(folder, gate, file) : null;
        }
        finally
        {
            if (!taken) GiveBack(folder, gate, file);
        }
    }

    /// <summary>Takes the lock if it is free.</summary>
    /// <returns>Null when somebody has it, or there is no such folder.</returns>
    public static ContainerLock? TryTake(string folder)
    {
        Gate gate = Enter(folder);
        if (!gate.Semaphore.Wait(0, CancellationToken.None))
        {
            Leave(folder, gate);
            return null;
        }

        SafeFileHandle? file = null;
        bool taken = false;
        try
        {
            file = Open(folder);
            taken = file is not null && Libc.TryLock(file, folder) && IsCurrent(file, folder);
            return taken ? new ContainerLock(folder, gate, file!) : null;
        }
        finally
        {
            if (!taken) GiveBack(folder, gate, file);
        }
    }

    /// <summary>Whether somebody, in this process or another, has the lock at this moment.</summary>
    public static bool IsHeld(string folder)
    {
        using ContainerLock? mine = TryTake(folder);
        return mine is null && Directory.Exists(folder);
    }

    /// <summary>The open file that has the lock. Whoever has a copy of its descriptor holds the lock as well, until this one lets it go.</summary>
    public SafeHandle File => _file ?? throw new ObjectDisposedException(nameof(ContainerLock));

    /// <summary>Lets the lock go.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _file, null) is { } file) GiveBack(_folder, _gate, file);
    }

    /// <summary>
    /// Closes this one's descriptor without letting the lock go: it stays locked until the last copy is closed. For when the one who has a copy
    /// goes on with what the lock is for, and this one does not wait for that. flock(2) would unlock all copies at once.
    /// </summary>
    public void LeaveToCopies()
    {
        if (Interlocked.Exchange(ref _file, null) is not { } file) return;
        file.Dispose();
        _gate.Semaphore.Release();
        Leave(_folder, _gate);
    }

    private static SafeFileHandle? Open(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            return Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x180 /* 0600 */);
        }
        catch (KernelException error) when (error.Errno == Errno.ENOENT || error.Errno == Errno.ENOTDIR)
        {
            return null;
        }
    }

    // A removal renames the folder away: who waited then holds the lock of a container that is no longer there.
    private static bool IsCurrent(SafeFileHandle file, string folder)
    {
        FileStatus held = Libc.Stat(file);
        return Libc.TryStat(Path.Combine(folder, FileName), out FileStatus now) && now.Inode == held.Inode && now.Device == held.Device;
    }

    private static void GiveBack(string folder, Gate gate, SafeFileHandle? file)
    {
        if (file is not null)
        {
            Libc.Unlock(file);
            file.Dispose();
        }

        gate.Semaphore.Release();
        Leave(folder, gate);
    }

    private static Gate Enter(string folder)
    {
        lock (s_gates)
        {
            if (!s_gates.TryGetValue(folder, out Gate? gate)) s_gates[folder] = gate = new Gate();
            gate.Users++;
            return gate;
        }
    }

    private static void Leave(string folder, Gate gate)
    {
        lock (s_gates)
        {
            if (--gate.Users == 0) s_gates.Remove(folder);
        }
    }

    private sealed class Gate
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        public int Users { get; set; }
    }
}
