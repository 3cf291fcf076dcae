using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Tests.Cgroups;

/// <summary>
/// Plays the kernel's part on a temporary tree: a new folder gets its files, a write is checked as the kernel checks it, and every write
/// is noted. Only what the tests rely on is played, and each rule of it has been seen on a real kernel.
/// </summary>
internal sealed class FakeKernel : CgroupFiles, IDisposable
{
    public const string Unlimited = "9223372036854771712";

    private static readonly Dictionary<string, (string File, string Value)[]> s_v1 = new()
    {
        ["memory"] =
        [
            ("memory.limit_in_bytes", Unlimited), ("memory.memsw.limit_in_bytes", Unlimited), ("memory.soft_limit_in_bytes", Unlimited),
            ("memory.usage_in_bytes", "0"), ("memory.memsw.usage_in_bytes", "0"), ("memory.swappiness", "60"),
            ("memory.kmem.tcp.limit_in_bytes", Unlimited), ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0"),
        ],
        ["cpu"] =
        [
            ("cpu.shares", "1024"), ("cpu.cfs_quota_us", "-1"), ("cpu.cfs_period_us", "100000"), ("cpu.cfs_burst_us", "0"), ("cpu.idle", "0"),
            ("cpu.rt_period_us", "1000000"), ("cpu.rt_runtime_us", "0"),
        ],
        ["cpuset"] = [("cpuset.cpus", ""), ("cpuset.mems", ""), ("cgroup.clone_children", "0")],
        ["pids"] = [("pids.max", "max")],
        ["freezer"] = [("freezer.state", "THAWED")],
        ["devices"] = [("devices.list", "a *:* rwm"), ("devices.allow", ""), ("devices.deny", "")],
        ["blkio"] =
        [
            ("blkio.bfq.weight", "100"), ("blkio.bfq.weight_device", ""), ("blkio.throttle.read_bps_device", ""),
            ("blkio.throttle.write_bps_device", ""), ("blkio.throttle.read_iops_device", ""), ("blkio.throttle.write_iops_device", ""),
        ],
        ["hugetlb"] = [("hugetlb.2MB.limit_in_bytes", Unlimited), ("hugetlb.2MB.rsvd.limit_in_bytes", Unlimited)],
        ["net_cls"] = [("net_cls.classid", "0")],
        ["net_prio"] = [("net_prio.ifpriomap", "lo 0")],
        ["rdma"] = [("rdma.max", "")],
    };

    private static readonly Dictionary<string, (string File, string Value)[]> s_v2 = new()
    {
        ["memory"] =
        [
            ("memory.max", "max"), ("memory.low", "0"), ("memory.high", "max"), ("memory.swap.max", "max"), ("memory.current", "0"), ("memory.reclaim", ""),
            ("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0"),
        ],
        ["cpu"] = [("cpu.weight", "100"), ("cpu.max", "max 100000"), ("cpu.max.burst", "0"), ("cpu.idle", "0")],
        ["cpuset"] = [("cpuset.cpus", ""), ("cpuset.mems", ""), ("cpuset.cpus.effective", "0-3"), ("cpuset.mems.effective", "0")],
        ["pids"] = [("pids.max", "max")],
        ["io"] = [("io.weight", "default 100"), ("io.max", "")],
        ["hugetlb"] = [("hugetlb.2MB.max", "max"), ("hugetlb.2MB.rsvd.max", "max")],
        ["rdma"] = [("rdma.max", "")],
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("ct-cgroup-").FullName;
    private readonly Dictionary<string, string[]> _v1Mounts = [];
    private readonly StringBuilder _mountInfo = new();
    private string? _v2;

    public FakeKernel() => Directory.CreateDirectory(Root);

    /// <summary>Where the hierarchies are "mounted".</summary>
    public string Root => _folder + "/cgroup";

    /// <summary>Every write that was tried: path below the root, value, errno.</summary>
    public List<(string File, string Value, int Errno)> Writes { get; } = [];

    /// <summary>The writes that were taken, as <c>file=value</c>, of files with this start.</summary>
    public string[] Taken(string prefix = "")
        => [.. Writes.Where(write => write.Errno == 0).Select(write => $"{Path.GetFileName(write.File)}={write.Value}").Where(text => text.StartsWith(prefix, StringComparison.Ordinal))];

    /// <summary>A machine as this one: v1, one hierarchy a controller.</summary>
    public static FakeKernel V1(params string[] mounts)
    {
        var kernel = new FakeKernel();
        foreach (string mount in mounts.Length > 0 ? mounts : ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "name=systemd"])
            kernel.MountV1(mount);
        return kernel;
    }

    /// <summary>A machine with v2 alone.</summary>
    public static FakeKernel V2(string controllers = "cpuset cpu io memory hugetlb pids rdma")
    {
        var kernel = new FakeKernel();
        kernel.MountV2(kernel.Root, controllers);
        return kernel;
    }

    /// <summary>Both: v1 hierarchies and v2 at <c>unified</c>.</summary>
    public static FakeKernel Hybrid(string unifiedControllers, params string[] mounts)
    {
        FakeKernel kernel = V1(mounts);
        kernel.MountV2(kernel.Root + "/unified", unifiedControllers);
        return kernel;
    }

    /// <summary>What the machine looks like to the engine.</summary>
    public CgroupHost Detect()
    {
        File.WriteAllText(_folder + "/mountinfo", "22 27 0:21 / /proc rw,relatime - proc proc rw\n" + _mountInfo);
        if (!File.Exists(_folder + "/cgroups")) File.WriteAllText(_folder + "/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t1\t0\nrdma\t0\t1\t1\n");
        return CgroupHost.Detect(Root, _folder + "/mountinfo", _folder + "/cgroups", this);
    }

    public void MountV1(string options, string? name = null, string flags = "rw,relatime")
    {
        name ??= options.Replace("name=", "", StringComparison.Ordinal);
        string path = $"{Root}/{name}";
        _v1Mounts[path] = [.. options.Split(',').Where(option => !option.StartsWith("name=", StringComparison.Ordinal))];
        Directory.CreateDirectory(path);
        _mountInfo.Append(CultureInfo.InvariantCulture, $"32 31 0:29 / {path.Replace(" ", "\\040", StringComparison.Ordinal)} {flags} shared:9 - cgroup cgroup rw,{options}\n");
        Populate(path);
        if (!options.Contains("cpuset", StringComparison.Ordinal)) return;
        File.WriteAllText(path + "/cpuset.cpus", "0-3\n");
        File.WriteAllText(path + "/cpuset.mems", "0\n");
    }

    public void MountV2(string path, string controllers)
    {
        _v2 = path;
        Directory.CreateDirectory(path);
        _mountInfo.Append(CultureInfo.InvariantCulture, $"41 31 0:38 / {path} rw,relatime - cgroup2 cgroup2 rw\n");
        Populate(path);
        File.WriteAllText(path + "/cgroup.controllers", controllers + "\n");
        File.WriteAllText(path + "/cgroup.procs", "1\n");
        File.WriteAllText(path + "/cpuset.cpus.effective", "0-3\n");
        File.WriteAllText(path + "/cpuset.mems.effective", "0\n");
    }

    /// <summary>The content of a file of a cgroup.</summary>
    public string this[string file]
    {
        get => File.ReadAllText($"{Root}/{file}").Trim();
        set => File.WriteAllText($"{Root}/{file}", value + "\n");
    }

    public bool Exists(string path) => Path.Exists($"{Root}/{path}");

    public override int Write(string path, ReadOnlySpan<byte> value)
    {
        string text = Encoding.UTF8.GetString(value);
        int errno = !File.Exists(path) ? Errno.ENOENT : Check(path, text);
        Writes.Add((path[(Root.Length + 1)..], text, errno));
        return errno;
    }

    public override int Read(string path, Span<byte> buffer)
    {
        // Paths such as "…/one/../cpuset.cpus" are the kernel's business.
        string full = Path.GetFullPath(path);
        if (!File.Exists(full)) return -Errno.ENOENT;
        byte[] content = File.ReadAllBytes(full);
        int count = Math.Min(content.Length, buffer.Length);
        content.AsSpan(0, count).CopyTo(buffer);
        return count;
    }

    public override int MakeFolder(string path)
    {
        if (Directory.Exists(path)) return Errno.EEXIST;
        if (!Directory.Exists(Path.GetDirectoryName(path))) return Errno.ENOENT;
        Directory.CreateDirectory(path);
        Populate(path);
        return 0;
    }

    public override int RemoveFolder(string path)
    {
        if (!Directory.Exists(path)) return Errno.ENOENT;
        if (Directory.EnumerateDirectories(path).Any()) return Errno.EBUSY;
        Directory.Delete(path, recursive: true);
        return 0;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void WriteText(string path, string text) => File.WriteAllText(path, text + "\n");

    private static long Number(string path) => long.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture);

    private void Populate(string path)
    {
        File.WriteAllText(path + "/cgroup.procs", "");
        if (_v2 is not null && path.StartsWith(_v2, StringComparison.Ordinal))
        {
            WriteText(path + "/cgroup.subtree_control", "");
            WriteText(path + "/cgroup.type", "domain");
            if (path == _v2) return;
            WriteText(path + "/cgroup.events", "populated 0\nfrozen 0");
            WriteText(path + "/cgroup.freeze", "0");
            WriteText(path + "/cgroup.kill", "");
            Enable(path, File.ReadAllText(Path.GetDirectoryName(path) + "/cgroup.subtree_control").Trim());
            return;
        }

        (string mount, string[] controllers) = _v1Mounts.Single(mount => path.StartsWith(mount.Key, StringComparison.Ordinal) && (path.Length == mount.Key.Length || path[mount.Key.Length] == '/'));
        WriteText(path + "/tasks", "");
        foreach (string controller in controllers)
        {
            foreach ((string file, string value) in s_v1.GetValueOrDefault(controller, [])) WriteText($"{path}/{file}", value);
            if (controller != "cpuset" || path == mount || File.ReadAllText(Path.GetDirectoryName(path) + "/cgroup.clone_children").Trim() != "1") continue;
            foreach (string file in (string[])["cgroup.clone_children", "cpuset.cpus", "cpuset.mems"])
                File.Copy($"{Path.GetDirectoryName(path)}/{file}", $"{path}/{file}", overwrite: true);
        }
    }

    private static void Enable(string path, string controllers)
    {
        WriteText(path + "/cgroup.controllers", controllers);
        foreach (string controller in controllers.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach ((string file, string value) in s_v2[controller])
                if (!File.Exists($"{path}/{file}")) WriteText($"{path}/{file}", value);
        }
    }

    /// <summary>0 if the kernel takes the value, which then is the file's content.</summary>
    private int Check(string path, string value)
    {
        string folder = Path.GetDirectoryName(path)!;
        switch (Path.GetFileName(path))
        {
            case "cgroup.subtree_control":
                return Delegate(folder, value);
            case "memory.limit_in_bytes":
                if (Bytes(value) is not { } limit || limit > Number(folder + "/memory.memsw.limit_in_bytes")) return Errno.EINVAL;
                if (limit < Number(folder + "/memory.usage_in_bytes")) return Errno.EBUSY;
                value = limit.ToString(CultureInfo.InvariantCulture);
                break;
            case "memory.memsw.limit_in_bytes":
                if (Bytes(value) is not { } swap || swap < Number(folder + "/memory.limit_in_bytes")) return Errno.EINVAL;
                value = swap.ToString(CultureInfo.InvariantCulture);
                break;
            case "memory.soft_limit_in_bytes":
                if (Bytes(value) is not { } soft) return Errno.EINVAL;
                value = soft.ToString(CultureInfo.InvariantCulture);
                break;
            case "memory.reclaim":
                WriteText(folder + "/memory.current", Math.Max(Reclaimable, Number(folder + "/memory.current") - long.Parse(value, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture));
                return 0;
            case "cpu.cfs_burst_us":
                if (Number(folder + "/cpu.cfs_quota_us") is > 0 and var quota && long.Parse(value, CultureInfo.InvariantCulture) > quota) return Errno.EINVAL;
                break;
            case "cpu.max":
                if (!value.Contains(' ', StringComparison.Ordinal)) value += " " + File.ReadAllText(path).Trim().Split(' ')[1];
                break;
            case "cpu.max.burst":
                if (long.TryParse(File.ReadAllText(folder + "/cpu.max").Split(' ')[0], out long most) && long.Parse(value, CultureInfo.InvariantCulture) > most) return Errno.EINVAL;
                break;
            case "cgroup.freeze":
                WriteText(folder + "/cgroup.events", $"populated 0\nfrozen {value}");
                break;
            case "io.weight":
                value = "default " + value;
                break;
        }

        WriteText(path, value);
        return 0;
    }

    /// <summary>What memory.reclaim cannot get below.</summary>
    public long Reclaimable { get; set; }

    private static long? Bytes(string value)
        => value == "-1" ? long.Parse(Unlimited, CultureInfo.InvariantCulture)
            : long.TryParse(value, CultureInfo.InvariantCulture, out long bytes) && bytes >= 0 ? bytes & ~4095L : null;

    private int Delegate(string folder, string value)
    {
        string[] wanted = [.. value.Split(' ').Select(word => word.TrimStart('+'))];
        string[] own = File.ReadAllText(folder + "/cgroup.controllers").Trim().Split(' ');
        if (wanted.Except(own).Any()) return Errno.ENOENT;
        if (folder != _v2 && File.ReadAllText(folder + "/cgroup.procs").Trim().Length > 0) return Errno.EBUSY;
        string file = folder + "/cgroup.subtree_control";
        string all = string.Join(' ', File.ReadAllText(file).Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries).Union(wanted));
        WriteText(file, all);
        foreach (string child in Directory.EnumerateDirectories(folder)) Enable(child, all);
        return 0;
    }
}
