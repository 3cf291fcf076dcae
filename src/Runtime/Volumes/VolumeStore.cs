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
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordOf(name)), VolumeJson.Default.VolumeRecord);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.StateCorrupt, $"The record of the volume {name}, {RecordOf(name)}, is damaged.", name, error);
        }
    }

    /// <summary>Makes a volume; its data appears at the first use.</summary>
    /// <returns>False when it is there.</returns>
    public bool TryCreate(string name, VolumeRecord record)
    {
        using StoreLock held = TakeAlone();
        if (Exists(name)) return false;
        Directory.CreateDirectory(FolderOf(name));
        AtomicFile.Write(RecordOf(name), JsonSerializer.SerializeToUtf8Bytes(record, VolumeJson.Default.VolumeRecord));
        AtomicFile.SyncFolder(paths.Volumes);
        return true;
    }

    /// <summary>Held by who makes a container until its record says which volumes it uses.</summary>
    public StoreLock TakeShared() => StoreLock.TakeShared(Path.Combine(paths.Volumes, ".lock"));

    /// <summary>Held by who makes or removes a volume: no container comes to use it meanwhile.</summary>
    public StoreLock TakeAlone() => StoreLock.Take(Path.Combine(paths.Volumes, ".lock"));

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

    /// <summary>Makes a volume if it is not there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="fill">Fills the folder of a new volume and gives it its owner and mode; null leaves it empty.</param>
    /// <returns>Whether it was made.</returns>
    public bool Ensure(string name, Action<string>? fill)
    {
        string data = DataOf(name);
        if (Directory.Exists(data)) return false;
        string folder = FolderOf(name);
        Directory.CreateDirectory(folder);
        using SafeFileHandle serial = Libc.Open(Path.Combine(folder, ".lock"), Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x180 /* 0600 */);
        Libc.Lock(serial, folder);
        try
        {
            if (Directory.Exists(data)) return false;
            string next = Path.Combine(folder, NewData);
            // What another left that died while it filled the volume.
            if (Directory.Exists(next)) Directory.Delete(next, recursive: true);
            Directory.CreateDirectory(next);
            fill?.Invoke(next);
            Directory.Move(next, data);
            AtomicFile.SyncFolder(folder);
            return true;
        }
        finally
        {
            Libc.Unlock(serial);
        }
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
