using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>Removes a container that asked for it, after its end.</summary>
internal static class AutoRemoval
{
    // Readers pass over names with this beginning; the next command that lists the containers clears away what is left.
    private const string RemovingPrefix = ".removing-";

    /// <summary>Takes the container's lock and removes its folder, its writable layer, its name and its anonymous volumes.</summary>
    /// <param name="record">monitor.json.</param>
    public static void Remove(MonitorRecord record)
    {
        using SafeFileHandle? held = Libc.TryOpen(Path.Combine(record.ContainerFolder, "lock"), Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x180, out int errno);
        if (held is null)
        {
            // Somebody has removed it by force.
            if (errno == Errno.ENOENT) return;
            throw KernelError.From("open", errno, record.ContainerFolder);
        }

        Libc.Lock(held, record.ContainerFolder);
        if (!Directory.Exists(record.ContainerFolder)) return;
        string doomed = Path.Combine(Path.GetDirectoryName(record.ContainerFolder)!, RemovingPrefix + record.Id);
        Directory.Move(record.ContainerFolder, doomed);
        if (record.NameLink is { } link && Libc.ReadLink(link) == record.Id) Libc.TryUnlink(link);
        Directory.Delete(doomed, recursive: true);
        foreach (string folder in record.OwnedFolders)
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }
}
