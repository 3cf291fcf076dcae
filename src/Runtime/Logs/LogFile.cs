using System.Globalization;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Logs;

/// <summary>One file of a rotated log, open for reading: it can be read to its end even when it is renamed or removed meanwhile.</summary>
internal sealed class LogFile : IDisposable
{
    private LogFile(SafeFileHandle handle, FileStatus status)
    {
        Handle = handle;
        Inode = status.Inode;
        LastWrite = DateTimeOffset.UnixEpoch.AddTicks(status.ModifiedNanoseconds / 100);
    }

    /// <summary>The descriptor.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>What tells it from the others, whatever its name is now.</summary>
    public ulong Inode { get; }

    /// <summary>When it was last written, at the time it was opened: no entry in it was newer then.</summary>
    public DateTimeOffset LastWrite { get; }

    /// <summary>Opens all files of a log, the oldest first.</summary>
    /// <param name="path">The current file.</param>
    /// <param name="newerThan">Only files younger than the one with this inode number; 0 for all.</param>
    public static List<LogFile> Open(string path, ulong newerThan = 0)
    {
        // From the newest to the oldest: a rotation in between only moves files to names that are still to come, so that none is
        // missed; one that is met again is known by its inode.
        List<LogFile> files = [];
        for (int number = 0; ; number++)
        {
            string name = number == 0 ? path : string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");
            SafeFileHandle? handle = Libc.TryOpen(name, Libc.O_RDONLY | Libc.O_CLOEXEC, 0, out int errno);
            if (handle is null)
            {
                if (errno != Errno.ENOENT && errno != Errno.ENOTDIR) throw Failed(files, errno, name);
                // The current file is missing for a moment while the log is rotated, and before the first output.
                if (number > 0) break;
                continue;
            }

            FileStatus status = Libc.Stat(handle);
            bool known = files.Exists(file => file.Inode == status.Inode);
            if (known || status.Inode == newerThan)
            {
                handle.Dispose();
                if (known) continue;
                break;
            }

            files.Add(new LogFile(handle, status));
        }

        files.Reverse();
        return files;
    }

    /// <summary>The inode number of the current file; 0 while there is none.</summary>
    public static ulong CurrentInode(string path) => Libc.TryStat(path, out FileStatus status) ? status.Inode : 0;

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    private static KernelException Failed(List<LogFile> files, int errno, string path)
    {
        foreach (LogFile file in files) file.Dispose();
        return KernelError.From("open", errno, path);
    }
}
