namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Lets a frozen container go on.</summary>
internal static class ResumeOperation
{
    /// <summary>Lets it go on.</summary>
    public static async Task<Container> RunAsync(ContainerServices services, string container, CancellationToken cancellationToken)
    {
        using LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
        TransitionTable.Check(ContainerOperation.Resume, locked.Status.State, locked.Record.Name);
        Thaw(services, locked);
        return Snapshot.Of(locked.Record, services.StateReader.Read(locked.Record.Id), services.Store.Files(locked.Record.Id));
    }

    /// <summary>Thaws a container whose lock is held, and takes the mark away.</summary>
    public static void Thaw(ContainerServices services, LockedContainer locked) => Thaw(services, locked.Record.Id, locked.Status.Run!);

    /// <summary>Thaws a run whose container's lock is held, and takes the mark away.</summary>
    public static void Thaw(ContainerServices services, string id, RunRecord run)
    {
        services.OpenCgroup(run.CgroupPath ?? ContainerServices.CgroupPath(id)).Thaw();
        try
        {
            File.Delete(services.Store.Files(id).Paused);
        }
        catch (DirectoryNotFoundException)
        {
            // What was thawed has ended at once, of a signal that waited for it, and its monitor has removed the run's folder: the mark is gone with it.
        }
    }
}
