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
    public OpenedTree OpenTree(string path, bool recursive, IdMaps? maps, ulong propagation = Libc.MS_PRIVATE)
    {
        SafeFileHandle tree;
        try
        {
            tree = Keep(Libc.CloneTree(path, recursive));
        }
        catch (KernelException error) when (error.Errno == Errno.ENOENT)
        {
            throw KernelMounts.NoSource(path, error);
        }

        // A copy of a shared mount is its peer: what the container mounts below it would appear on the host, and a peer cannot become "/". The launch
        // sets what the configuration asks for where the mount is attached; a slave goes on hearing of what the host mounts.
        Libc.SetMountAttributes(tree, new MountAttributes(0, 0, propagation, 0), recursive: true, path);
        if (maps is not null) MapIds(tree, maps, maps.Recursive, path);
        return new OpenedTree(Number(tree), Directory.Exists(path));
    }

    /// <inheritdoc/>
    public int CopyUp(string path, string source, MountOptions options) => Number(Keep(CopiedUp.Make(RootFolder, path, source, options)));

    /// <inheritdoc/>
    public int MountRemote(string type, string source, string destination, MountOptions options) => Number(Keep(RemoteMount.Make(type, source, destination, options)));

    /// <inheritdoc/>
    public IReadOnlyList<string> WholeKernelFileSystems() => KernelFileSystems.FindWhole(File.ReadLines("/proc/self/mountinfo"));

    /// <inheritdoc/>
    public bool IsFolder(string path) => KernelMounts.IsFolder(path);

    /// <inheritdoc/>
    public bool IsShared(string path) => KernelMounts.IsShared(path);

    /// <inheritdoc/>
    public bool ClonesMounts => Environment.IsPrivilegedProcess;

    /// <inheritdoc/>
    public bool MakesDevices => Libc.IsInFirstUserNamespace;

    /// <inheritdoc/>
    public bool MountsOnDetached => KernelMounts.MountsOnDetached;

    /// <inheritdoc/>
    public bool HasSecurityModule(string name) => SecurityModules.Has(name);

    /// <inheritdoc/>
    public int OpenOverlay(OverlayRoot overlay)
    {
        if (overlayMount is not null) return Number(overlayMount);
        List<SafeFileHandle> layers = [];
        foreach (string layer in overlay.Lower) layers.Add(OpenLayer(layer, overlay.Maps));
        SafeFileHandle? writable = null;
        if (overlay.Upper is { } upper && overlay.Work is { } work)
        {
            // The upper and the work folder must be on one mount: both paths go through one descriptor of their parent. It is never id-mapped:
            // overlayfs works in it as the host's root, which the map does not have. It holds the host's ids.
            string parent = Path.GetDirectoryName(upper)!;
            if (Path.GetDirectoryName(work) != parent) throw LaunchContext.Invalid($"upperdir {upper} and workdir {work} are not in one folder.", upper);
            writable = OpenLayer(parent, null);
        }

        overlayMount = Keep(OverlayMount.Make(overlay, layers, writable));
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

    private SafeFileHandle OpenLayer(string path, IdMaps? maps)
    {
        if (maps is null) return Keep(Libc.Open(path, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC));
        SafeFileHandle layer = Keep(Libc.CloneTree(path, recursive: false));
        MapIds(layer, maps, recursive: false, path);
        return layer;
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
