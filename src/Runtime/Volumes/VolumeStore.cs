using System.Text.Json;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Volumes;

/// <summary>
/// Named volumes: <c>volumes/&lt;name&gt;/_data</c> is what containers see. A volume is there when its <c>_data</c> or its <c>volume.json</c> is. Its
/// data is made at the first use, filled beside its place and renamed, so that nobody ever sees it half-filled.
/// </summary>
internal sealed class VolumeStore(EnginePaths paths)
{
    private const string NewData = "_data.new";
    private const string LockName = ".lock";
    private const string RecordName = "volume.json";
    private const string RemovingPrefix = ".removing-";

    /// <summary>The names of all volumes, in no order.</summary>
    public IEnumerable<string> Names()
    {
        if (!Directory.Exists(paths.Volumes)) return [];
        return Directory.EnumerateDirectories(paths.Volumes).Select(folder => Path.GetFileName(folder)).Where(name => name[0] != '.' && Exists(name));
    }

    /// <summary>Whether a volume is there.</summary>
    public bool Exists(string name) => ContainerName.IsValid(name) && (Directory.Exists(DataOf(name)) || File.Exists(RecordOf(name)));

    /// <summary>What was asked for; null where a container made it on the way.</summary>
    public VolumeRecord? Record(string name)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordOf(name)), VolumeJson.Default.VolumeRecord) ?? throw Damaged(null);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException error)
        {
            throw Damaged(error);
        }

        ContainerException Damaged(Exception? cause)
            => new(ErrorCode.StateCorrupt, $"The record of the volume {name}, {RecordOf(name)}, is damaged; restore the file, or remove the volume.", name, cause);
    }

    /// <summary>Makes a volume; its data appears at the first use.</summary>
    /// <returns>False when it is there.</returns>
    public bool TryCreate(string name, VolumeRecord record, CancellationToken cancellationToken)
    {
        // With whoever makes a container: he may be long at it, filling a volume of another name.
        using StoreLock held = TakeShared(cancellationToken);
        using StoreLock serial = TakeOwn(name, cancellationToken);
        if (Exists(name)) return false;
        AtomicFile.Write(RecordOf(name), JsonSerializer.SerializeToUtf8Bytes(record, VolumeJson.Default.VolumeRecord));
        AtomicFile.SyncFolder(paths.Volumes);
        return true;
    }

    /// <summary>Held by who makes a container until its record says which volumes it uses.</summary>
    public StoreLock TakeShared(CancellationToken cancellationToken) => StoreLock.TakeShared(Path.Combine(paths.Volumes, LockName), cancellationToken);

    /// <summary>Held by who removes a volume: no container comes to use it meanwhile.</summary>
    public StoreLock TakeAlone(CancellationToken cancellationToken) => StoreLock.Take(Path.Combine(paths.Volumes, LockName), cancellationToken);

    /// <summary>Takes a volume out of everybody's sight. Under the lock.</summary>
    public void Hide(string name)
    {
        Directory.Move(FolderOf(name), Path.Combine(paths.Volumes, RemovingPrefix + Guid.NewGuid().ToString("n")));
        AtomicFile.SyncFolder(paths.Volumes);
    }

    /// <summary>Deletes what was hidden, also by processes that died before they came to it.</summary>
    public void RemoveHidden()
    {
        foreach (string folder in Directory.EnumerateDirectories(paths.Volumes, RemovingPrefix + "*"))
        {
            try
            {
                FolderRemoval.Remove(folder);
            }
            catch (KernelException) when (!Directory.Exists(folder))
            {
                // Another process was faster.
            }
        }
    }

    private string RecordOf(string name) => Path.Combine(FolderOf(name), RecordName);

    /// <summary>The folder of a volume with all that belongs to it.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.VolumeNotFound"/>: it cannot be a name. A path must never lead out of the folder of the volumes.</exception>
    public string FolderOf(string name) => ContainerName.IsValid(name) ? Path.Combine(paths.Volumes, name) : throw NotFound(name);

    /// <summary>The error of a volume that is not there.</summary>
    public static ContainerException NotFound(string name)
        => new(ErrorCode.VolumeNotFound, $"There is no volume with the name '{name}'; list what there is with Get-ContainerVolume.", name);

    /// <summary>The folder that is mounted into containers.</summary>
    public string DataOf(string name) => Path.Combine(FolderOf(name), "_data");

    /// <summary>Serializes who makes one volume. Under the shared lock, for the folder goes with the volume.</summary>
    private StoreLock TakeOwn(string name, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(FolderOf(name));
        return StoreLock.Take(Path.Combine(FolderOf(name), LockName), cancellationToken);
    }

    /// <summary>Makes a volume if it is not there. Under the shared lock.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="fill">Fills the folder of a new volume and gives it its owner and mode; null leaves it empty.</param>
    /// <param name="cancellationToken">Ends the wait for somebody else who makes it.</param>
    /// <returns>Whether it was made.</returns>
    /// <exception cref="ContainerException">It could not be filled; nothing is left of it.</exception>
    public bool Ensure(string name, Action<string>? fill, CancellationToken cancellationToken)
    {
        string data = DataOf(name);
        if (Directory.Exists(data)) return false;
        string folder = FolderOf(name);
        using StoreLock serial = TakeOwn(name, cancellationToken);
        if (Directory.Exists(data)) return false;
        string next = Path.Combine(folder, NewData);
        // What another left that died while it filled the volume.
        FolderRemoval.Remove(next);
        try
        {
            NewFolder.Make(next, NewFolder.Public);
            fill?.Invoke(next);
            Sync(next);
            Directory.Move(next, data);
        }
        catch (Exception error)
        {
            FolderRemoval.Remove(next);
            if (error is OperationCanceledException) throw;
            throw CannotMake(name, error);
        }

        AtomicFile.SyncFolder(folder);
        AtomicFile.SyncFolder(paths.Volumes);
        return true;
    }

    /// <summary>
    /// The volumes whose making was not finished, because its process died or there was no space: nobody ever fills or sees them again, unless somebody
    /// asks for the same name.
    /// </summary>
    /// <param name="remove">Whether what is left of them is to go.</param>
    public IReadOnlyList<string> Unfinished(bool remove)
    {
        // While somebody makes a container, it may be his.
        using StoreLock? alone = StoreLock.TryTake(Path.Combine(paths.Volumes, LockName));
        if (alone is null) return [];
        List<string> found = [];
        foreach (string folder in Directory.EnumerateDirectories(paths.Volumes))
        {
            string name = Path.GetFileName(folder);
            if (!ContainerName.IsValid(name)) continue;
            bool whole = Exists(name);
            string rest = whole ? Path.Combine(folder, NewData) : folder;
            if (!Directory.Exists(rest)) continue;
            found.Add(rest);
            if (remove) FolderRemoval.Remove(rest);
        }

        return found;
    }

    /// <summary>A new volume is never filled again: what is to be seen in it is on the disk before it appears.</summary>
    private static void Sync(string folder)
    {
        using SafeFileHandle handle = Libc.Open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        bool empty = Libc.ListFolder(handle, out List<byte[]> names) == 0 && names.Count == 0;
        int errno = empty ? 0 : Libc.SyncFileSystem(handle);
        if (errno != 0) throw KernelError.From("syncfs", errno, folder);
        if (empty && Libc.fsync(handle) < 0) throw KernelError.Last("fsync", folder);
    }

    private ContainerException CannotMake(string name, Exception error)
    {
        ContainerException? known = error as ContainerException ?? (StoreErrors.Knows(error) ? StoreErrors.Translate(error, paths, name) : null);
        ErrorCode code = known?.Code ?? ErrorCode.KernelError;
        return new ContainerException(
            code,
            code == ErrorCode.StorageFull
                ? $"There is no space left in {paths.Volumes} to fill the new volume '{name}' with the image's files; free some and try again."
                : $"The new volume '{name}' could not be filled with the image's files: {error.Message}",
            name, error);
    }

    /// <summary>Removes a volume with all that is in it; no error when it is gone already.</summary>
    public void Remove(string name)
    {
        string folder = FolderOf(name);
        if (!Directory.Exists(folder)) return;
        try
        {
            // A container may have left immutable files in it.
            FolderRemoval.Remove(folder);
        }
        catch (KernelException) when (!Directory.Exists(folder))
        {
            // Another process was faster.
        }
        catch (KernelException error)
        {
            throw new ContainerException(error.Code, $"The volume {name} cannot be removed: {error.Message}", name, error);
        }
    }
}
