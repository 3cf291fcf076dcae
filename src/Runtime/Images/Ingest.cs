using ContainerTools.Runtime.Layers;

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
    private int _counter;

    private Ingest(string folder, StoreLock held)
    {
        Folder = folder;
        _lock = held;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Where the store's own lock is.</summary>
    public static string StoreLockPath(EnginePaths paths) => Path.Combine(Root(paths), "lock");

    /// <summary>Makes the folders of the store that are missing.</summary>
    public static void EnsureFolders(EnginePaths paths)
    {
        // Images hold secrets, and layers set-user-id programs with known holes: nobody but the owner may reach them.
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(paths.Root, Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(Root(paths), Private);
        Directory.CreateDirectory(paths.Layers, Private);
        Directory.CreateDirectory(paths.Images, Private);
    }

    /// <summary>Begins a change.</summary>
    /// <param name="paths">The engine's folders.</param>
    /// <param name="held">The store's lock, so that nobody takes the new folder for a dead one.</param>
    public static Ingest Begin(EnginePaths paths, StoreLock held)
    {
        ArgumentNullException.ThrowIfNull(held);
        string folder = Path.Combine(Root(paths), Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new Ingest(folder, StoreLock.Take(Path.Combine(folder, LockName)));
    }

    /// <summary>Removes the folders of processes that died.</summary>
    /// <returns>Whether there was one: then the store may hold pieces that nothing refers to.</returns>
    public static bool RemoveDead(EnginePaths paths, StoreLock held)
    {
        ArgumentNullException.ThrowIfNull(held);
        bool found = false;
        foreach (string folder in Directory.EnumerateDirectories(Root(paths)))
        {
            using StoreLock? dead = StoreLock.TryTake(Path.Combine(folder, LockName));
            if (dead is null) continue;
            found = true;
            FolderRemoval.Remove(folder);
        }

        return found;
    }

    /// <summary>A path in the folder that is not used yet.</summary>
    public string NewPath(string prefix)
        => Path.Combine(Folder, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix}-{Interlocked.Increment(ref _counter)}"));

    /// <inheritdoc/>
    public void Dispose()
    {
        FolderRemoval.Remove(Folder);
        _lock.Dispose();
    }

    private static string Root(EnginePaths paths) => Path.Combine(paths.Root, "ingest");
}
