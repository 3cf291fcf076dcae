using ContainerTools.Runtime.Cgroups;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary><c>ctrun pause</c> and <c>ctrun resume</c>.</summary>
internal static class RunFreezing
{
    /// <summary>Freezes all processes of a container.</summary>
    public static void Pause(RunStore store, string id) => Change(store, id, RunOperation.Pause, static cgroup => cgroup.Freeze());

    /// <summary>Lets them go on.</summary>
    public static void Resume(RunStore store, string id) => Change(store, id, RunOperation.Resume, static cgroup => cgroup.Thaw());

    private static void Change(RunStore store, string id, RunOperation operation, Action<ICgroup> change)
    {
        using RunFolder folder = store.Lock(id);
        RunRecord record = folder.ReadRecord();
        RunTransitions.Check(operation, RunStatusReader.PhaseOf(folder, record), id);
        change(RunStatusReader.OpenCgroup(record) ?? throw new ContainerException(ErrorCode.NotSupported, $"The container '{id}' has no cgroup, so it cannot be paused.", id));
    }
}
