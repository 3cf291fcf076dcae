using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// The folder a layer is unpacked into. Every path is resolved below its open descriptor by openat2(2) with
/// RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS; where a path goes through a symbolic link that the layer itself made, the link is
/// read and followed here, with the layer's root as root, and refused when it leads outside or to nowhere.
/// </summary>
internal sealed class LayerTree : IDisposable
{
    private const int CacheSize = 16;
    private const int MaximumLinks = 40;
    private const uint FolderMode = (uint)NewFolder.Public;
    private const ulong Safe = Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_SYMLINKS | Libc.RESOLVE_NO_MAGICLINKS | Libc.RESOLVE_NO_XDEV;

    private readonly string _subject;
    private readonly List<(byte[] Path, SafeFileHandle Handle)> _cache = new(CacheSize);

    /// <summary>Opens the folder.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="subject">What is unpacked, for messages.</param>
    public LayerTree(string folder, string subject)
    {
        _subject = subject;
        Root = Libc.Open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
    }

    /// <summary>The layer's root.</summary>
    public SafeFileHandle Root { get; }

    /// <summary>Called with the path of every folder that had to be made because an entry needed it and none came before.</summary>
    public Action<byte[]>? FolderImplied { get; set; }

    /// <summary>
    /// The open folder of a normalized path; missing folders are made. Stays open until <see cref="Forget"/> or
    /// <see cref="Dispose"/>; use it at once.
    /// </summary>
    public SafeFileHandle Folder(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty) return Root;
        for (int i = _cache.Count - 1; i >= 0; i--)
        {
            if (!_cache[i].Path.AsSpan().SequenceEqual(path)) continue;
            (byte[] Path, SafeFileHandle Handle) found = _cache[i];
            if (i < _cache.Count - 1)
            {
                // The last used goes last, so that two look-ups in a row leave both open.
                _cache.RemoveAt(i);
                _cache.Add(found);
            }

            return found.Handle;
        }

        SafeFileHandle handle = Open(path);
        if (_cache.Count == CacheSize)
        {
            _cache[0].Handle.Dispose();
            _cache.RemoveAt(0);
        }

        _cache.Add((path.ToArray(), handle));
        return handle;
    }

    /// <summary>Closes the folders kept open, because one of them was replaced.</summary>
    /// <param name="except">Stays open.</param>
    public void Forget(SafeFileHandle? except = null)
    {
        for (int i = _cache.Count - 1; i >= 0; i--)
        {
            if (_cache[i].Handle == except) continue;
            _cache[i].Handle.Dispose();
            _cache.RemoveAt(i);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        Root.Dispose();
    }

    private SafeFileHandle Open(ReadOnlySpan<byte> path)
    {
        int errno = Libc.OpenAt2(Root, path, Libc.O_PATH | Libc.O_DIRECTORY, Safe, out SafeFileHandle handle);
        if (errno == 0) return handle;
        handle.Dispose();
        // O_PATH with RESOLVE_NO_SYMLINKS: ELOOP for a link on the way, ENOTDIR for one at the end.
        if (errno != Errno.ENOENT && errno != Errno.ELOOP && errno != Errno.ENOTDIR) throw Failed("openat2", errno, path);
        byte[] real = Resolve(path);
        errno = Libc.OpenAt2(Root, real.Length == 0 ? "."u8 : real, Libc.O_PATH | Libc.O_DIRECTORY, Safe, out handle);
        if (errno == 0) return handle;
        handle.Dispose();
        throw Failed("openat2", errno, path);
    }

    /// <summary>
    /// The path with its symbolic links replaced; folders that are missing are made, unless a link led there: then the archive
    /// counts on a place that is not its own.
    /// </summary>
    private byte[] Resolve(ReadOnlySpan<byte> path)
    {
        List<byte[]> done = [];
        Stack<byte[]> todo = new();
        Push(todo, path);
        int links = 0;
        while (todo.TryPop(out byte[]? component))
        {
            if (component.AsSpan().SequenceEqual(".."u8))
            {
                if (done.Count == 0) throw Outside(path);
                done.RemoveAt(done.Count - 1);
                continue;
            }

            done.Add(component);
            byte[] current = Join(done);
            int errno = Libc.StatAt(Root, current, out FileStatus status);
            if (errno == Errno.ENOENT)
            {
                if (links > 0) throw Outside(path);
                errno = Libc.MakeFolderAt(Root, current, FolderMode);
                if (errno != 0) throw Failed("mkdirat", errno, current);
                // What the umask has taken away.
                errno = Libc.ChangeModeAt(Root, current, FolderMode);
                if (errno != 0) throw Failed("fchmodat", errno, current);
                FolderImplied?.Invoke(current);
            }
            else if (errno != 0)
            {
                throw Failed("statx", errno, current);
            }
            else if (status.IsLink)
            {
                if (++links > MaximumLinks) throw Corrupt(path, "goes round in symbolic links");
                errno = Libc.ReadLinkAt(Root, current, out byte[] target);
                if (errno != 0) throw Failed("readlinkat", errno, current);
                done.RemoveAt(done.Count - 1);
                if (target.Length > 0 && target[0] == '/') done.Clear();
                Push(todo, target);
            }
            else if (!status.IsFolder)
            {
                throw Corrupt(path, "lies in something that is no folder");
            }
        }

        return Join(done);
    }

    /// <summary>The error of a system call at a path of the archive, in words that say of what.</summary>
    public ContainerException Failed(string call, int errno, ReadOnlySpan<byte> path)
    {
        if (errno == Errno.ENOSPC || errno == Errno.EDQUOT)
        {
            return new ContainerException(ErrorCode.StorageFull, $"{_subject} cannot be unpacked: there is no space left for '{TarEntry.Display(path)}'; free some and try again.", _subject);
        }

        return errno == Errno.ENAMETOOLONG
            ? new ContainerException(ErrorCode.ArchiveCorrupt, $"{_subject} has a name that is longer than a file system allows: '{TarEntry.Display(path)}'.", _subject)
            : KernelError.From(call, errno, TarEntry.Display(path));
    }

    private ContainerException Outside(ReadOnlySpan<byte> path) => new(
        ErrorCode.ArchiveUnsafe,
        $"{_subject} writes to '{TarEntry.Display(path)}' through a symbolic link that leads out of its root file system, or to what it has not got; do not trust it.", _subject);

    private ContainerException Corrupt(ReadOnlySpan<byte> path, string what)
        => new(ErrorCode.ArchiveCorrupt, $"{_subject} is damaged: the path '{TarEntry.Display(path)}' {what}.", _subject);

    private static void Push(Stack<byte[]> todo, ReadOnlySpan<byte> path)
    {
        while (!path.IsEmpty)
        {
            int slash = path.LastIndexOf((byte)'/');
            ReadOnlySpan<byte> component = path[(slash + 1)..];
            path = slash < 0 ? [] : path[..slash];
            if (!component.IsEmpty && !component.SequenceEqual("."u8)) todo.Push(component.ToArray());
        }
    }

    private static byte[] Join(List<byte[]> components)
    {
        int length = Math.Max(0, components.Count - 1);
        foreach (byte[] component in components) length += component.Length;
        byte[] path = new byte[length];
        int at = 0;
        foreach (byte[] component in components)
        {
            if (at > 0) path[at++] = (byte)'/';
            component.CopyTo(path, at);
            at += component.Length;
        }

        return path;
    }
}
