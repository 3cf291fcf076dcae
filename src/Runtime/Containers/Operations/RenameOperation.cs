namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>
/// Gives a container another name: the new link first, then the record, then the old link goes. A process that dies in between leaves a
/// link too many, which no reader trusts.
/// </summary>
internal static class RenameOperation
{
    /// <summary>Renames it.</summary>
    public static async Task<Container> RunAsync(ContainerServices services, string container, string newName, CancellationToken cancellationToken)
    {
        ContainerName.Check(newName);
        using LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = locked.Record;
        TransitionTable.Check(ContainerOperation.Rename, locked.Status.State, record.Name);
        if (record.Name == newName) return Snapshot.Of(record, locked.Status, services.Store.Files(record.Id));
        if (!services.Store.Names.TryReserve(newName, record.Id))
        {
            throw new ContainerException(
                ErrorCode.ContainerNameInUse, $"A container with the name '{newName}' is there already; remove it, or take another name.", newName);
        }

        ContainerRecord renamed = record with { Name = newName };
        try
        {
            services.Store.Write(renamed);
        }
        catch
        {
            services.Store.Names.Release(newName, record.Id);
            throw;
        }

        services.Store.Names.Release(record.Name, record.Id);
        services.Store.Names.Sync();
        // The monitor removes the name's link of a container that removes itself; it must know the new one.
        StartFiles.UpdateMonitor(services, renamed);
        return Snapshot.Of(renamed, locked.Status, services.Store.Files(record.Id));
    }
}
