using System.Text.Json;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers.Operations;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Puts a container's files right after its monitor, or a process that was starting it, died (docs/design/state.md, "Repair"). The caller holds
/// the lock. Every step can be done twice: a repair that dies is repaired by the next.
/// </summary>
internal static class Repair
{
    /// <summary>The exit code of a run that was lost: as of a process that was killed.</summary>
    public const int LostExitCode = 128 + Signal.SIGKILL;

    /// <summary>Repairs.</summary>
    public static void Run(ContainerServices services, string id, ContainerStatus status)
    {
        if (status.Defect == StatusDefect.PauseUnfinished)
        {
            ResumeOperation.Thaw(services, id, status.Run!);
            return;
        }

        ContainerFiles files = services.Store.Files(id);
        bool sameBoot = status.Run is null || status.Run.BootId == BootId.Current;
        ICgroup cgroup = services.OpenCgroup(status.Run?.CgroupPath ?? ContainerServices.CgroupPath(id));
        bool hadCgroup = sameBoot && cgroup.Exists;
        if (sameBoot)
        {
            if (status.Run is { ProcessId: > 0 } run) KillFirstProcess(run);
            if (hadCgroup)
            {
                cgroup.Kill();
                cgroup.Delete();
            }
        }

        // A start that died before there was a cgroup has run nothing: the container is what it was before.
        if (status.Run is not null || hadCgroup)
        {
            ExitRecord exit = new()
            {
                // A monitor that knew the end but could not write it, for want of space, has left the code in its state.
                ExitCode = status.Run is { Status: RunStatus.Exited, ExitCode: { } known } ? known : LostExitCode,
                StartedAt = status.Run?.StartedAt,
                FinishedAt = DateTimeOffset.UtcNow,
                Error = status.Run is { Status: RunStatus.Exited, ExitCode: not null } ? "The monitor could not write down the end." : "The monitor was lost.",
                RestartCount = status.Run?.RestartCount ?? 0,
            };
            // The monitor may have written how the run ended, and died before it removed the run folder: then that is true.
            if (!EndIsKnown(status)) AtomicFile.Write(files.Exit, JsonSerializer.SerializeToUtf8Bytes(exit, RunJson.Default.ExitRecord));
        }

        if (sameBoot) NetworkRelease.AfterLoss(files.RunFolder, Path.Combine(services.Paths.Run, "networks"), id);
        ContainerFolder.Delete(files.RunFolder);
    }

    private static bool EndIsKnown(ContainerStatus status)
        => status is { Run: { } run, Exit: { } exit } && exit.StartedAt is { } started && started >= run.StartedAt.AddMilliseconds(-1);

    private static void KillFirstProcess(RunRecord run)
    {
        using SafeFileHandle? process = Libc.OpenProcess(run.ProcessId);
        // The start time is compared after opening: from then on the descriptor names this process and no later one with its number.
        if (process is not null && ProcessStat.IsAlive(run.ProcessId, run.ProcessStartTime)) Libc.SendSignal(process, Signal.SIGKILL);
    }
}
