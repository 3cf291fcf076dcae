using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Systemd;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary><c>ctrun update</c>.</summary>
internal static class RunUpdate
{
    /// <summary>Sets limits of a container; what is null stays as it is.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.LimitInvalid"/>, <see cref="ErrorCode.LimitBelowUsage"/>,
    /// <see cref="ErrorCode.ContainerNotRunning"/>, <see cref="ErrorCode.ContainerNotFound"/>.</exception>
    public static void Update(RunStore store, string id, OciResources resources)
    {
        using RunFolder folder = store.Lock(id);
        RunRecord record = folder.ReadRecord();
        RunTransitions.Check(RunOperation.Update, RunStatusReader.PhaseOf(folder, record), id);
        ICgroup cgroup = RunStatusReader.OpenCgroup(record)
            ?? throw new ContainerException(ErrorCode.NotSupported, $"The container '{id}' has no cgroup, so it has no limits.", id);
        // No device rules means no change, also where a client writes an empty list for what it leaves alone.
        OciResources change = resources.Devices is { Count: 0 } ? resources with { Devices = null } : resources;
        // First to the cgroup, with all the checks of what is in use: what it refuses systemd must not have done. And again, because systemd rounds.
        cgroup.Apply(change);
        if (folder.ReadUnit() is not { } unit) return;
        SystemdScope.Set(unit.Unit, change, CgroupHost.Current.IsV2Alone);
        cgroup.Apply(change);
    }
}
