using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Systemd;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Launch.Hooks;
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
    /// <param name="warn">Is told of hooks that fail.</param>
    /// <param name="force">Kill it if it runs; and no error if it is not there.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.ContainerRunning"/>.</exception>
    public static void Delete(RunStore store, string id, bool force, Action<string> warn)
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
            else Remove(folder, record, SpecWithHooks(folder, force), warn);
        }
    }

    /// <summary>Removes the container of a foreground run, whose first process has been reaped.</summary>
    public static void DeleteEnded(RunStore store, StartedRun run, Action<string> warn)
    {
        using RunFolder folder = store.Lock(run.Id);
        run.Cgroup?.Kill();
        run.Cgroup?.Delete();
        StopUnit(folder);
        folder.Remove();
        if (run.Spec.Hooks is { } hooks) HookRunner.RunPoststop(hooks, Launcher.StateOf(run.Spec, run.Id, run.Bundle, "stopped", 0), warn);
    }

    /// <summary>Removes what a creation that died has left: its cgroup is known by the copy of the configuration.</summary>
    public static void RemoveIncomplete(RunFolder folder)
    {
        if (folder.ReadUnit() is { } unit)
        {
            if (IsKnown(unit)) RemoveCgroup(CgroupHost.Current.Open(unit.CgroupPath));
        }
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

    private static OciSpec? SpecWithHooks(RunFolder folder, bool force)
    {
        try
        {
            return folder.ReadSpecWithHooks();
        }
        catch (ContainerException) when (force)
        {
            // The copy is damaged: what there is can be removed all the same.
            return null;
        }
    }

    /// <summary>Removes a container, and runs the hooks that follow.</summary>
    /// <param name="folder">Its folder, locked.</param>
    /// <param name="record">Its record.</param>
    /// <param name="hooked">Its configuration if that has hooks; else null.</param>
    /// <param name="warn">Is told of hooks that fail.</param>
    public static void Remove(RunFolder folder, RunRecord record, OciSpec? hooked, Action<string> warn)
    {
        using SafeFileHandle? process = record.ProcessId > 0 ? Libc.OpenProcess(record.ProcessId) : null;
        if (process is not null && RunStatusReader.IsAlive(record))
        {
            Libc.SendSignal(process, Signal.SIGKILL);
            if (RunStatusReader.OpenCgroup(record) is { Exists: true } frozen) frozen.Kill();
            Libc.Poll(process, Libc.POLLIN, Timeout.InfiniteTimeSpan);
        }

        if (RunStatusReader.OpenCgroup(record) is { } cgroup) RemoveCgroup(cgroup, kills: !HasOwnProcesses(folder));
        StopUnit(folder);
        folder.Remove();
        if (hooked is not null) HookRunner.RunPoststop(hooked.Hooks, Launcher.StateOf(hooked, record.Id, record.Bundle, "stopped", 0), warn);
    }

    /// <summary>Has systemd forget the unit of a run whose cgroup is removed; does nothing where there is none.</summary>
    public static void StopUnit(RunFolder folder)
    {
        if (folder.ReadUnit() is not { } unit) return;
        try
        {
            SystemdScope.Stop(unit);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.NotSupported)
        {
            // No systemd answers, and it has its units in memory only: there is none to forget.
        }
    }

    private static bool IsKnown(SystemdUnitMark unit)
    {
        try
        {
            return SystemdScope.Has(unit);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.NotSupported)
        {
            // Without a systemd there is nobody else who would have made a cgroup of that name since.
            return true;
        }
    }

    /// <summary>Whether the container has a pid namespace of its own, whose processes are gone with the first one.</summary>
    private static bool HasOwnProcesses(RunFolder folder)
    {
        foreach (OciNamespace item in ReadSpec(folder)?.Linux?.Namespaces ?? [])
        {
            if (item.Type == "pid") return string.IsNullOrEmpty(item.Path);
        }

        return false;
    }

    /// <summary>Removes a cgroup.</summary>
    /// <param name="cgroup">Which.</param>
    /// <param name="kills">Whether what is in it is the container's; else it belongs to another one with the same path, whose cgroup it is now.</param>
    private static void RemoveCgroup(ICgroup cgroup, bool kills = true)
    {
        if (!cgroup.Exists) return;
        if (kills) cgroup.Kill();
        else if (cgroup.Processes().Count > 0) return;
        cgroup.Delete();
    }
}
