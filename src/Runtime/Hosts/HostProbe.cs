using System.Globalization;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Hosts;

/// <summary>Asks the kernel and the file system for one thing after the other that a container engine needs or likes.</summary>
internal static class HostProbe
{
    private static readonly Version s_leastKernel = new(5, 15);
    private static readonly Version s_idMappedOverlay = new(5, 19);

    // The name in /proc/self/ns, the name people use, and whether a container cannot be without it.
    private static readonly (string File, string Name, bool Required)[] s_namespaces =
    [
        ("mnt", "mount", true), ("pid", "process id", true), ("uts", "host name", true), ("ipc", "IPC", true), ("net", "network", true),
        ("cgroup", "cgroup", false), ("time", "time", false),
    ];

    private static readonly (string Controller, string What, bool Required)[] s_controllers =
    [
        ("memory", "memory limits", false), ("cpu", "processor shares and quotas", false), ("cpuset", "processor sets", false),
        ("pids", "process limits", false), ("freezer", "pausing", false), ("blkio", "block input and output weights", false),
        ("devices", "device access rules", false),
    ];

    /// <summary>Asks.</summary>
    public static IEnumerable<HostCapability> Run(EnginePaths paths)
    {
        Version kernel = KernelVersion(out string release);
        yield return kernel >= s_leastKernel
            ? Good("Kernel", "version", $"Linux {release}", required: true)
            : Missing("Kernel", "version", $"Linux {release} is older than {s_leastKernel}", "Use a newer kernel.", required: true);
        foreach ((string file, string name, bool required) in s_namespaces)
        {
            yield return File.Exists($"/proc/self/ns/{file}")
                ? Good("Namespace", name, $"/proc/self/ns/{file} is there", required)
                : Missing("Namespace", name, $"the kernel has no {name} namespaces", "Use a kernel that was built with them.", required);
        }

        yield return UserNamespaces();
        CgroupHost cgroups = CgroupHost.Current;
        yield return Hierarchies(cgroups);
        foreach ((string controller, string what, bool required) in s_controllers)
        {
            yield return cgroups.UnsupportedReason(controller) is { } reason
                ? Missing("Cgroup", controller, reason, $"Mount the controller to have {what}.", required)
                : Good("Cgroup", controller, $"gives {what}", required);
        }

        yield return Overlay();
        yield return kernel >= s_idMappedOverlay
            ? Good("Storage", "id-mapped layers", $"Linux {release} mounts layers for user namespaces without copying them")
            : Missing("Storage", "id-mapped layers", $"Linux {release} cannot id-map an overlay's layers", $"Use Linux {s_idMappedOverlay} or newer for -UserNamespace.");
        yield return File.Exists("/proc/sys/kernel/seccomp/actions_avail")
            ? Good("Security", "system call filter", "the kernel has seccomp filters", required: true)
            : Missing("Security", "system call filter", "the kernel has no seccomp filters", "Use a kernel that was built with CONFIG_SECCOMP_FILTER.", required: true);
        yield return Capabilities();
        yield return Privileges();
        yield return Tool();
        yield return Folder("data folder", paths.Root);
        yield return Folder("run folder", paths.Run);
    }

    private static HostCapability UserNamespaces()
    {
        const string limit = "/proc/sys/user/max_user_namespaces";
        if (!File.Exists("/proc/self/ns/user") || !File.Exists(limit))
        {
            return Missing("Namespace", "user", "the kernel has no user namespaces", "Use a kernel that was built with CONFIG_USER_NS.");
        }

        string most = File.ReadAllText(limit).Trim();
        return most == "0"
            ? Missing("Namespace", "user", $"{limit} is 0", "Allow some: sysctl user.max_user_namespaces=15000")
            : Good("Namespace", "user", $"up to {most} are allowed");
    }

    private static HostCapability Hierarchies(CgroupHost cgroups)
    {
        const string name = "hierarchies";
        if (cgroups.Hierarchies.Count == 0)
        {
            return Missing("Cgroup", name, "no cgroup hierarchy is mounted writable", "Mount one: mount -t cgroup2 none /sys/fs/cgroup", required: true);
        }

        if (!cgroups.HasV1) return Good("Cgroup", name, "cgroup v2", required: true);
        return new HostCapability
        {
            Category = "Cgroup",
            Name = name,
            Status = HostCapabilityStatus.Limited,
            Required = true,
            Reason = cgroups.HasV2 ? "a mixture of cgroup v1 and v2" : "cgroup v1",
            Remedy = "Boot with systemd.unified_cgroup_hierarchy=1 for faster starts and safer limits.",
        };
    }

    private static HostCapability Overlay()
    {
        foreach (string line in File.ReadLines("/proc/filesystems"))
        {
            if (line.EndsWith("\toverlay", StringComparison.Ordinal)) return Good("Storage", "overlay", "the kernel has overlayfs", required: true);
        }

        return Missing("Storage", "overlay", "overlayfs is not in /proc/filesystems", "Load it: modprobe overlay", required: true);
    }

    private static HostCapability Capabilities()
    {
        ulong missing = Capability.KernelMask() & ~Capability.AvailableMask();
        return missing == 0
            ? Good("Security", "capabilities", "all can be handed on to containers")
            : new HostCapability
            {
                Category = "Security",
                Name = "capabilities",
                Status = HostCapabilityStatus.Limited,
                Reason = $"these cannot be handed on: {string.Join(", ", Capability.NamesOf(missing))}",
                Remedy = "Run the shell with a full bounding set.",
            };
    }

    private static HostCapability Privileges() => Environment.IsPrivilegedProcess
        ? Good("Security", "privileges", "the current user is root", required: true)
        : Missing("Security", "privileges", "the current user is not root", "Run the shell as root.", required: true);

    private static HostCapability Tool()
    {
        try
        {
            return Good("Tool", "ctrun", EngineTools.Ctrun(), required: true);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ToolMissing)
        {
            return Missing("Tool", "ctrun", error.Message, "Build the package, or set CONTAINERTOOLS_CTRUN.", required: true);
        }
    }

    private static HostCapability Folder(string name, string path)
    {
        // The folder itself is made when it is first needed: then the nearest one above it must allow that.
        string? existing = path;
        while (existing is not null && !Directory.Exists(existing)) existing = Path.GetDirectoryName(existing);
        return existing is not null && Libc.IsWritable(existing)
            ? Good("Storage", name, path, required: true)
            : Missing("Storage", name, $"{path} cannot be written", "Set CONTAINERTOOLS_ROOT and CONTAINERTOOLS_RUN to folders of your own.", required: true);
    }

    private static Version KernelVersion(out string release)
    {
        release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        string[] numbers = release.Split('.', '-');
        return new Version(int.Parse(numbers[0], CultureInfo.InvariantCulture), int.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    private static HostCapability Good(string category, string name, string reason, bool required = false)
        => new() { Category = category, Name = name, Status = HostCapabilityStatus.Available, Reason = reason, Required = required };

    private static HostCapability Missing(string category, string name, string reason, string remedy, bool required = false)
        => new() { Category = category, Name = name, Status = HostCapabilityStatus.Missing, Reason = reason, Remedy = remedy, Required = required };
}
