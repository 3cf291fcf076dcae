using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Freezes a container.</summary>
internal static class PauseOperation
{
    /// <summary>
    /// Freezes it. The mark comes first: were this to die in between, the container would read as paused while it runs, and resuming it
    /// puts that right; the other way round it would stand still and nobody would know why.
    /// </summary>
    public static async Task<Container> RunAsync(ContainerServices services, string container, CancellationToken cancellationToken)
    {
        using LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = locked.Record;
        TransitionTable.Check(ContainerOperation.Pause, locked.Status.State, record.Name);
        Freeze(services, locked, passing: false);
        return Snapshot.Of(record, services.StateReader.Read(record.Id), services.Store.Files(record.Id));
    }

    /// <summary>Freezes a running container whose lock is held, and leaves the mark that says so.</summary>
    /// <param name="services">The engine's parts.</param>
    /// <param name="locked">The container.</param>
    /// <param name="passing">It is for as long as the lock is held: who finds the mark and the lock free thaws it, for the command has died.</param>
    public static void Freeze(ContainerServices services, LockedContainer locked, bool passing)
    {
        ContainerRecord record = locked.Record;
        ContainerFiles files = services.Store.Files(record.Id);
        if (passing) AtomicFile.Write(files.Paused, "passing"u8, durable: false);
        else RunControl.Touch(files.Paused);
        try
        {
            ICgroup cgroup = services.OpenCgroup(locked.Status.Run!.CgroupPath ?? ContainerServices.CgroupPath(record.Id));
            cgroup.Freeze();
        }
        catch
        {
            try
            {
                File.Delete(files.Paused);
            }
            catch (DirectoryNotFoundException)
            {
                // It ended meanwhile, and its run folder is gone with the mark: what went wrong first is what is to be said.
            }

            throw;
        }
    }
}
