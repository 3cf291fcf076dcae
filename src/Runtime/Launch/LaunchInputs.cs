using System.Globalization;
using System.Runtime.InteropServices;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// The machine itself. What is opened stays open until this is disposed of, after clone3 has copied the descriptors. Mounts are detached: they are
/// in no mount namespace, and vanish with their last descriptor.
/// </summary>
internal sealed class LaunchInputs(OciSpec spec, string bundle) : ILaunchInputs, IDisposable
{
    private readonly List<SafeHandle> opened = [];
    private readonly List<(IdMaps Maps, SafeFileHandle Namespace)> namespaces = [];
    private SafeFileHandle? overlayMount;
    private SafeFileHandle? root;

    /// <inheritdoc/>
    public SafeFileHandle? RootFolder
    {
        get
        {
            if (root is not null) return root;
            if (RootFileSystem.FindOverlay(spec) is { } overlay)
            {
                OpenOverlay(overlay);
                return root = overlayMount;
            }

            if (spec.Root is null) return null;
            return root = Keep(Libc.Open(Path.GetFullPath(spec.Root.Path, bundle), Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC));
        }

        init => root = value;
    }

    /// <inheritdoc/>
    public OpenedTree OpenTree(string path, bool recursive, IdMaps? maps)
    {
        SafeFileHandle tree;
        try
        {
            tree = Keep(Libc.CloneTree(path, recursive));
        }
        catch (KernelException error) when (error.Errno == Errno.ENOENT)
        {
            throw new ContainerException(ErrorCode.FileNotFound, $"The mount's source {path} does not exist.", path, error);
        }

        if (maps is not null) MapIds(tree, maps, recursive, path);
        return new OpenedTree(Number(tree), Directory.Exists(path));
    }

    /// <inheritdoc/>
    public int OpenOverlay(OverlayRoot overlay)
    {
        if (overlayMount is not null) return Number(overlayMount);
        using SafeFileHandle context = Libc.OpenFileSystem("overlay");
        Libc.ConfigureFileSystem(context, "source", "overlay");

        // By descriptor, because an option's value may be 256 bytes long at most and layers' paths may be longer.
        List<string> lower = [];
        foreach (string layer in overlay.Lower) lower.Add(LayerPath(layer, overlay.Maps));
        if (!AddLayersOneByOne(context, lower) && !Libc.ConfigureFileSystem(context, "lowerdir", string.Join(':', lower)))
        {
            throw new ContainerException(
                ErrorCode.NotSupported, $"This kernel cannot mount an overlay of {lower.Count} layers through descriptors; Linux 6.5 or later can.", spec.Root?.Path);
        }

        if (overlay.Upper is { } upper && overlay.Work is { } work)
        {
            // The upper and the work folder must be on one mount: both paths go through one descriptor of their parent.
            string parent = Path.GetDirectoryName(upper)!;
            if (Path.GetDirectoryName(work) != parent) throw LaunchContext.Invalid($"upperdir {upper} and workdir {work} are not in one folder.", upper);
            // Never id-mapped: overlayfs works in it as the host's root, which the map does not have. It holds the host's ids.
            string folder = LayerPath(parent, null);
            Configure(context, "upperdir", folder + "/" + Path.GetFileName(upper));
            Configure(context, "workdir", folder + "/" + Path.GetFileName(work));
        }

        foreach (string option in overlay.Others)
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) Configure(context, option[..equals], option[(equals + 1)..]);
            else Libc.ConfigureFileSystemFlag(context, option);
        }

        overlayMount = Keep(Libc.MountFileSystem(context, 0, "the overlay root"));
        return Number(overlayMount);
    }

    /// <inheritdoc/>
    public int OpenNamespace(string path) => Number(Keep(Libc.Open(path, Libc.O_RDONLY | Libc.O_CLOEXEC)));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeHandle handle in opened) handle.Dispose();
        opened.Clear();
    }

    private static void Configure(SafeFileHandle context, string key, string value)
    {
        if (!Libc.ConfigureFileSystem(context, key, value)) throw KernelError.From($"mount overlay (option {key}={value})", Errno.EINVAL, "/");
    }

    private static bool AddLayersOneByOne(SafeFileHandle context, List<string> lower)
    {
        // "lowerdir+" came with Linux 6.5.
        for (int i = 0; i < lower.Count; i++)
        {
            if (!Libc.ConfigureFileSystem(context, "lowerdir+", lower[i])) return i > 0 ? throw KernelError.From("mount overlay (option lowerdir+)", Errno.EINVAL, lower[i]) : false;
        }

        return true;
    }

    private string LayerPath(string path, IdMaps? maps)
    {
        SafeFileHandle folder;
        if (maps is null)
        {
            folder = Keep(Libc.Open(path, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC));
        }
        else
        {
            folder = Keep(Libc.CloneTree(path, recursive: false));
            MapIds(folder, maps, recursive: false, path);
        }

        return "/proc/self/fd/" + Number(folder).ToString(CultureInfo.InvariantCulture);
    }

    private void MapIds(SafeFileHandle tree, IdMaps maps, bool recursive, string path)
    {
        SafeFileHandle? userNamespace = namespaces.Find(item => Same(item.Maps.Users, maps.Users) && Same(item.Maps.Groups, maps.Groups)).Namespace;
        if (userNamespace is null)
        {
            userNamespace = Keep(IdMapNamespace.Make(maps));
            namespaces.Add((maps, userNamespace));
        }

        Libc.SetMountAttributes(tree, new MountAttributes(Libc.MOUNT_ATTR_IDMAP, 0, 0, (ulong)userNamespace.DangerousGetHandle()), recursive, path);
    }

    private static bool Same(IReadOnlyList<OciIdMapping> a, IReadOnlyList<OciIdMapping> b) => a.SequenceEqual(b);

    private SafeFileHandle Keep(SafeFileHandle handle)
    {
        opened.Add(handle);
        return handle;
    }

    private static int Number(SafeHandle handle) => (int)handle.DangerousGetHandle();
}
