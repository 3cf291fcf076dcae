using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>Says what a run is doing: the record is only what was written last, the kernel knows what has become of it.</summary>
internal static class RunStatusReader
{
    /// <summary>The phase of a run.</summary>
    public static RunPhase PhaseOf(RunFolder folder, RunRecord? record)
    {
        if (record is null) return RunPhase.Creating;
        if (!IsAlive(record)) return RunPhase.Stopped;
        // The gate goes when it is opened: a start that died before it wrote the record has started the process all the same.
        if (record.Status == RunStatus.Created && StartGate.IsClosed(folder.FolderPath)) return RunPhase.Created;
        return OpenCgroup(record) is { IsFrozen: true } ? RunPhase.Paused : RunPhase.Running;
    }

    /// <summary>Whether the first process is there, and not another process that has its number now.</summary>
    public static bool IsAlive(RunRecord record)
        => record.ProcessId > 0 && ProcessStat.IsAlive(record.ProcessId, record.ProcessStartTime) && record.BootId == BootId.Current;

    /// <summary>The run's cgroup; null for none, and where its path is another's by now.</summary>
    public static ICgroup? OpenCgroup(RunRecord record)
    {
        if (record.CgroupPath is not { } path) return null;
        ICgroup cgroup = CgroupHost.Current.Open(path);
        return record.CgroupIdentity is { } noted && cgroup.Identity is { } present && present != noted ? null : cgroup;
    }

    /// <summary>A run as the specification shows it.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>.</exception>
    public static OciState Read(RunStore store, string id)
    {
        using RunFolder folder = store.Open(id);
        RunRecord record = folder.ReadRecord();
        RunPhase phase = PhaseOf(folder, record);
        OciSpec? spec = folder.TryReadSpec();
        return new OciState
        {
            OciVersion = spec?.OciVersion ?? "1.2.0",
            Id = record.Id,
            Status = RunTransitions.Name(phase),
            Pid = phase == RunPhase.Stopped ? 0 : record.ProcessId,
            Bundle = record.Bundle,
            Rootfs = spec?.Root is { } root ? Path.GetFullPath(root.Path, record.Bundle) : null,
            Created = record.CreatedAt,
            Annotations = spec?.Annotations,
        };
    }
}
