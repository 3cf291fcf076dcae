namespace ContainerTools.Runtime.Cgroups;

/// <summary>In which hierarchies a container gets a cgroup of its own.</summary>
internal enum CgroupScope
{
    /// <summary>
    /// In all that are mounted, as runc does. Needed where the container can see a cgroup file system: in a hierarchy without a cgroup of its
    /// own it would see, and with privileges change, those of others.
    /// </summary>
    Full,

    /// <summary>
    /// Only in those that count what it uses (memory, cpu, cpuacct, blkio, pids), hold its processes together (named ones and v2), or have
    /// a limit set. The others (cpuset, net_cls, net_prio, perf_event, hugetlb, rdma, misc, devices, and the v1 freezer beside v2, which
    /// freezes better) follow when a limit is set in them. Each hierarchy left out saves a mkdir, a move and an rmdir: 35 µs on
    /// a busy machine and 200 µs on one that was at rest; cpuset saves twice that, for its lists have to be copied as well.
    /// </summary>
    Lean,
}
