using System.Globalization;
using ContainerTools.Runtime.Images.Pipeline;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>What the user named, opened and recognized by its content: images in an archive or folder, or a root file system.</summary>
internal sealed class ImageSource : IDisposable
{
    private const int ProbeSize = 1024 * 1024;

    private readonly SafeFileHandle? _file;

    private ImageSource(ImageFiles? files, ByteRange? rootFileSystem, SafeFileHandle? file)
    {
        Files = files;
        RootFileSystem = rootFileSystem;
        _file = file;
    }

    /// <summary>The files of an image archive or folder; null for a root file system.</summary>
    public ImageFiles? Files { get; }

    /// <summary>The tar of a root file system, perhaps compressed; null for an archive of images.</summary>
    public ByteRange? RootFileSystem { get; }

    /// <summary>Opens a file or a folder.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="newPath">Gives the path of a new temporary file.</param>
    /// <param name="maximumSize">The most bytes that an archive may have once it is decompressed, by its compressed size.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static ImageSource Open(string path, Func<string, string> newPath, Func<long, long> maximumSize, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path)) return OpenFolder(path);
        SafeFileHandle file = OpenFile(path);
        try
        {
            // A pipe cannot be read twice, and from any place: it becomes a file first.
            if (!IsRegular(file)) file = SpoolPipe(path, file, newPath, maximumSize(long.MaxValue), cancellationToken);
            ByteRange whole = new(file, 0, RandomAccess.GetLength(file), path);
            if (whole.Length == 0) throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{path} is empty.", path);
            Compression compression = whole.Compression;
            if (compression == Compression.None) return OpenTar(path, file, whole, file, cancellationToken);
            if (IsRootFileSystem(whole, compression)) return new ImageSource(null, whole, file);
            // Its parts must be read in an order of their own.
            long maximum = maximumSize(whole.Length);
            SafeFileHandle spooled = Spool(
                Decompressed(whole, compression), newPath("spool"), path, default,
                read => read <= maximum ? null : DecompressedSize.Exceeded(path, whole.Length, maximum), cancellationToken);
            return OpenTar(path, spooled, whole, file, cancellationToken);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a file or a folder on a thread of its own. Nothing wakes one that waits for a pipe which gives nothing: when the wait is called off, the thread
    /// stays behind, and closes what it has got when it gets it.
    /// </summary>
    /// <inheritdoc cref="Open"/>
    public static async Task<ImageSource> OpenAsync(string path, Func<string, string> newPath, Func<long, long> maximumSize, CancellationToken cancellationToken)
    {
        Task<ImageSource> opening = Task.Factory.StartNew(
            () => Open(path, newPath, maximumSize, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await opening.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!opening.IsCompleted)
        {
            _ = opening.ContinueWith(
                late =>
                {
                    if (late.IsCompletedSuccessfully) late.Result.Dispose();
                    // Looked at, so that nobody calls it unobserved.
                    else _ = late.Exception;
                },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Files?.Dispose();
        _file?.Dispose();
    }

    private static ImageSource OpenFolder(string path)
    {
        FolderFiles files = new() { Path = path };
        return files.TryFind(OciArchive.IndexName, out _)
            ? new ImageSource(files, null, null)
            : throw new ContainerException(
                ErrorCode.ArchiveCorrupt, $"{path} is a folder, but no OCI image layout: it lacks {OciArchive.IndexName}.", path);
    }

    private static ImageSource OpenTar(string path, SafeFileHandle tar, ByteRange whole, SafeFileHandle file, CancellationToken cancellationToken)
    {
        TarFiles? files = null;
        bool archive = false;
        try
        {
            RequireTar(path, tar);
            files = TarFiles.Open(path, tar, cancellationToken);
            archive = DockerArchive.IsOne(files) || OciArchive.IsOne(files) || LegacyDockerArchive.IsOne(files);
            return archive ? new ImageSource(files, null, file) : new ImageSource(null, whole, file);
        }
        finally
        {
            if (!archive && tar != file) tar.Dispose();
        }
    }

    /// <summary>A letter or a photograph is not "a damaged archive".</summary>
    private static void RequireTar(string path, SafeFileHandle file)
    {
        byte[] start = new byte[TarReader.BlockSize];
        int length = new ByteRange(file, 0, RandomAccess.GetLength(file), path).Fill(0, start);
        if (length > 0 && TarHeader.IsOne(start.AsSpan(0, length))) return;
        throw NoArchive(path);
    }

    private static ContainerException NoArchive(string path) => new(
        ErrorCode.ArchiveCorrupt, $"{path} is no archive: it must be a tar file of images or of a root file system, plain or compressed by gzip or zstd.", path);

    /// <summary>Not by the framework, which would take a lock that the writer of the archive may have.</summary>
    private static SafeFileHandle OpenFile(string path)
    {
        if (Libc.TryOpen(path, Libc.O_RDONLY | Libc.O_NOCTTY | Libc.O_CLOEXEC, 0, out int errno) is { } file) return file;
        if (errno == Errno.ENOENT || errno == Errno.ENOTDIR) throw new ContainerException(ErrorCode.FileNotFound, $"There is no file {path}.", path);
        if (errno == Errno.EACCES) throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {path}.", path);
        throw KernelError.From("open", errno, path);
    }

    private static bool IsRegular(SafeFileHandle file) => Libc.Stat(file).IsFile;

    private static Stream Decompressed(ByteRange range, Compression compression)
        => CompressionFormat.Decompress(new RangeSource(range, 256 * 1024), compression, range.Display);

    /// <summary>
    /// Whether the first entries already show a root file system: then it need not be decompressed twice. When in doubt, false.
    /// </summary>
    private static bool IsRootFileSystem(ByteRange range, Compression compression)
    {
        byte[] start = new byte[ProbeSize];
        int length;
        using (Stream stream = Decompressed(range, compression))
        {
            try
            {
                length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            }
            catch (Exception error) when (CompressionFormat.IsDamage(error))
            {
                throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{range.Display} is damaged or truncated: it cannot be decompressed.", range.Display, error);
            }
        }

        // What it is not, is said when all of it is there.
        if (!TarHeader.IsOne(start.AsSpan(0, Math.Min(length, TarReader.BlockSize)))) return false;
        try
        {
            TarReader tar = new(new StreamSource(new MemoryStream(start, 0, length)), range.Display);
            while (tar.ReadEntry() is { } entry)
            {
                if (!LayerPath.TryNormalize(entry.Name, out byte[] path) || path.Length == 0) continue;
                int slash = path.AsSpan().IndexOf((byte)'/');
                string first = System.Text.Encoding.UTF8.GetString(slash < 0 ? path : path.AsSpan(0, slash));
                return (slash >= 0 || entry.Type is TarEntryType.Folder or TarEntryType.SymbolicLink) && RootFolders.Contains(first);
            }
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ArchiveCorrupt && length == start.Length)
        {
            // The probe ends in the middle of the first entry: the whole will be looked at.
        }

        return false;
    }

    /// <summary>The folders of a root file system (Filesystem Hierarchy Standard 3.0, section 3).</summary>
    private static readonly HashSet<string> RootFolders =
    [
        "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "root", "run", "sbin", "srv",
        "sys", "tmp", "usr", "var",
    ];

    /// <summary>Makes a file of a pipe. A device gives bytes for ever: what it is, is looked at first, and the disk is never filled to its end.</summary>
    private static SafeFileHandle SpoolPipe(string path, SafeFileHandle pipe, Func<string, string> newPath, long maximumSize, CancellationToken cancellationToken)
    {
        using FileStream stream = new(pipe, FileAccess.Read, bufferSize: 0);
        byte[] start = new byte[TarReader.BlockSize];
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (length == 0) throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{path} is empty.", path);
        Compression compression = CompressionFormat.Detect(start.AsSpan(0, length));
        CompressionFormat.CheckSupported(compression, path);
        // A block of zeros is the end of an archive, so that there is none; /dev/zero has no other.
        bool tar = TarHeader.IsOne(start.AsSpan(0, length)) && start.AsSpan(0, length).ContainsAnyExcept((byte)0);
        if (compression == Compression.None && !tar) throw NoArchive(path);
        cancellationToken.ThrowIfCancellationRequested();
        string target = newPath("spool");
        long free = new DriveInfo(Path.GetDirectoryName(target)!).AvailableFreeSpace;
        // Others on the disk need some of it, and so does what is unpacked.
        long room = free - Math.Min(free / 10, 1L << 30);
        return Spool(stream, target, path, start.AsMemory(0, length), Refuse, cancellationToken);

        ContainerException? Refuse(long read) => read <= maximumSize
            ? read <= room
                ? null
                : new ContainerException(ErrorCode.StorageFull, $"There is no space left to store what {path} gives; free some and try again.", path)
            : new ContainerException(
                ErrorCode.SizeLimitExceeded, string.Create(CultureInfo.InvariantCulture, $"{path} gives more than {maximumSize} bytes; if that is meant, allow a larger size."), path);
    }

    private static SafeFileHandle Spool(
        Stream stream, string target, string display, ReadOnlyMemory<byte> start, Func<long, ContainerException?> refuse, CancellationToken cancellationToken)
    {
        SafeFileHandle file = File.OpenHandle(target, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        try
        {
            // The name is not needed: the file goes with its descriptor, whatever happens.
            File.Delete(target);
            byte[] buffer = new byte[256 * 1024];
            RandomAccess.Write(file, start.Span, 0);
            long position = start.Length;
            int read;
            while ((read = stream.Read(buffer)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (refuse(position + read) is { } refused) throw refused;
                RandomAccess.Write(file, buffer.AsSpan(0, read), position);
                position += read;
            }

            return file;
        }
        catch (Exception error) when (CompressionFormat.IsDamage(error))
        {
            file.Dispose();
            throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{display} is damaged or truncated: it cannot be decompressed.", display, error);
        }
        catch (IOException error) when (error.HResult == Errno.ENOSPC || error.HResult == Errno.EDQUOT)
        {
            file.Dispose();
            throw new ContainerException(ErrorCode.StorageFull, $"There is no space left to store what {display} holds; free some and try again.", display, error);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        finally
        {
            stream.Dispose();
        }
    }
}
