using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Volumes;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>Removes a container that asked for it, after its end.</summary>
internal static class AutoRemoval
{
    /// <summary>Takes the container's lock and removes its folder, its writable layer, its name and its anonymous volumes.</summary>
    /// <param name="record">monitor.json.</param>
    /// <param name="runFolder">The run folder, which the monitor has removed.</param>
    public static void Remove(MonitorRecord record, string runFolder)
    {
        using SafeFileHandle? held = Libc.TryOpen(Path.Combine(record.ContainerFolder, "lock"), Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x180, out int errno);
        // Somebody was faster, by force.
        if (errno == Errno.ENOENT) return;
        if (held is null) throw KernelError.From("open", errno, record.ContainerFolder);
        Libc.Lock(held, record.ContainerFolder);
        // Removed by somebody else, or started again, while this waited for the lock.
        if (!Directory.Exists(record.ContainerFolder) || Directory.Exists(runFolder)) return;
        EnginePaths paths = new(Path.GetDirectoryName(Path.GetDirectoryName(record.ContainerFolder))!, "/");
        IStorageDriver selected = StorageDrivers.Select(paths);
        ContainerStore store = new(paths, folder => RecordedDriver.RemoveLayer(folder, selected), new VolumeStore(paths).Remove);
        string[] names = record.NameLink is { } link ? [Path.GetFileName(link)] : [];
        store.Remove(record.Id, names, [.. record.OwnedFolders.Select(Path.GetFileName)!]);
        // The monitor knows nothing of images: the next who removes a container or changes an image does it.
        KeptImages.RequestSweep(paths);
    }
}
