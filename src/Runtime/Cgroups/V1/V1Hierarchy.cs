using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>A v1 hierarchy: one controller, several that are mounted together (<c>cpu,cpuacct</c>), or a named one without any.</summary>
internal sealed class V1Hierarchy : Hierarchy
{
    private const string Processors = "cpuset.cpus";
    private const string MemoryNodes = "cpuset.mems";
    private readonly bool _cpuset;

    /// <summary>A hierarchy.</summary>
    /// <param name="files">The way to the kernel.</param>
    /// <param name="mountPoint">Where it is mounted.</param>
    /// <param name="names">The controllers in it, as /proc/cgroups names them, and <c>name=…</c> of a named one.</param>
    /// <param name="controllers">Those that can set something.</param>
    /// <param name="onDemand">A lean container gets a cgroup here only when a limit needs it.</param>
    public V1Hierarchy(CgroupFiles files, string mountPoint, IReadOnlyList<string> names, IReadOnlyList<CgroupController> controllers, bool onDemand)
        : base(files, mountPoint, controllers, onDemand)
    {
        Names = names;
        _cpuset = names.Contains("cpuset");
    }

    /// <summary>The controllers in it, also those that only count, and <c>name=…</c>: the mount options that pick it.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <inheritdoc/>
    protected override string FileSystem => "cgroup";

    /// <inheritdoc/>
    protected override IReadOnlyList<string> MountOptions => Names;

    /// <inheritdoc/>
    public override bool Create(string path, CgroupScope scope)
    {
        bool made = CgroupPath.Make(Root, path, _cpuset ? PassOn : null);
        if (_cpuset) Inherit(path);
        return made;
    }

    /// <inheritdoc/>
    public override void Apply(string path, OciResources resources)
    {
        CgroupFolder folder = Folder(path);
        foreach (CgroupController controller in Controllers) controller.Apply(folder, resources);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// v1 does not tell when a cgroup becomes empty. The processes' pidfds tell when they end; from there to leaving the cgroup it is a matter of
    /// microseconds, for which there is nothing to wait on.
    /// </remarks>
    public override bool WaitEmpty(CgroupFolder folder, TimeSpan timeout)
    {
        long end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        IReadOnlyList<int> processes = ProcessList.Read(folder, recursive: true);
        if (processes.Count == 0)
        {
            Thread.Sleep(1);
            return true;
        }

        do
        {
            if (!CgroupKill.Wait(processes, TimeSpan.FromMilliseconds(Math.Max(0, end - Environment.TickCount64)))) return false;
            processes = ProcessList.Read(folder, recursive: true);
        }
        while (processes.Count > 0);
        return true;
    }

    /// <summary>Makes the kernel copy a parent's lists into each new child: then a container costs one read instead of two reads and two writes.</summary>
    private static void PassOn(CgroupFolder parent)
    {
        int errno = parent.TryWrite("cgroup.clone_children", "1");
        // Another process has removed the parent, empty as it is yet: the making begins again.
        if (errno is 0 || errno == Errno.ENOENT || errno == Errno.ENODEV) return;
        throw parent.Refused("cgroup.clone_children", "1", errno);
    }

    /// <summary>A new v1 cpuset is empty, and a process cannot enter it before it has processors and memory nodes.</summary>
    private void Inherit(string path)
    {
        CgroupFolder folder = Folder(path);
        string? processors = folder.Read(Processors), nodes = folder.Read(MemoryNodes);
        if (path == "/" || (processors is { Length: > 0 } && nodes is { Length: > 0 })) return;
        string parentPath = CgroupPath.Parent(path);
        CgroupFolder parent = Folder(parentPath);
        string? parentProcessors = parent.Read(Processors), parentNodes = parent.Read(MemoryNodes);
        if (parentProcessors is not { Length: > 0 } || parentNodes is not { Length: > 0 })
        {
            Inherit(parentPath);
            parentProcessors = parent.Read(Processors);
            parentNodes = parent.Read(MemoryNodes);
        }

        if (processors is not { Length: > 0 } && parentProcessors is { Length: > 0 }) folder.Write(Processors, parentProcessors);
        if (nodes is not { Length: > 0 } && parentNodes is { Length: > 0 }) folder.Write(MemoryNodes, parentNodes);
    }
}
