using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// One mounted hierarchy with its controllers: the place where what differs between v1 and v2 is known. All operations take the folder of
/// one cgroup in it.
/// </summary>
internal abstract class Hierarchy
{
    /// <summary>A hierarchy.</summary>
    /// <param name="files">The way to the kernel.</param>
    /// <param name="mountPoint">Where it is mounted.</param>
    /// <param name="controllers">Those that can set something.</param>
    /// <param name="onDemand">A lean container gets a cgroup here only when a limit needs it.</param>
    protected Hierarchy(CgroupFiles files, string mountPoint, IReadOnlyList<CgroupController> controllers, bool onDemand)
    {
        Root = new CgroupFolder(files, mountPoint);
        Controllers = controllers;
        OnDemand = onDemand;
    }

    /// <summary>Its root.</summary>
    public CgroupFolder Root { get; }

    /// <summary>What can be set in it.</summary>
    public IReadOnlyList<CgroupController> Controllers { get; }

    /// <summary>Whether it neither counts anything nor holds processes together, so that a container without such a limit does not need it.</summary>
    public bool OnDemand { get; }

    /// <summary>The folder of a cgroup.</summary>
    public CgroupFolder Folder(string path) => new(Root.Files, path == "/" ? Root.Path : string.Concat(Root.Path, path));

    /// <summary>What a container sees of it.</summary>
    /// <param name="path">The container's cgroup.</param>
    /// <param name="root">The folder below which the hierarchies are mounted.</param>
    public CgroupView View(string path, string root)
        => new(Root.Path[root.Length..].TrimStart('/'), FileSystem, MountOptions, Folder(path).Path);

    /// <summary>The file system's type.</summary>
    protected abstract string FileSystem { get; }

    /// <summary>The options that pick it when it is mounted again.</summary>
    protected abstract IReadOnlyList<string> MountOptions { get; }

    /// <summary>Makes the cgroup and its parents; true if it was not there before.</summary>
    public abstract bool Create(string path, CgroupScope scope);

    /// <summary>Sets what concerns the controllers here.</summary>
    public abstract void Apply(string path, OciResources resources);

    /// <summary>Whether any controller here has something to set.</summary>
    public bool Concerns(OciResources resources)
    {
        foreach (CgroupController controller in Controllers)
            if (controller.Concerns(resources)) return true;
        return false;
    }

    /// <summary>Waits until no process is left or the time is over; false in the second case.</summary>
    public abstract bool WaitEmpty(CgroupFolder folder, TimeSpan timeout);
}
