using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Reaches the processes of a run. A pidfd is opened first and the start time compared afterwards: from then on the descriptor
/// names that very process, whatever becomes of its number.
/// </summary>
internal static class RunControl
{
    /// <summary>The monitor; null when it has ended.</summary>
    public static SafeFileHandle? OpenMonitor(RunRecord run) => Open(run.MonitorProcessId, run.MonitorStartTime);

    /// <summary>The first process; null when it has ended.</summary>
    public static SafeFileHandle? OpenFirstProcess(RunRecord run) => Open(run.ProcessId, run.ProcessStartTime);

    /// <summary>What looks after the run: the monitor, or the first process of a run that has no monitor; null when it has ended.</summary>
    public static SafeFileHandle? OpenKeeper(RunRecord run) => run.MonitorProcessId > 0 ? OpenMonitor(run) : OpenFirstProcess(run);

    /// <summary>Leaves the mark by which the restart policy lets the container rest.</summary>
    public static void MarkStopped(ContainerFiles files) => Touch(files.Stopped);

    /// <summary>Makes an empty file; no error when the run folder is gone already.</summary>
    public static void Touch(string path)
    {
        try
        {
            File.WriteAllBytes(path, []);
        }
        catch (DirectoryNotFoundException)
        {
            // The run is over.
        }
    }

    private static SafeFileHandle? Open(int processId, ulong startTime)
    {
        if (processId <= 0) return null;
        SafeFileHandle? process = Libc.OpenProcess(processId);
        if (process is null || ProcessStat.IsAlive(processId, startTime)) return process;
        process.Dispose();
        return null;
    }
}
