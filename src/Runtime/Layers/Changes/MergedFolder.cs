using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers.Changes;

/// <summary>
/// A folder as several layers make it up together, without a mount: whiteouts hide, opaque folders cover. Works on open folders and never
/// follows a link.
/// </summary>
internal sealed class MergedFolder : IDisposable
{
    /// <summary>Uppermost first, with the id that owners are counted from.</summary>
    private readonly List<(SafeFileHandle Handle, uint Owner)> _folders = [];

    /// <summary>The root folder of layers.</summary>
    /// <param name="layers">Their folders, uppermost first, each with the host id that its owners are counted from.</param>
    public static MergedFolder Open(IEnumerable<(string Folder, uint Owner)> layers)
    {
        MergedFolder merged = new();
        try
        {
            foreach ((string folder, uint owner) in layers)
            {
                merged._folders.Add((Libc.Open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC), owner));
            }

            return merged;
        }
        catch
        {
            merged.Dispose();
            throw;
        }
    }

    /// <summary>The names of what it holds, in the order of their bytes.</summary>
    public List<byte[]> Names(byte[] path)
    {
        SortedSet<byte[]> names = new(ByteOrder.Instance);
        foreach ((SafeFileHandle handle, _) in _folders)
        {
            Check(Libc.ListFolder(handle, out List<byte[]> found), "getdents64", path);
            names.UnionWith(found);
        }

        return [.. names];
    }

    /// <summary>Finds an entry.</summary>
    /// <returns>False when there is none, or it is deleted by a layer.</returns>
    public bool Find(byte[] name, out SafeFileHandle folder, out FileStatus status, out uint owner)
    {
        foreach ((SafeFileHandle handle, uint ownerOfLayer) in _folders)
        {
            if (Libc.StatAt(handle, name, out status) != 0) continue;
            (folder, owner) = (handle, ownerOfLayer);
            return !status.IsWhiteout;
        }

        (folder, status, owner) = (null!, default, 0);
        return false;
    }

    /// <summary>The folder of that name, merged; empty where there is none.</summary>
    public MergedFolder Inner(byte[] name, byte[] path)
    {
        MergedFolder inner = new();
        try
        {
            foreach ((SafeFileHandle handle, uint owner) in _folders)
            {
                if (Libc.StatAt(handle, name, out FileStatus status) != 0) continue;
                if (!status.IsFolder) break;
                int errno = Libc.OpenAt(handle, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle folder);
                // Removed meanwhile, by a container that runs.
                if (errno == Errno.ENOENT || errno == Errno.ENOTDIR || errno == Errno.ELOOP) continue;
                Check(errno, "openat", path);
                inner._folders.Add((folder, owner));
                RefuseRedirect(folder, path);
                if (IsOpaque(folder)) break;
            }

            return inner;
        }
        catch
        {
            inner.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((SafeFileHandle handle, _) in _folders) handle.Dispose();
    }

    /// <summary>Whether overlayfs hides what is below a folder.</summary>
    public static bool IsOpaque(SafeFileHandle folder) => HasMark(folder, "trusted.overlay.opaque"u8) || HasMark(folder, "user.overlay.opaque"u8);

    /// <summary>
    /// Refuses a folder that overlayfs has renamed without a copy, which it does only where an administrator has switched that on
    /// (redirect_dir): what it holds is elsewhere.
    /// </summary>
    public static void RefuseRedirect(SafeFileHandle folder, byte[] path)
    {
        if (Libc.GetAttributeAt(folder, [], "trusted.overlay.redirect"u8, out _) != 0) return;
        throw new ContainerException(
            ErrorCode.NotSupported,
            $"The folder /{TarEntry.Display(path)} was renamed by overlayfs with redirect_dir; switch that off (/sys/module/overlay/parameters/redirect_dir).");
    }

    /// <summary>
    /// Refuses a file of which overlayfs has copied up all but the content (metacopy): it has the size, but reads as zeros. Containers are
    /// mounted without it; one made before may have such files.
    /// </summary>
    public static void RefuseMetacopy(RootEntry file)
    {
        if (Libc.GetAttributeAt(file.Folder, file.Name, "trusted.overlay.metacopy"u8, out _) != 0) return;
        throw new ContainerException(
            ErrorCode.NotSupported,
            $"The content of the file /{TarEntry.Display(file.Path)} is still in a layer below, by metacopy of overlayfs; make the container again.");
    }

    private static bool HasMark(SafeFileHandle folder, ReadOnlySpan<byte> name) => Libc.GetAttributeAt(folder, [], name, out byte[] value) == 0 && value is [(byte)'y'];

    private static void Check(int errno, string call, byte[] path)
    {
        if (errno != 0) throw KernelError.From(call, errno, TarEntry.Display(path));
    }
}
