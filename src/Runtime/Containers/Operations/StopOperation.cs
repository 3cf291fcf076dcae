using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Stops a container: its stop signal, some time to heed it, SIGKILL.</summary>
internal static class StopOperation
{
    /// <summary>Stops it. A container that does not run is left as it is.</summary>
    public static async Task<Container> RunAsync(
        ContainerServices services, string container, ContainerStopOptions options, CancellationToken cancellationToken)
    {
        int? given = options.Signal is { } name ? Signal.Parse(name) : null;
        if (options.Timeout is { } asked) OptionCheck.StopTimeout(asked);
        ContainerRecord record;
        SafeFileHandle? process;
        EndOfRun end;
        using (LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false))
        {
            record = locked.Record;
            if (!TransitionTable.Check(ContainerOperation.Stop, locked.Status.State, record.Name))
            {
                if (locked.Status.Run is null) return Snapshot.Of(record, locked.Status, services.Store.Files(record.Id));
                // Its end is under way: wait for it, so that what comes next finds it stopped.
                process = null;
            }
            else
            {
                process = RunControl.OpenFirstProcess(locked.Status.Run!);
            }

            end = EndOfRun.Watch(services, record, locked.Status.Run!);
            if (process is not null || locked.Status.IsActive)
            {
                bool atOnce = (options.Timeout ?? record.Configuration.StopTimeout) == TimeSpan.Zero;
                int signal = atOnce ? Signal.SIGKILL : given ?? Signal.Parse(record.Configuration.StopSignal);
                process = Send(services, locked, process, signal);
            }
        }

        using (process)
        using (end)
        {
            TimeSpan timeout = options.Timeout ?? record.Configuration.StopTimeout;
            if (process is not null
                && timeout != TimeSpan.Zero
                && !await DescriptorWaiter.WaitReadableAsync(process, timeout, cancellationToken).ConfigureAwait(false))
            {
                Libc.SendSignal(process, Signal.SIGKILL);
            }

            return await end.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Kills a container whose lock is held, for good: no restart policy brings it back.</summary>
    public static void Kill(ContainerServices services, LockedContainer locked)
    {
        using SafeFileHandle? process = Send(services, locked, RunControl.OpenFirstProcess(locked.Status.Run!), Signal.SIGKILL);
    }

    /// <summary>
    /// Sends the signal that is to end a container. The mark comes first: the process may end at once, and its monitor then looks for it. A
    /// frozen process gets the signal when it goes on, so it is let go on.
    /// </summary>
    /// <returns>The process that got it: the given one, or one that was started again while there was none.</returns>
    public static SafeFileHandle? Send(ContainerServices services, LockedContainer locked, SafeFileHandle? process, int signal)
    {
        ContainerFiles files = services.Store.Files(locked.Record.Id);
        RunControl.MarkStopped(files);
        // It rested, and its monitor may have looked for the mark, to start it again, just before: then the state names the process by now.
        if (process is null && services.StateReader.Read(locked.Record.Id).Run is { } now) process = RunControl.OpenFirstProcess(now);
        if (process is not null) Libc.SendSignal(process, signal);
        if (locked.Status.State == ContainerState.Paused) ResumeOperation.Thaw(services, locked);
        return process;
    }
}
