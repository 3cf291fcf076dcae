using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary><c>ctrun events</c>.</summary>
internal static class RunWatch
{
    /// <summary>What a container uses now.</summary>
    public static CgroupUsage Read(RunStore store, string id) => CgroupUsage.Read(CgroupHost.Current, Open(store, id).CgroupPath!);

    /// <summary>Reads what a container uses again and again, until it ends.</summary>
    /// <param name="store">The runs.</param>
    /// <param name="id">Which.</param>
    /// <param name="interval">The time between two readings.</param>
    /// <param name="usage">Gets each reading.</param>
    /// <param name="outOfMemory">Is called when the out-of-memory killer has struck, once for each reading that finds it has.</param>
    public static void Watch(RunStore store, string id, TimeSpan interval, Action<CgroupUsage> usage, Action outOfMemory)
    {
        RunRecord record = Open(store, id);
        using SafeFileHandle? process = Libc.OpenProcess(record.ProcessId);
        ICgroup cgroup = RunStatusReader.OpenCgroup(record)!;
        long killed = cgroup.OomKillCount;
        while (process is not null && RunStatusReader.IsAlive(record))
        {
            usage(CgroupUsage.Read(CgroupHost.Current, record.CgroupPath!));
            if (Libc.Poll(process, Libc.POLLIN, interval)) return;
            long now = cgroup.OomKillCount;
            if (now > killed) outOfMemory();
            killed = now;
        }
    }

    private static RunRecord Open(RunStore store, string id)
    {
        using RunFolder folder = store.Open(id);
        RunRecord record = folder.ReadRecord();
        RunTransitions.Check(RunOperation.Inspect, RunStatusReader.PhaseOf(folder, record), id);
        return record.CgroupPath is not null
            ? record
            : throw new ContainerException(ErrorCode.NotSupported, $"The container '{id}' has no cgroup, so nothing is counted.", id);
    }
}
