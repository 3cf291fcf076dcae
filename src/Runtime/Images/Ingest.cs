using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Images;

/// <summary>
/// The folder of one change to the store: <c>ingest/&lt;id&gt;/</c>, on the file system of the store so that what is in it becomes
/// visible by rename, and out of the OCI layout's sight. Its lock is held as long as its process lives; a folder whose lock is
/// free was left by a process that died.
/// </summary>
internal sealed class Ingest : IDisposable
{
    private const string LockName = "lock";

    private readonly StoreLock _lock;
    private readonly StoreLock? _hold;
    private int _counter;

    private Ingest(string folder, StoreLock held, StoreLock? hold)
    {
        Folder = folder;
        _lock = held;
        _hold = hold;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Where the store's own lock is.</summary>
    public static string StoreLockPath(EnginePaths paths) => Path.Combine(Root(paths), "lock");

    /// <summary>
    /// Shared by all who count on pieces of the store that nothing may refer to yet: nobody sweeps meanwhile. Whoever sweeps has it
    /// alone.
    /// </summary>
    public static string SweepLockPath(EnginePaths paths) => Path.Combine(Root(paths), "sweep.lock");

    /// <summary>An empty file while there may be pieces that nothing refers to.</summary>
    public static string SweepPendingPath(EnginePaths paths) => Path.Combine(Root(paths), "sweep.pending");

    /// <summary>Makes the folders of the store that are missing.</summary>
    public static void EnsureFolders(EnginePaths paths)
    {
        // Images hold secrets, and layers set-user-id programs with known holes: nobody but the owner may reach them.
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        NewFolder.Make(paths.Root, NewFolder.Passage);
        Directory.CreateDirectory(Root(paths), Private);
        Directory.CreateDirectory(paths.Layers, Private);
        Directory.CreateDirectory(paths.Images, Private);
    }

    /// <summary>Begins a change.</summary>
    /// <param name="paths">The engine's folders.</param>
    /// <param name="held">The store's lock, so that nobody takes the new folder for a dead one.</param>
    /// <param name="hold">Whether what the store has now must stay until this is disposed.</param>
    /// <param name="cancellationToken">Ends the wait for a sweep that goes on.</param>
    public static Ingest Begin(EnginePaths paths, StoreLock held, bool hold, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(held);
        string folder = Path.Combine(Root(paths), Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        StoreLock? own = null;
        try
        {
            own = StoreLock.Take(Path.Combine(folder, LockName), cancellationToken);
            return new Ingest(folder, own, hold ? StoreLock.TakeShared(SweepLockPath(paths), cancellationToken) : null);
        }
        catch
        {
            // A full disk may have room for the folder and none for what is in it.
            FolderRemoval.Remove(folder);
            own?.Dispose();
            throw;
        }
    }

    /// <summary>The folders of processes that died.</summary>
    public static IReadOnlyList<string> Dead(EnginePaths paths, StoreLock held)
    {
        ArgumentNullException.ThrowIfNull(held);
        List<string> found = [];
        if (!Directory.Exists(Root(paths))) return found;
        foreach (string folder in Directory.EnumerateDirectories(Root(paths)))
        {
            string lockPath = Path.Combine(folder, LockName);
            using StoreLock? dead = StoreLock.TryTake(lockPath);
            if (dead is not null || !File.Exists(lockPath)) found.Add(folder);
        }

        return found;
    }

    /// <summary>Removes the folders of processes that died.</summary>
    /// <returns>Whether there was one: then the store may hold pieces that nothing refers to.</returns>
    public static bool RemoveDead(EnginePaths paths, StoreLock held)
    {
        ArgumentNullException.ThrowIfNull(held);
        bool found = false;
        foreach (string folder in Directory.EnumerateDirectories(Root(paths)))
        {
            string lockPath = Path.Combine(folder, LockName);
            using StoreLock? dead = StoreLock.TryTake(lockPath);
            // Held by a living one, or gone already: its owner removes it last, just before the folder.
            if (dead is null && File.Exists(lockPath)) continue;
            found = true;
            FolderRemoval.Remove(folder);
        }

        return found;
    }

    /// <summary>Bytes of what was moved into it to be deleted, and of blobs that are deleted already.</summary>
    public long Freed { get; set; }

    /// <summary>A path in the folder that is not used yet.</summary>
    public string NewPath(string prefix)
        => Path.Combine(Folder, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix}-{Interlocked.Increment(ref _counter)}"));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(Folder))
        {
            if (Path.GetFileName(path) != LockName) FolderRemoval.Remove(path);
        }

        FolderRemoval.Remove(Folder);
        _lock.Dispose();
        _hold?.Dispose();
    }

    private static string Root(EnginePaths paths) => Path.Combine(paths.Root, "ingest");
}
