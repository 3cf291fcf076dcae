using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Writes a file so that a reader, or a machine that loses power, sees the old content or the new one and nothing between:
/// temporary file in the same folder, fsync, rename, fsync of the folder. By bare system calls: the framework's file functions take locks
/// and cost ctrun half a millisecond at their first use.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Replaces <paramref name="path"/> with <paramref name="content"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of its new bytes.</param>
    /// <param name="durable">False on a tmpfs such as /run, where fsync means nothing and costs time.</param>
    /// <param name="mode">Permission bits of the file.</param>
    /// <exception cref="DirectoryNotFoundException">When the file's folder is not there.</exception>
    /// <exception cref="ContainerException"><see cref="ErrorCode.StorageFull"/>, <see cref="ErrorCode.PermissionDenied"/>, or the errno.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool durable = true, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
        => Put(Prepare(path, content, durable, mode), path, durable);

    /// <summary>The first half of <see cref="Write"/>: the temporary file, which <see cref="Put"/> gives its name.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="ContainerException">As <see cref="Write"/>; nothing is left behind.</exception>
    public static string Prepare(string path, ReadOnlySpan<byte> content, bool durable = true, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        string temporary = string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId:x}.{Environment.TickCount64:x}.tmp");
        SafeFileHandle? file = Libc.TryOpen(temporary, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, (uint)mode, out int errno);
        if (file is null)
        {
            if (errno == Errno.ENOENT) throw new DirectoryNotFoundException($"There is no folder for {path}.");
            throw Error("open", errno, path);
        }

        try
        {
            using (file) Fill(file, content, durable, mode, path);
            return temporary;
        }
        catch
        {
            // The first error is the one to report; what cannot be removed is removed by the next repair.
            Libc.TryUnlink(temporary);
            throw;
        }
    }

    /// <summary>The second half of <see cref="Write"/>.</summary>
    /// <exception cref="ContainerException">The errno of rename(2) or fsync(2).</exception>
    public static void Put(string temporary, string path, bool durable = true)
    {
        int errno = Libc.TryRename(temporary, path);
        if (errno != 0)
        {
            Libc.TryUnlink(temporary);
            throw Error("rename", errno, path);
        }

        if (durable) SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes renames and deletions in a folder survive a loss of power (fsync(2) of the folder).</summary>
    public static void SyncFolder(string path)
    {
        using SafeFileHandle folder = Libc.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        if (Libc.fsync(folder) < 0) throw KernelError.Last("fsync", path);
    }

    private static void Fill(SafeFileHandle file, ReadOnlySpan<byte> content, bool durable, UnixFileMode mode, string path)
    {
        // What the umask has taken away.
        int errno = Libc.ChangeMode(file, (uint)mode);
        if (errno != 0) throw Error("chmod", errno, path);
        while (content.Length > 0)
        {
            int written = Libc.Write(file, content);
            if (written < 0) throw Error("write", -written, path);
            content = content[written..];
        }

        if (durable && Libc.fsync(file) < 0) throw KernelError.Last("fsync", path);
    }

    private static ContainerException Error(string call, int errno, string path)
    {
        KernelException error = KernelError.From(call, errno, path);
        return error.Code == ErrorCode.StorageFull
            ? new ContainerException(ErrorCode.StorageFull, $"There is no space left to write {path}; free some and try again.", path, error)
            : error;
    }
}
