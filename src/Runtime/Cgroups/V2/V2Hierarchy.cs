using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>The v2 hierarchy; on a hybrid machine with those controllers that no v1 hierarchy has taken, mostly none.</summary>
/// <param name="files">The way to the kernel.</param>
/// <param name="mountPoint">Where it is mounted.</param>
/// <param name="available">The controllers the root has.</param>
/// <param name="controllers">Those that can set something, and what works without being a controller.</param>
/// <param name="hybrid">Whether there are v1 hierarchies too.</param>
internal sealed class V2Hierarchy(
    CgroupFiles files, string mountPoint, IReadOnlyList<string> available, IReadOnlyList<CgroupController> controllers, bool hybrid)
    : Hierarchy(files, mountPoint, controllers, onDemand: false)
{
    /// <summary>Controllers that count something for every container.</summary>
    private static readonly string[] Counting = ["cpu", "io", "memory", "pids"];

    /// <summary>Those that a container which runs containers expects to find.</summary>
    private static readonly string[] Limiting = ["cpuset", "hugetlb", "rdma", "misc"];

    private readonly string[] _lean = [.. Counting.Intersect(available)];
    private readonly string[] _full = [.. Counting.Concat(hybrid ? [] : Limiting).Intersect(available)];

    /// <summary>The controllers the root has.</summary>
    public IReadOnlyList<string> Available => available;

    /// <inheritdoc/>
    protected override string FileSystem => "cgroup2";

    /// <inheritdoc/>
    protected override IReadOnlyList<string> MountOptions => [];

    /// <inheritdoc/>
    public override bool Create(string path, CgroupScope scope)
    {
        bool made = CgroupPath.Make(Root, path);
        string[] wanted = scope == CgroupScope.Full ? _full : _lean;
        if (wanted.Length > 0)
        {
            IReadOnlyList<string> present = V2Delegation.Controllers(Folder(path));
            string[] missing = [.. wanted.Except(present)];
            if (missing.Length > 0)
            {
                V2Delegation.TryEnable(Root, path, missing);
                V2Delegation.CheckCanBeEntered(Folder(path));
            }
        }

        return made;
    }

    /// <inheritdoc/>
    public override void Apply(string path, OciResources resources)
    {
        CgroupFolder folder = Folder(path);
        IReadOnlyList<string>? present = null;
        foreach (CgroupController controller in Controllers)
        {
            if (!controller.Concerns(resources)) continue;
            if (available.Contains(controller.Name)) Need(controller.Name);
            controller.Apply(folder, resources);
        }

        V2UnifiedFiles.Apply(folder, resources, Need);

        void Need(string controller)
        {
            present ??= V2Delegation.Controllers(folder);
            if (!present.Contains(controller) && available.Contains(controller)) V2Delegation.Enable(Root, path, controller);
        }
    }

    /// <inheritdoc/>
    public override bool WaitEmpty(CgroupFolder folder, TimeSpan timeout) => CgroupEvents.Wait(folder, "populated", 0, timeout);
}
