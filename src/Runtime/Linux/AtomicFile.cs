using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Writes a file so that a reader, or a machine that loses power, sees the old content or the new one and nothing between:
/// temporary file in the same folder, fsync, rename, fsync of the folder.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Replaces <paramref name="path"/> with <paramref name="content"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of its new bytes.</param>
    /// <param name="durable">False on a tmpfs such as /run, where fsync means nothing and costs time.</param>
    /// <param name="mode">Permission bits of the file.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, bool durable = true, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        string temporary = $"{path}.{Environment.ProcessId:x}.{Environment.TickCount64:x}.tmp";
        try
        {
            using (SafeFileHandle handle = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, FileOptions.None))
            {
                File.SetUnixFileMode(handle, mode);
                RandomAccess.Write(handle, content, 0);
                if (durable) RandomAccess.FlushToDisk(handle);
            }

            File.Move(temporary, path, overwrite: true);
            if (durable) SyncFolder(Path.GetDirectoryName(path)!);
        }
        catch (IOException error) when (error.HResult == Errno.ENOSPC || error.HResult == Errno.EDQUOT)
        {
            TryDelete(temporary);
            throw new ContainerException(ErrorCode.StorageFull, $"There is no space left to write {path}; free some and try again.", path, error);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Makes renames and deletions in a folder survive a loss of power (fsync(2) of the folder).</summary>
    public static void SyncFolder(string path)
    {
        using SafeFileHandle folder = Libc.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        if (Libc.fsync(folder) < 0) throw KernelError.Last("fsync", path);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // The first error is the one to report; a leftover *.tmp is removed by the next repair.
        }
    }
}
