using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Starts a container: writes what the monitor reads, spawns the monitor, and waits for its report.</summary>
internal static class StartOperation
{
    /// <summary>Starts it.</summary>
    /// <param name="services">The services.</param>
    /// <param name="container">A name, an id, or the unique beginning of an id.</param>
    /// <param name="cancellationToken">Ends the waiting; the container is started all the same.</param>
    /// <param name="isRestart">It was stopped a moment ago to be started again: one that removes itself is kept.</param>
    public static async Task<Container> RunAsync(
        ContainerServices services, string container, CancellationToken cancellationToken, bool isRestart = false)
    {
        while (true)
        {
            SafeFileHandle? keeper;
            using (LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false))
            {
                ContainerRecord record = locked.Record;
                TransitionTable.Check(ContainerOperation.Start, locked.Status.State, record.Name);
                keeper = locked.Status.Run is { } run ? RunControl.OpenKeeper(run) : null;
                if (keeper is null)
                {
                    if (!isRestart) RefuseRemoving(services, locked);
                    return await StartAsync(services, locked, cancellationToken).ConfigureAwait(false);
                }

                container = record.Id;
            }

            // The run before has ended, and its monitor is tidying up.
            using (keeper) await DescriptorWaiter.WaitReadableAsync(keeper, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<Container> StartAsync(ContainerServices services, LockedContainer locked, CancellationToken cancellationToken)
    {
        ContainerRecord record = locked.Record;
        ContainerFiles files = services.Store.Files(record.Id);
        IReadOnlyList<string> warnings;
        try
        {
            warnings = StartFiles.Write(services, record);
            await MonitorProcess.StartAsync(files.RunFolder, locked.Lock.File, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Only the wait for the report is cancelled: the monitor is starting the container, and needs the lock for it. Unlocked, the next command would
            // take the run for one whose start has died, and kill it.
            locked.Lock.LeaveToCopies();
            throw;
        }
        catch (ContainerException error) when (error is not KernelException)
        {
            TidyUp(services, record.Id);
            throw new ContainerException(error.Code, error.Message, record.Name, error);
        }
        catch
        {
            TidyUp(services, record.Id);
            throw;
        }

        ContainerStatus status = services.StateReader.Read(record.Id);
        if (record.Configuration.AutoRemove) services.Ends.Remember(services, record, status);
        return Snapshot.Of(record, status, files) with { Warnings = warnings };
    }

    // A container that removes itself never rests: what looks like rest is the moment before its monitor takes it away, or what a monitor
    // left that was killed in that moment. Either way it is gone for whoever comes now. One whose run was lost, or whose start failed, is there still and
    // can be started.
    private static void RefuseRemoving(ContainerServices services, LockedContainer locked)
    {
        if (!locked.Record.Configuration.AutoRemove || locked.Status.State != ContainerState.Exited || locked.Status.Exit?.Error is not null) return;
        RemoveOperation.Remove(services, locked.Record, volumes: true);
        KeptImages.RequestSweep(services.Paths);
        throw new ContainerException(ErrorCode.ContainerRemoving, $"The container '{locked.Record.Name}' has ended and removes itself.", locked.Record.Name);
    }

    // A monitor that reports a failure has tidied up; one that died, or could not be spawned, has not.
    private static void TidyUp(ContainerServices services, string id)
    {
        if (Directory.Exists(services.Store.Files(id).RunFolder)) services.ReadRepaired(id);
    }
}
