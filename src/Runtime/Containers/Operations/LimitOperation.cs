using ContainerTools.Runtime.Cgroups;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Reads and changes a container's limits.</summary>
internal static class LimitOperation
{
    /// <summary>What the kernel reports where it runs, what it will start with where it does not.</summary>
    public static ContainerLimit Get(ContainerServices services, string container)
    {
        string id = services.Store.Resolve(container);
        ContainerRecord record = services.Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
        ContainerStatus status = services.InspectStatus(id);
        if (status.State is not (ContainerState.Running or ContainerState.Paused)) return record.Configuration.Limit;
        ICgroup cgroup = Cgroup(services, id, status);
        try
        {
            return ContainerLimits.Normalize(cgroup.ReadLimit());
        }
        catch (KernelException) when (!cgroup.Exists)
        {
            // It ended while its limits were read.
            return record.Configuration.Limit;
        }
    }

    /// <summary>
    /// Changes limits: first in the kernel, which may refuse, then in the record, then in the configuration that a restart by the monitor
    /// goes by.
    /// </summary>
    public static async Task<ContainerLimit> SetAsync(
        ContainerServices services, string container, ContainerLimit change, CancellationToken cancellationToken)
    {
        using LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = locked.Record;
        TransitionTable.Check(ContainerOperation.SetLimit, locked.Status.State, record.Name);
        ContainerLimit merged = ContainerLimits.Merge(record.Configuration.Limit, change);
        ContainerLimits.Check(merged, CpuList.Processors, CpuList.MemoryNodes);
        bool runs = locked.Status.State is ContainerState.Running or ContainerState.Paused;
        if (runs)
        {
            // The quota is made from both: a change of one goes with the other as it is.
            ContainerLimit applied = change.Cpus is null && change.CpuPeriod is null
                ? change
                : change with { Cpus = merged.Cpus, CpuPeriod = merged.CpuPeriod };
            Cgroup(services, record.Id, locked.Status).Apply(ContainerLimits.ToResources(applied));
        }

        ContainerRecord changed = record with
        {
            Configuration = record.Configuration with { Limit = ContainerLimits.Normalize(merged) },
        };
        services.Store.Write(changed);
        StartFiles.UpdateConfig(services, changed);
        return runs ? ContainerLimits.Normalize(Cgroup(services, record.Id, locked.Status).ReadLimit()) : changed.Configuration.Limit;
    }

    private static ICgroup Cgroup(ContainerServices services, string id, ContainerStatus status)
        => services.OpenCgroup(status.Run?.CgroupPath ?? ContainerServices.CgroupPath(id));
}
