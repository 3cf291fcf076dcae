using ContainerTools.Runtime.Cgroups.V1;
using ContainerTools.Runtime.Cgroups.V2;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>Which class serves which controller.</summary>
internal static class ControllerTable
{
    /// <summary>Every controller that v1 has or had; other words among a mount's options are not controllers.</summary>
    private static readonly string[] V1Names =
    [
        "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb", "net_cls", "net_prio", "perf_event", "rdma", "misc", "dmem", "debug",
    ];

    /// <summary>Whether an option of a v1 mount is a controller.</summary>
    public static bool IsV1(string option) => V1Names.Contains(option);

    /// <summary>The controllers of a v1 hierarchy that can set something.</summary>
    public static IReadOnlyList<CgroupController> V1(IReadOnlyList<string> names) => [.. names.Select(V1).OfType<CgroupController>()];

    /// <summary>The controllers of v2 that can set something.</summary>
    /// <param name="available">cgroup.controllers of the root.</param>
    /// <param name="hasV1Devices">Whether devices are left to a v1 hierarchy.</param>
    public static IReadOnlyList<CgroupController> V2(IReadOnlyList<string> available, bool hasV1Devices)
    {
        IEnumerable<CgroupController> controllers = available.Select(V2).OfType<CgroupController>();
        return hasV1Devices ? [.. controllers] : [.. controllers, new V2DevicesController()];
    }

    private static CgroupController? V1(string name) => name switch
    {
        "memory" => new V1MemoryController(),
        "cpu" => new V1CpuController(),
        "cpuset" => new V1CpusetController(),
        "pids" => new PidsController(),
        "devices" => new V1DevicesController(),
        "blkio" => new V1BlkioController(),
        "hugetlb" => new HugetlbController("limit_in_bytes"),
        "rdma" => new RdmaController(),
        "net_cls" => new V1NetClsController(),
        "net_prio" => new V1NetPrioController(),
        _ => null,
    };

    private static CgroupController? V2(string name) => name switch
    {
        "memory" => new V2MemoryController(),
        "cpu" => new V2CpuController(),
        "cpuset" => new V2CpusetController(),
        "pids" => new PidsController(),
        "io" => new V2IOController(),
        "hugetlb" => new HugetlbController("max"),
        "rdma" => new RdmaController(),
        _ => null,
    };
}
