using ContainerTools.Runtime.Cgroups;

namespace ContainerTools.Runtime.Hosts;

/// <summary>The cgroup hierarchies and their controllers, as <see cref="CgroupHost"/> found them.</summary>
internal static class CgroupProbes
{
    private const string Category = "Cgroup";

    // v1's name of the controller, and what it is for.
    private static readonly (string Controller, string Purpose)[] s_controllers =
    [
        ("memory", "memory limits and the out-of-memory count"), ("cpu", "processor shares and quotas"), ("cpuset", "binding to processors"),
        ("pids", "limits on the number of processes"), ("freezer", "Suspend-Container and Resume-Container"),
        ("blkio", "block input and output limits"), ("devices", "device access rules"), ("hugetlb", "huge page limits"),
    ];

    /// <summary>Asks.</summary>
    public static IEnumerable<HostCapability> Run(HostContext context)
    {
        CgroupHost cgroups = context.Cgroups;
        yield return JudgeHierarchies(cgroups);
        if (cgroups.Hierarchies.Count == 0) yield break;
        yield return cgroups.HasV2
            ? HostContext.Available(Category, "birth in a cgroup", "There is a v2 hierarchy, so a container's first process is made in its cgroup (CLONE_INTO_CGROUP).")
            : HostContext.Limited(
                Category, "birth in a cgroup", "There is no v2 hierarchy: a container's first process moves into its cgroups before it executes anything.",
                "Boot with systemd.unified_cgroup_hierarchy=1.");
        foreach ((string controller, string purpose) in s_controllers)
        {
            yield return cgroups.UnsupportedReason(controller) is { } reason
                ? HostContext.Missing(Category, controller, $"No {purpose}: {reason}.", "Mount or enable the controller to have them.")
                : HostContext.Available(Category, controller, $"The controller is there, for {purpose}.");
        }
    }

    private static HostCapability JudgeHierarchies(CgroupHost cgroups)
    {
        const string Name = "hierarchies";
        if (cgroups.Hierarchies.Count == 0)
        {
            return HostContext.Missing(
                Category, Name, $"No cgroup hierarchy is mounted writable below {cgroups.Root}.", "Mount one: mount -t cgroup2 none /sys/fs/cgroup.", required: true);
        }

        if (!cgroups.HasV1) return HostContext.Available(Category, Name, "cgroup v2 alone is mounted, the best there is.", required: true);
        return HostContext.Limited(
            Category, Name,
            cgroups.HasV2 ? "cgroup v1 and v2 are mounted side by side: every limit works, but starts are slower." : "cgroup v1 is mounted: limits work, but starts are slower.",
            "Boot with systemd.unified_cgroup_hierarchy=1 to have v2 alone.", required: true);
    }
}
