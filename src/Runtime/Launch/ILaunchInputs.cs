using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// What the compiler of a plan asks of the machine: descriptors of things outside the container, opened by the launcher with its own
/// rights and names, and facts. Tests give a list of their own, so that plans are compiled without root.
/// </summary>
internal interface ILaunchInputs
{
    /// <summary>A detached copy of the mount at a path of the host, id-mapped where a map is given, with a propagation (MS_PRIVATE, MS_SLAVE, …) of its own.</summary>
    OpenedTree OpenTree(string path, bool recursive, IdMaps? maps, ulong propagation = Libc.MS_PRIVATE);

    /// <summary>A detached tmpfs that holds a copy of what the root has at a path.</summary>
    int CopyUp(string path, string source, MountOptions options);

    /// <summary>A detached mount of a file system of the network, in the host's network namespace.</summary>
    int MountRemote(string type, string source, string destination, MountOptions options);

    /// <summary>Where whole mounts of proc and sysfs are, the last one first.</summary>
    IReadOnlyList<string> WholeKernelFileSystems();

    /// <summary>Whether what is at a path of the host is a folder.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.FileNotFound"/>: there is nothing.</exception>
    bool IsFolder(string path);

    /// <summary>Whether the mount that a path of the host is on is a peer of others (mount_namespaces(7), shared).</summary>
    bool IsShared(string path);

    /// <summary>
    /// Whether the launcher may clone mounts (CAP_SYS_ADMIN over its own mount namespace). Where it may not, the first process does it in the user namespace that the configuration makes.
    /// </summary>
    bool ClonesMounts { get; }

    /// <summary>Whether the container's first process can make devices: only root of the first user namespace may, and only there. Else the host's are bound.</summary>
    bool MakesDevices { get; }

    /// <summary>Whether mounts can be made on a mount that is attached nowhere (Linux 6.15).</summary>
    bool MountsOnDetached { get; }

    /// <summary>Whether the kernel has a security module switched on: <c>apparmor</c>, <c>selinux</c>.</summary>
    bool HasSecurityModule(string name);

    /// <summary>A detached mount of the overlay that is the container's root.</summary>
    int OpenOverlay(OverlayRoot overlay);

    /// <summary>A namespace file.</summary>
    int OpenNamespace(string path);

    /// <summary>The container's root folder, for look-ups in its passwd(5) and group(5): null where it cannot be opened.</summary>
    SafeFileHandle? RootFolder { get; }
}

/// <summary>A detached mount.</summary>
/// <param name="Descriptor">Its descriptor, open in the launcher.</param>
/// <param name="IsDirectory">Whether its root is a directory; otherwise it is mounted on a file.</param>
internal readonly record struct OpenedTree(int Descriptor, bool IsDirectory);

/// <summary>The two id maps of a mount or of a user namespace.</summary>
/// <param name="Users">User ids.</param>
/// <param name="Groups">Group ids.</param>
internal sealed record IdMaps(IReadOnlyList<Oci.OciIdMapping> Users, IReadOnlyList<Oci.OciIdMapping> Groups)
{
    /// <summary>Whether the mounts below are mapped as well.</summary>
    public bool Recursive { get; init; }
}

/// <summary>The overlay of a container's root (docs/design/state.md, "The bundle").</summary>
/// <param name="Lower">Layers, uppermost first.</param>
/// <param name="Upper">The writable layer, or null for a read-only root.</param>
/// <param name="Work">The overlay's work folder.</param>
/// <param name="Others">Further options, <c>key</c> or <c>key=value</c>.</param>
/// <param name="Maps">Id maps of the layers, or null.</param>
internal sealed record OverlayRoot(IReadOnlyList<string> Lower, string? Upper, string? Work, IReadOnlyList<string> Others, IdMaps? Maps);
