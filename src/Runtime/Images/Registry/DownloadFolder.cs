using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// The layers that are being fetched, <c>downloads/&lt;digest&gt;</c>, each with an flock(2): whoever wants one that another is fetching waits for it
/// and finds it there. What a cut connection or the death of a process leaves is gone on with by the next.
/// </summary>
/// <param name="folder">The folder.</param>
internal sealed class DownloadFolder(string folder)
{
    /// <summary>How long the beginning of a layer is kept that nobody comes back for.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromDays(1);

    /// <summary>The path of a layer's file.</summary>
    public string Path(string digest) => System.IO.Path.Combine(folder, ImageDigest.Hex(digest));

    /// <summary>Makes the folder, and removes from it what was left long ago.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            if (DateTime.UtcNow - file.LastWriteTimeUtc < Age) continue;
            using StoreLock? unused = StoreLock.TryTake(file.FullName);
            if (unused is not null) Libc.TryUnlink(file.FullName);
        }
    }

    /// <summary>Opens a layer's file and takes its lock, waiting for whoever has it.</summary>
    /// <param name="digest">The layer's digest.</param>
    /// <param name="size">The size that the manifest promises. A file that is larger is the leaving of another promise, and begun anew.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The layer's file: complete, or one that nobody else has a name for.</returns>
    public async Task<SafeFileHandle> OpenAsync(string digest, long size, CancellationToken cancellationToken)
    {
        string path = Path(digest);
        while (true)
        {
            SafeFileHandle file = Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0x1A4);
            try
            {
                if (!Libc.TryLock(file, path)) await WaitAsync(file, path, cancellationToken);
                // Its last owner may have taken the name away before it let go.
                FileStatus own = Libc.Stat(file);
                using SafeFileHandle? named = Libc.TryOpen(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0, out _);
                if (named is not null && Libc.Stat(named) is var there && there.Inode == own.Inode && there.Device == own.Device)
                {
                    long have = RandomAccess.GetLength(file);
                    // With a second name it is on its way into the store already, verified: only read from here on, whatever size is promised for it now.
                    if (have == size || (have < size && own.Links == 1)) return file;
                    int errno = Libc.TryUnlink(path);
                    if (errno != 0) throw KernelError.From("unlink", errno, path);
                }
            }
            catch
            {
                Close(file);
                throw;
            }

            Close(file);
        }
    }

    /// <summary>Lets a file go.</summary>
    public static void Close(SafeFileHandle file)
    {
        if (!file.IsClosed) Libc.Unlock(file);
        file.Dispose();
    }

    /// <summary>
    /// Takes a file away that is not needed any more. Not while somebody has its lock: that a name stays is what its owner relies on.
    /// </summary>
    public void Remove(string digest)
    {
        for (SpinWait wait = default; ; wait.SpinOnce())
        {
            using StoreLock? unused = StoreLock.TryTake(Path(digest));
            if (unused is not null) Libc.TryUnlink(Path(digest));
            if (unused is not null) return;
            // Nobody has it alone: then somebody only looks, which is over in a moment. Else it is its owner's, or not there.
            using StoreLock? looked = StoreLock.TryTakeShared(Path(digest));
            if (looked is null) return;
        }
    }

    /// <summary>What pulls have left, and what they are fetching now.</summary>
    /// <param name="layout">The store's layout: what it has needs no download any more.</param>
    public IReadOnlyList<PartialDownload> List(ImageLayout layout)
    {
        if (!Directory.Exists(folder)) return [];
        List<PartialDownload> found = [];
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            string digest = ImageDigest.Prefix + file.Name;
            if (!ImageDigest.IsValid(digest) || !Libc.TryStat(file.FullName, out FileStatus status) || !status.IsFile) continue;
            // Shared: a pull that ends at this moment must not take it for another pull's and leave the file.
            using StoreLock? unused = StoreLock.TryTakeShared(file.FullName);
            // With a second name it is in the folder of a change, complete and being unpacked; or in the store already.
            bool unpacked = status.Links > 1 && !File.Exists(layout.Blob(digest));
            found.Add(new PartialDownload(digest, status.Size, file.LastWriteTimeUtc, unused is null || unpacked));
        }

        return found;
    }

    /// <summary>Removes what a pull has left, unless another is fetching it. One that has it already has a name for it of its own.</summary>
    /// <returns>Whether it is gone.</returns>
    public bool TryRemove(string digest)
    {
        Remove(digest);
        return !File.Exists(Path(digest));
    }

    /// <summary>The wait is the kernel's and cannot be cancelled: its thread stays behind, and the file is closed when it has got what it waits for.</summary>
    private static async Task WaitAsync(SafeFileHandle file, string path, CancellationToken cancellationToken)
    {
        Task waiting = Task.Factory.StartNew(() => Libc.Lock(file, path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await waiting.WaitAsync(cancellationToken);
    }
}
