using ContainerTools.Runtime.Networks;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>
/// Gives a container another name: the new link first, then the record, then the old link goes. A process that dies in between leaves a
/// link too many, which no reader trusts, and which the record knows of.
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
        if (record.Name == newName)
        {
            // One that was killed may have come no further than the record.
            NetworkRename.Run(services.Store.Files(record.Id), record.OtherName ?? newName, newName);
            return Snapshot.Of(record, locked.Status, services.Store.Files(record.Id));
        }

        ContainerNames names = services.Store.Names;
        if (record.OtherName is { } left) names.Release(left, record.Id);
        services.Store.Write(record with { OtherName = newName });
        if (!names.TryReserve(newName, record.Id))
        {
            throw new ContainerException(
                ErrorCode.ContainerNameInUse, $"A container with the name '{newName}' is there already; remove it, or take another name.", newName);
        }

        ContainerRecord renamed = record with { Name = newName, OtherName = record.Name };
        try
        {
            services.Store.Write(renamed);
        }
        catch
        {
            names.Release(newName, record.Id);
            throw;
        }

        names.Release(record.Name, record.Id);
        names.Sync();
        // The monitor removes the name's link of a container that removes itself; it must know the new one.
        StartFiles.UpdateMonitor(services, renamed);
        NetworkRename.Run(files: services.Store.Files(record.Id), record.Name, newName);
        return Snapshot.Of(renamed, locked.Status, services.Store.Files(record.Id));
    }
}
