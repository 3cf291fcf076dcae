using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// The layers below, a writable folder above, merged by overlayfs in the container's own mount namespace. The container's folder holds
/// <c>upper</c> (what it changed), <c>work</c> (overlayfs' own) and <c>rootfs</c> (the mount point).
/// </summary>
internal sealed class OverlayDriver : IStorageDriver
{
    private const string Upper = "upper";
    private const string Work = "work";
    private const string MountPoint = "rootfs";
    private const string Empty = "empty";

    /// <inheritdoc/>
    public string Name => "overlay";

    /// <inheritdoc/>
    public void Prepare(string containerFolder, IReadOnlyList<string> layers, uint owner, CancellationToken cancellationToken)
    {
        string upper = Path.Combine(containerFolder, Upper);
        foreach (string name in (ReadOnlySpan<string>)[Upper, Work, MountPoint]) Directory.CreateDirectory(Path.Combine(containerFolder, name));
        if (layers.Count == 0) NewFolder.Make(Path.Combine(containerFolder, Empty), NewFolder.Public);
        foreach (string name in (ReadOnlySpan<string>)[Work, MountPoint])
        {
            using SafeFileHandle folder = Open(Path.Combine(containerFolder, name));
            Own(folder, owner, owner, name);
        }

        // The root folder that the container sees is the upper one; it must look as the image says.
        using SafeFileHandle root = Open(upper);
        uint mode = 0x1ED;
        uint user = owner;
        uint group = owner;
        if (layers.Count > 0)
        {
            using SafeFileHandle below = Open(layers[0]);
            FileStatus status = Libc.Stat(below);
            mode = status.Permissions;
            // Ids of the image are those of the user namespace.
            user += status.Uid;
            group += status.Gid;
        }

        Own(root, user, group, upper);
        int errno = Libc.ChangeMode(root, mode);
        if (errno != 0) throw KernelError.From("fchmod", errno, upper);
    }

    /// <inheritdoc/>
    public OciMount? RootMount(
        string containerFolder, IReadOnlyList<string> layers, IReadOnlyList<OciIdMapping>? uidMappings, IReadOnlyList<OciIdMapping>? gidMappings)
    {
        IEnumerable<string> lower = layers.Count > 0 ? layers : [Path.Combine(containerFolder, Empty)];
        List<string> options =
        [
            "lowerdir=" + string.Join(':', lower.Select(Escape)),
            "upperdir=" + Path.Combine(containerFolder, Upper),
            "workdir=" + Path.Combine(containerFolder, Work),
            // Where the kernel's default is on, a change of an owner alone would leave a file without its content in the upper folder.
            "metacopy=off",
        ];
        // Without privileges, the marks of overlayfs live among the user's attributes.
        if (!Environment.IsPrivilegedProcess) options.Add("userxattr");
        return new OciMount
        {
            Destination = "/",
            Type = "overlay",
            Source = "overlay",
            Options = options,
            UidMappings = uidMappings,
            GidMappings = gidMappings,
        };
    }

    /// <inheritdoc/>
    public void FindChanges(string containerFolder, IReadOnlyList<string> layers, uint owner, Action<RootEntry> found)
        => UpperChanges.Find(Path.Combine(containerFolder, Upper), layers, owner, found);

    /// <inheritdoc/>
    public IReadOnlyList<(string Folder, uint Owner)> RootFolders(string containerFolder, IReadOnlyList<string> layers, uint owner)
        => [(Path.Combine(containerFolder, Upper), owner), .. layers.Select(layer => (layer, 0u))];

    /// <inheritdoc/>
    public void Remove(string containerFolder)
    {
        foreach (string name in (ReadOnlySpan<string>)[Upper, Work, MountPoint, Empty]) FolderRemoval.Remove(Path.Combine(containerFolder, name));
    }

    /// <summary>A colon separates layers; overlayfs reads a backslash before one that belongs to a path, and before a backslash.</summary>
    private static string Escape(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);

    private static SafeFileHandle Open(string path) => Libc.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);

    private static void Own(SafeFileHandle folder, uint user, uint group, string path)
    {
        if (!Environment.IsPrivilegedProcess) return;
        int errno = Libc.ChangeOwner(folder, user, group);
        if (errno != 0) throw KernelError.From("fchown", errno, path);
    }
}
