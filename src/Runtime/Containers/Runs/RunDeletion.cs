using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Systemd;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary><c>ctrun delete</c>.</summary>
internal static class RunDeletion
{
    /// <summary>Removes a container: whatever is left of its processes, its cgroup, its folder.</summary>
    /// <param name="store">The runs.</param>
    /// <param name="id">Which.</param>
    /// <param name="force">Kill it if it runs; and no error if it is not there.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.ContainerRunning"/>.</exception>
    public static void Delete(RunStore store, string id, bool force)
    {
        RunFolder folder;
        try
        {
            folder = store.Lock(id);
        }
        catch (ContainerException error) when (force && error.Code == ErrorCode.ContainerNotFound)
        {
            return;
        }

        using (folder)
        {
            RunRecord? record = ReadRecord(folder, force);
            RunPhase phase = RunStatusReader.PhaseOf(folder, record);
            if (!force) RunTransitions.Check(RunOperation.Delete, phase, id);
            if (record is null) RemoveIncomplete(folder);
            else Remove(folder, record);
        }
    }

    /// <summary>Removes the container of a foreground run, whose first process has been reaped.</summary>
    public static void DeleteEnded(RunStore store, StartedRun run)
    {
        using RunFolder folder = store.Lock(run.Id);
        run.Cgroup.Kill();
        run.Cgroup.Delete();
        StopUnit(folder);
        folder.Remove();
    }

    /// <summary>Removes what a creation that died has left: its cgroup is known by the copy of the configuration.</summary>
    public static void RemoveIncomplete(RunFolder folder)
    {
        if (folder.ReadUnit() is { } unit) RemoveCgroup(CgroupHost.Current.Open(unit.CgroupPath));
        else if (ReadSpec(folder) is { } spec) RemoveCgroup(CgroupHost.Current.Open(RunCgroup.PathOf(spec, folder.Id)));
        StopUnit(folder);
        folder.Remove();
    }

    private static OciSpec? ReadSpec(RunFolder folder)
    {
        try
        {
            return folder.TryReadSpec();
        }
        catch (ContainerException error) when (error.Code == ErrorCode.InvalidConfiguration)
        {
            // The creation died while it wrote the copy, and the cgroup comes after that.
            return null;
        }
    }

    private static RunRecord? ReadRecord(RunFolder folder, bool force)
    {
        try
        {
            return folder.TryReadRecord();
        }
        catch (ContainerException error) when (force && error.Code == ErrorCode.StateCorrupt)
        {
            return null;
        }
    }

    private static void Remove(RunFolder folder, RunRecord record)
    {
        using SafeFileHandle? process = record.ProcessId > 0 ? Libc.OpenProcess(record.ProcessId) : null;
        if (process is not null && RunStatusReader.IsAlive(record))
        {
            Libc.SendSignal(process, Signal.SIGKILL);
            if (RunStatusReader.OpenCgroup(record) is { Exists: true } frozen) frozen.Kill();
            Libc.Poll(process, Libc.POLLIN, Timeout.InfiniteTimeSpan);
        }

        if (RunStatusReader.OpenCgroup(record) is { } cgroup) RemoveCgroup(cgroup);
        StopUnit(folder);
        folder.Remove();
    }

    /// <summary>Has systemd forget the unit of a run whose cgroup is removed; does nothing where there is none.</summary>
    public static void StopUnit(RunFolder folder)
    {
        if (folder.ReadUnit() is not { } unit) return;
        try
        {
            SystemdScope.Stop(unit.Unit);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.NotSupported)
        {
            // No systemd answers, and it has its units in memory only: there is none to forget.
        }
    }

    private static void RemoveCgroup(ICgroup cgroup)
    {
        if (!cgroup.Exists) return;
        cgroup.Kill();
        cgroup.Delete();
    }
}
