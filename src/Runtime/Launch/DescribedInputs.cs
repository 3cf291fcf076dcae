using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>Inputs that open nothing but the root folder: for showing a plan without carrying it out.</summary>
internal sealed class DescribedInputs(OciSpec spec, string bundle) : ILaunchInputs, IDisposable
{
    private SafeFileHandle? root;

    /// <inheritdoc/>
    public SafeFileHandle? RootFolder
    {
        get
        {
            if (root is not null || spec.Root is null) return root;
            string path = Path.GetFullPath(spec.Root.Path, bundle);
            return root = Directory.Exists(path) ? Libc.Open(path, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC) : null;
        }
    }

    /// <inheritdoc/>
    public OpenedTree OpenTree(string path, bool recursive, IdMaps? maps, ulong propagation = Libc.MS_PRIVATE) => new(-1, Directory.Exists(path));

    /// <inheritdoc/>
    public int CopyUp(string path, string source, MountOptions options) => -1;

    /// <inheritdoc/>
    public int MountRemote(string type, string source, string destination, MountOptions options) => -1;

    /// <inheritdoc/>
    public IReadOnlyList<string> WholeKernelFileSystems() => KernelFileSystems.FindWhole(File.ReadLines("/proc/self/mountinfo"));

    /// <inheritdoc/>
    public bool IsFolder(string path) => Directory.Exists(path);

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
    public int OpenOverlay(OverlayRoot overlay) => -1;

    /// <inheritdoc/>
    public int OpenNamespace(string path) => -1;

    /// <inheritdoc/>
    public void Dispose() => root?.Dispose();
}
