using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Volumes;

/// <summary>
/// Named volumes: <c>volumes/&lt;name&gt;/_data</c> is what containers see. A volume is there when its <c>_data</c> is: it is filled beside
/// its place and renamed, so that nobody ever sees it half-filled.
/// </summary>
internal sealed class VolumeStore(EnginePaths paths)
{
    private const string NewData = "_data.new";

    /// <summary>The folder of a volume with all that belongs to it.</summary>
    public string FolderOf(string name) => Path.Combine(paths.Volumes, name);

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
