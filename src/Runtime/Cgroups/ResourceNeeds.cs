using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// Which controllers a document really needs. "Unlimited" needs none: without a controller there is no limit anyway, and engines write -1 and
/// empty lists into every document.
/// </summary>
internal static class ResourceNeeds
{
    /// <summary>Their v1 names.</summary>
    public static IEnumerable<string> Controllers(OciResources resources)
    {
        if (resources.Memory is { } memory && (memory.Limit > 0 || memory.Reservation > 0 || memory.Swap > 0 || memory.KernelTCP > 0
            || memory.Swappiness is not null || memory.DisableOOMKiller == true))
        {
            yield return "memory";
        }

        if (resources.Cpu is { } cpu)
        {
            if (cpu.Shares > 0 || cpu.Quota > 0 || cpu.Burst > 0 || cpu.Idle > 0 || cpu.RealtimeRuntime > 0 || cpu.RealtimePeriod > 0) yield return "cpu";
            if (!string.IsNullOrEmpty(cpu.Cpus) || !string.IsNullOrEmpty(cpu.Mems)) yield return "cpuset";
        }

        if (resources.Pids?.Limit > 0) yield return "pids";
        if (resources.Devices is { } devices && devices.Any(rule => !rule.Allow)) yield return "devices";
        if (resources.BlockIO is { } io && (io.Weight > 0 || io.LeafWeight > 0 || io.WeightDevice is { Count: > 0 } || io.ThrottleReadBpsDevice is { Count: > 0 }
            || io.ThrottleWriteBpsDevice is { Count: > 0 } || io.ThrottleReadIOPSDevice is { Count: > 0 } || io.ThrottleWriteIOPSDevice is { Count: > 0 }))
        {
            yield return "blkio";
        }

        if (resources.HugepageLimits is { Count: > 0 }) yield return "hugetlb";
        if (resources.Rdma is { Count: > 0 }) yield return "rdma";
        if (resources.Network?.ClassID > 0) yield return "net_cls";
        if (resources.Network?.Priorities is { Count: > 0 }) yield return "net_prio";
        if (resources.Unified is { Count: > 0 }) yield return "unified";
    }
}
