using ContainerTools.Runtime.Cgroups;

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
        Freeze(services, locked);
        return Snapshot.Of(record, services.StateReader.Read(record.Id), services.Store.Files(record.Id));
    }

    /// <summary>Freezes a running container whose lock is held, and leaves the mark that says so.</summary>
    public static void Freeze(ContainerServices services, LockedContainer locked)
    {
        ContainerRecord record = locked.Record;
        ContainerFiles files = services.Store.Files(record.Id);
        RunControl.Touch(files.Paused);
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
