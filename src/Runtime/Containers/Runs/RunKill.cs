using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary><c>ctrun kill</c>.</summary>
internal static class RunKill
{
    /// <summary>Sends a signal to a container.</summary>
    /// <param name="store">The runs.</param>
    /// <param name="id">Which.</param>
    /// <param name="signal">The signal; 0 asks whether the process is there.</param>
    /// <param name="all">To every process in the container's cgroup, also where the first process has ended.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.ContainerNotRunning"/>.</exception>
    public static void Kill(RunStore store, string id, int signal, bool all)
    {
        using RunFolder folder = store.Open(id);
        RunRecord record = ReadRecord(folder);
        if (all && RunStatusReader.OpenCgroup(record) is { Exists: true } cgroup)
        {
            SignalAll(cgroup, signal);
            return;
        }

        RunTransitions.Check(RunOperation.Kill, RunStatusReader.PhaseOf(folder, record), id);
        if (!SignalProcess(record.ProcessId, record.ProcessStartTime, signal))
        {
            RunTransitions.Check(RunOperation.Kill, RunPhase.Stopped, id);
        }
    }

    /// <summary>
    /// A program may have written its first words before <c>run</c> has written down that it runs. The rest of its creation is waited for, but not without end: it
    /// may hang in a hook.
    /// </summary>
    private static RunRecord ReadRecord(RunFolder folder)
    {
        for (int attempt = 0; attempt < 200 && folder.TryReadRecord() is null; attempt++)
        {
            using RunFolder? free = RunFolder.TryLock(folder.Id, folder.FolderPath, out bool held);
            if (!held) break;
            Thread.Sleep(10);
        }

        return folder.ReadRecord();
    }

    /// <summary>
    /// Signals a process if it is the one that started then. The pidfd is opened before the start time is compared, so the number
    /// cannot pass to another process in between.
    /// </summary>
    /// <returns>False when that process has ended.</returns>
    public static bool SignalProcess(int processId, ulong startTime, int signal)
    {
        using SafeFileHandle? process = Libc.OpenProcess(processId);
        return process is not null && ProcessStat.IsAlive(processId, startTime) && Libc.SendSignal(process, signal);
    }

    private static void SignalAll(ICgroup cgroup, int signal)
    {
        if (signal == Signal.SIGKILL)
        {
            cgroup.Kill();
            return;
        }

        // Frozen, no process can make another that would miss the signal.
        bool freeze = !cgroup.IsFrozen;
        if (freeze) cgroup.Freeze();
        try
        {
            foreach (int processId in cgroup.Processes())
            {
                using SafeFileHandle? process = Libc.OpenProcess(processId);
                if (process is not null) Libc.SendSignal(process, signal);
            }
        }
        finally
        {
            if (freeze) cgroup.Thaw();
        }
    }
}
