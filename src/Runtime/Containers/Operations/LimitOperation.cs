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
        UndoList undo = new();
        try
        {
            if (runs)
            {
                // Before the change, which may be refused half-way.
                ICgroup cgroup = Cgroup(services, record.Id, locked.Status);
                ContainerLimit before = Before(cgroup.ReadLimit(), change);
                undo.Push(() => cgroup.Apply(ContainerLimits.ToResources(before)));
                // The quota is made from both: a change of one goes with the other as it is.
                ContainerLimit applied = change.Cpus is null && change.CpuPeriod is null
                    ? change
                    : change with { Cpus = merged.Cpus, CpuPeriod = merged.CpuPeriod };
                // The same holds for memory, and swap that nothing was said of.
                if (change.Memory is not null && merged.MemorySwap is null or 0) applied = ContainerLimits.WithSwap(applied, change.Memory, services.CanLimitSwap());
                cgroup.Apply(ContainerLimits.ToResources(applied));
            }

            ContainerRecord changed = record with
            {
                Configuration = record.Configuration with { Limit = ContainerLimits.Normalize(merged) },
            };
            services.Store.Write(changed);
            undo.Push(() => services.Store.Write(record));
            StartFiles.UpdateConfig(services, changed);
            undo.Clear();
            return runs ? ContainerLimits.Normalize(Cgroup(services, record.Id, locked.Status).ReadLimit()) : changed.Configuration.Limit;
        }
        catch
        {
            // A container that runs with other limits than its record says would change them at its next start.
            undo.Run();
            throw;
        }
    }

    // What puts back what a change changes, and no more; what was not limited is so said, for null would leave it as it is.
    private static ContainerLimit Before(ContainerLimit limit, ContainerLimit change)
    {
        bool cpu = change.Cpus is not null || change.CpuPeriod is not null;
        return new ContainerLimit
        {
            Memory = change.Memory is null ? null : limit.Memory ?? -1,
            MemoryReservation = change.MemoryReservation is null ? null : limit.MemoryReservation ?? -1,
            // A change of the memory alone may move this as well.
            MemorySwap = change.MemorySwap is null && change.Memory is null ? null : limit.MemorySwap ?? -1,
            Cpus = cpu ? limit.Cpus ?? 0 : null,
            CpuPeriod = cpu ? limit.CpuPeriod : null,
            CpuShares = change.CpuShares is null ? null : limit.CpuShares ?? 1024,
            CpuSet = change.CpuSet is null ? null : limit.CpuSet ?? CpuList.Processors.ToString(),
            CpuSetMemoryNodes = change.CpuSetMemoryNodes is null ? null : limit.CpuSetMemoryNodes ?? CpuList.MemoryNodes.ToString(),
            Processes = change.Processes is null ? null : limit.Processes ?? -1,
            BlockIOWeight = change.BlockIOWeight is null ? null : limit.BlockIOWeight,
        };
    }

    private static ICgroup Cgroup(ContainerServices services, string id, ContainerStatus status)
        => services.OpenCgroup(status.Run?.CgroupPath ?? ContainerServices.CgroupPath(id));
}
