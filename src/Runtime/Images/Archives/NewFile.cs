using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>
/// A file that the user asked for: written beside its place and renamed when it is complete. What is no regular file, a pipe or a
/// device, is written directly.
/// </summary>
internal static class NewFile
{
    /// <summary>Writes it.</summary>
    /// <param name="path">Its place, absolute.</param>
    /// <param name="force">Whether a file that is there is replaced.</param>
    /// <param name="compression">How its content is compressed.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.FileExists"/>, <see cref="ErrorCode.FileNotFound"/>, <see cref="ErrorCode.StorageFull"/>.</exception>
    public static void Write(string path, bool force, ArchiveCompression compression, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        bool exists = Libc.TryStat(path, out FileStatus status, follow: true);
        if (exists && status.IsFolder) throw new ContainerException(ErrorCode.InvalidArgument, $"{path} is a folder; give the name of a file.", path);
        if (exists && !status.IsFile)
        {
            using SafeFileHandle pipe = Open(path, Libc.O_WRONLY);
            Fill(pipe, path, compression, write);
            return;
        }

        if (exists && !force) throw Exists(path);
        // A link stays one: what it points at is replaced.
        string place = exists ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
        string temporary = $"{place}.{Guid.NewGuid():n}.tmp";
        try
        {
            using (SafeFileHandle file = Open(temporary, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL))
            {
                Fill(file, path, compression, write);
                if (Libc.fsync(file) < 0) throw KernelError.Last("fsync", path);
            }

            Publish(temporary, place, force);
            AtomicFile.SyncFolder(Path.GetDirectoryName(place)!);
        }
        finally
        {
            Libc.TryUnlink(temporary);
        }
    }

    private static void Publish(string temporary, string place, bool force)
    {
        try
        {
            File.Move(temporary, place, force);
        }
        catch (IOException) when (!force && File.Exists(place))
        {
            // Somebody made it meanwhile.
            throw Exists(place);
        }
    }

    private static void Fill(SafeFileHandle file, string path, ArchiveCompression compression, Action<Stream> write)
    {
        try
        {
            using FileOutput output = new(file, path);
            using (Stream stream = Compressed(output, compression)) write(stream);
            output.Flush();
        }
        catch (KernelException error) when (error.Code == ErrorCode.StorageFull)
        {
            throw new ContainerException(ErrorCode.StorageFull, $"There is no space left to write {path}; free some and try again.", path, error);
        }
    }

    private static Stream Compressed(Stream output, ArchiveCompression compression) => compression switch
    {
        ArchiveCompression.Gzip => new System.IO.Compression.GZipStream(output, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true),
        ArchiveCompression.Zstd => new ZstdSharp.CompressionStream(output, level: 3, bufferSize: 0, leaveOpen: true),
        _ => new BufferedStream(output, 1024 * 1024),
    };

    private static SafeFileHandle Open(string path, int flags)
    {
        if (Libc.TryOpen(path, flags | Libc.O_CLOEXEC | Libc.O_NOCTTY, 0x1B6 /* 0666, less the umask */, out int errno) is { } file) return file;
        if (errno == Errno.ENOENT || errno == Errno.ENOTDIR)
        {
            throw new ContainerException(ErrorCode.FileNotFound, $"There is no folder {Path.GetDirectoryName(path)}; make it first.", path);
        }

        if (errno == Errno.EACCES) throw new ContainerException(ErrorCode.PermissionDenied, $"You may not write {path}.", path);
        throw KernelError.From("open", errno, path);
    }

    private static ContainerException Exists(string path)
        => new(ErrorCode.FileExists, $"{path} is there already; use -Force to replace it.", path);
}
