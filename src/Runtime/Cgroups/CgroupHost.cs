using System.Text;
using ContainerTools.Runtime.Cgroups.V1;
using ContainerTools.Runtime.Cgroups.V2;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// The cgroup hierarchies of this machine, found once: v2 alone, v1 alone, or a mixture of them. Everybody else opens a cgroup here
/// and never asks which.
/// </summary>
internal sealed class CgroupHost
{
    /// <summary>v1 hierarchies that count nothing: see <see cref="CgroupScope.Lean"/>.</summary>
    private static readonly string[] OnlyLimiting = ["cpuset", "net_cls", "net_prio", "perf_event", "hugetlb", "rdma", "misc", "dmem", "devices"];

    private static CgroupHost? s_current;

    private readonly string _controllerTable;

    private CgroupHost(string root, string controllerTable, IReadOnlyList<Hierarchy> hierarchies, ICgroupFreezer? freezer, Hierarchy? frozen)
    {
        Root = root;
        _controllerTable = controllerTable;
        Hierarchies = hierarchies;
        Freezer = freezer;
        FreezerHierarchy = frozen;
    }

    /// <summary>This machine's.</summary>
    public static CgroupHost Current => s_current ??= Detect();

    /// <summary>The folder below which they are mounted.</summary>
    public string Root { get; }

    /// <summary>All hierarchies in which a container gets a cgroup; v2, where there is one, comes first.</summary>
    public IReadOnlyList<Hierarchy> Hierarchies { get; }

    /// <summary>The version that freezes, or null.</summary>
    public ICgroupFreezer? Freezer { get; }

    /// <summary>The hierarchy it works in, or null.</summary>
    public Hierarchy? FreezerHierarchy { get; }

    /// <summary>Whether there is a v2 hierarchy in which processes can be born (CLONE_INTO_CGROUP).</summary>
    public bool HasV2 => Hierarchies is [V2Hierarchy, ..];

    /// <summary>Whether there is a v1 hierarchy.</summary>
    public bool HasV1 => Hierarchies is [.., V1Hierarchy];

    /// <summary>Whether all controllers are v2's.</summary>
    public bool IsV2Alone => HasV2 && !HasV1;

    /// <summary>
    /// Whether swap can be limited. v1 has its file at the root as well, unless the kernel was started with swapaccount=0. v2's root has no limits: its
    /// children tell, and where nobody limits memory yet, whether the kernel has swap at all.
    /// </summary>
    public bool CanLimitSwap => Hierarchies.FirstOrDefault(hierarchy => hierarchy.Controllers.Any(controller => controller.Name == "memory")) switch
    {
        V1Hierarchy v1 => v1.Root.Has("memory.memsw.limit_in_bytes"),
        V2Hierarchy v2 => Directory.EnumerateDirectories(v2.Root.Path).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "memory.max"))) is { } child
            ? File.Exists(Path.Combine(child, "memory.swap.max"))
            : File.Exists("/proc/swaps"),
        _ => false,
    };

    /// <summary>Looks for the hierarchies.</summary>
    /// <param name="root">Where they are mounted.</param>
    /// <param name="mountInfo">/proc/self/mountinfo; not read where v2 is all there is.</param>
    /// <param name="controllerTable">/proc/cgroups; read only to explain what is missing.</param>
    /// <param name="files">The way to the kernel.</param>
    public static CgroupHost Detect(
        string root = "/sys/fs/cgroup", string mountInfo = "/proc/self/mountinfo", string controllerTable = "/proc/cgroups", CgroupFiles? files = null)
    {
        files ??= CgroupFiles.Kernel;
        if (Libc.FileSystemType(root) == Libc.CGROUP2_SUPER_MAGIC) return new Builder(files).AddV2(root, hybrid: false, hasV1Devices: false).Build(root, controllerTable);

        byte[] table = Libc.ReadWholeKernelFile(mountInfo, out int errno);
        if (errno != 0) throw KernelError.From("read", errno, mountInfo);
        CgroupMount[] mounts = [.. CgroupMount.Parse(table, root).Where(mount => !mount.IsReadOnly)];
        var builder = new Builder(files);
        bool hasV1 = mounts.Any(mount => !mount.IsV2);
        if (mounts.FirstOrDefault(mount => mount.IsV2) is { } v2)
            builder.AddV2(v2.Path, hasV1, mounts.Any(mount => !mount.IsV2 && mount.Options.Contains("devices")));
        foreach (CgroupMount mount in mounts.Where(mount => !mount.IsV2)) builder.AddV1(mount);
        return builder.Build(root, controllerTable);
    }

    /// <summary>The path of this process's own cgroup on v2; the root where it is in none.</summary>
    public string OwnPath => OwnCgroup.ReadAll().FirstOrDefault(static own => own.Controllers.Count == 0)?.Path ?? "/";

    /// <summary>What a container without a cgroup of its own sees: the cgroups that this process is in.</summary>
    public IReadOnlyList<CgroupView> OwnViews()
    {
        IReadOnlyList<OwnCgroup> all = OwnCgroup.ReadAll();
        List<CgroupView> views = [];
        foreach (Hierarchy hierarchy in Hierarchies)
        {
            IReadOnlyList<string> names = hierarchy is V1Hierarchy v1 ? v1.Names : [];
            if (all.FirstOrDefault(own => own.IsIn(names)) is not { } own) continue;
            CgroupView view = hierarchy.View(own.Path, Root);
            // Not to be seen where this process is in a cgroup namespace, and the hierarchy was mounted outside.
            if (Directory.Exists(view.HostPath)) views.Add(view with { IsLaunchers = true });
        }

        return views;
    }

    /// <summary>The cgroup at a path below each hierarchy's root; makes nothing yet.</summary>
    /// <param name="path">The specification's cgroupsPath; a relative one starts at the root too.</param>
    /// <param name="scope">In which hierarchies <see cref="ICgroup.Create"/> makes it.</param>
    public ICgroup Open(string path, CgroupScope scope = CgroupScope.Full)
    {
        string normal = CgroupPath.Normalize(path);
        if (normal == "/")
            throw new ContainerException(ErrorCode.InvalidConfiguration, "A container's cgroup cannot be the root of the hierarchies; give it a path of its own.", path);
        if (Hierarchies.Count == 0)
            throw new ContainerException(ErrorCode.NotSupported, "No cgroup hierarchy is mounted writable below /sys/fs/cgroup; mount one (mount -t cgroup2 none /sys/fs/cgroup).", path);
        return new Cgroup(this, normal, scope);
    }

    /// <summary>Removes a cgroup that has neither children nor processes, such as the parent of the last container; true if it is gone.</summary>
    public bool DeleteIfEmpty(string path)
    {
        path = CgroupPath.Normalize(path);
        if (path == "/") return false;
        bool gone = true;
        foreach (Hierarchy hierarchy in Hierarchies)
        {
            CgroupFolder folder = hierarchy.Folder(path);
            int errno = folder.Files.RemoveFolder(folder.Path);
            if (errno == 0 || errno == Errno.ENOENT) continue;
            if (errno != Errno.EBUSY && errno != Errno.ENOTEMPTY) throw KernelError.From("rmdir", errno, folder.Path);
            gone = false;
        }

        return gone;
    }

    /// <summary>Why a limit cannot be set on this machine, in one sentence; null if it can.</summary>
    /// <param name="controller">v1's name of the controller: memory, cpu, cpuset, pids, devices, blkio, hugetlb, …</param>
    public string? UnsupportedReason(string controller)
    {
        string v2Name = controller == "blkio" ? "io" : controller;
        foreach (Hierarchy hierarchy in Hierarchies)
        {
            foreach (CgroupController present in hierarchy.Controllers)
                if (present.Name == controller || present.Name == v2Name) return null;
        }

        if (controller == "unified") return HasV2 ? null : "linux.resources.unified needs cgroup v2, which is not mounted here";
        if (controller == "freezer") return Freezer is not null ? null : "no freezer hierarchy is mounted";
        if (controller is "net_cls" or "net_prio" && !HasV1) return $"cgroup v2 has no {controller}; nftables can match a cgroup instead";
        return MissingController(controller);
    }

    /// <summary>Throws where a limit is asked for that no hierarchy can set.</summary>
    internal void Require(OciResources resources)
    {
        foreach (string controller in ResourceNeeds.Controllers(resources))
        {
            if (UnsupportedReason(controller) is { } reason)
                throw new ContainerException(ErrorCode.NotSupported, $"The {controller} limits cannot be set: {reason}.", controller);
        }
    }

    private string MissingController(string controller)
    {
        byte[] table = Libc.ReadWholeKernelFile(_controllerTable, out int errno);
        if (errno == 0)
        {
            // "name hierarchy cgroups enabled"
            foreach (string line in Encoding.UTF8.GetString(table).Split('\n'))
            {
                string[] parts = line.Split('\t', StringSplitOptions.RemoveEmptyEntries);
                if (parts.Length != 4 || parts[0] != controller) continue;
                return parts[3] == "0"
                    ? $"the kernel was started with cgroup_disable={controller}"
                    : $"the {controller} controller is not mounted (mount -t cgroup -o {controller} none /sys/fs/cgroup/{controller})";
            }
        }

        return $"this kernel was built without the {controller} controller";
    }

    /// <summary>Collects what Detect finds.</summary>
    private sealed class Builder(CgroupFiles files)
    {
        private readonly List<Hierarchy> _hierarchies = [];
        private (ICgroupFreezer Freezer, Hierarchy Hierarchy)? _freezer;
        private V2Hierarchy? _v2;

        public Builder AddV2(string mountPoint, bool hybrid, bool hasV1Devices)
        {
            var root = new CgroupFolder(files, mountPoint);
            IReadOnlyList<string> available = V2Delegation.Controllers(root);
            _v2 = new V2Hierarchy(files, mountPoint, available, ControllerTable.V2(available, hasV1Devices), hybrid);
            _hierarchies.Insert(0, _v2);
            _freezer = (new V2Freezer(), _v2);
            return this;
        }

        public void AddV1(CgroupMount mount)
        {
            string[] names = [.. mount.Options.Where(option => ControllerTable.IsV1(option) || option.StartsWith("name=", StringComparison.Ordinal))];
            bool onDemand = names.Length > 0 && names.All(name => OnlyLimiting.Contains(name) || (name == "freezer" && _v2 is not null));
            var hierarchy = new V1Hierarchy(files, mount.Path, names, ControllerTable.V1(names), onDemand);
            _hierarchies.Add(hierarchy);
            if (names.Contains("freezer")) _freezer ??= (new V1Freezer(), hierarchy);
        }

        public CgroupHost Build(string root, string controllerTable) => new(root, controllerTable, _hierarchies, _freezer?.Freezer, _freezer?.Hierarchy);
    }
}
