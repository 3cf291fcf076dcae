using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Removes a container.</summary>
internal static class RemoveOperation
{
    /// <summary>Removes it, and what of its image only it has kept; one that runs only by force.</summary>
    public static async Task RunAsync(ContainerServices services, string container, ContainerRemoveOptions options, CancellationToken cancellationToken)
    {
        string image = await RemoveAsync(services, container, options, cancellationToken).ConfigureAwait(false);
        // The container is gone, whoever stops this now.
        await services.Images.ReleaseAsync(image, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Removes it, and leaves what of its image only it has kept to somebody who sweeps; one that runs only by force.</summary>
    /// <returns>The id of its image; empty where that is not known, because its record is damaged or it has removed itself.</returns>
    public static async Task<string> RemoveAsync(ContainerServices services, string container, ContainerRemoveOptions options, CancellationToken cancellationToken)
    {
        for (bool seen = false; ; seen = true)
        {
            LockedContainer locked;
            try
            {
                locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
            }
            catch (ContainerException error) when (seen && error.Code == ErrorCode.ContainerNotFound)
            {
                // It was killed a moment ago and removes itself: that is what was asked for.
                return "";
            }
            catch (ContainerException error) when (options.Force && error.Code == ErrorCode.StateCorrupt)
            {
                await RemoveDamagedAsync(services, container, cancellationToken).ConfigureAwait(false);
                return "";
            }

            SafeFileHandle? keeper;
            using (locked)
            {
                // From here on by its id: the name may go to another container while this waits.
                container = locked.Record.Id;
                if (!options.Force) TransitionTable.Check(ContainerOperation.Remove, locked.Status.State, locked.Record.Name);
                keeper = Kill(services, locked);
                if (keeper is null)
                {
                    Remove(services, locked.Record, options.RemoveVolumes || locked.Record.Configuration.AutoRemove);
                    return locked.Record.ImageId;
                }
            }

            using (keeper) await DescriptorWaiter.WaitReadableAsync(keeper, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Kills what runs.</summary>
    /// <returns>The monitor, to be waited for without the lock; null when nothing is left of a run.</returns>
    private static SafeFileHandle? Kill(ContainerServices services, LockedContainer locked)
    {
        if (locked.Status.Run is not { } run) return null;
        SafeFileHandle? keeper = RunControl.OpenKeeper(run);
        if (keeper is not null && locked.Status.IsActive) StopOperation.Kill(services, locked);
        return keeper;
    }

    /// <summary>Removes a container that does not run; the caller holds its lock.</summary>
    public static void Remove(ContainerServices services, ContainerRecord record, bool volumes)
    {
        string[] names = record.OtherName is { } other ? [record.Name, other] : [record.Name];
        services.Store.Remove(record.Id, names, volumes ? record.AnonymousVolumes : []);
        if (record.Configuration.UserNamespace) services.IdRanges.Release(record.Configuration.UserNamespaceHostId, record.Id);
    }

    // Its record cannot be read, so what it says about names, ids and volumes is lost; links that point to it are dead from now on.
    private static async Task RemoveDamagedAsync(ContainerServices services, string container, CancellationToken cancellationToken)
    {
        string id = services.Store.Resolve(container);
        using ContainerLock held = await services.Store.LockAsync(id, cancellationToken).ConfigureAwait(false);
        ContainerStatus status = services.ReadRepaired(id);
        if (status.Run is { } run)
        {
            RunControl.MarkStopped(services.Store.Files(id));
            services.OpenCgroup(run.CgroupPath ?? ContainerServices.CgroupPath(id)).Kill();
            using SafeFileHandle? keeper = RunControl.OpenKeeper(run);
            if (keeper is not null) await DescriptorWaiter.WaitReadableAsync(keeper, cancellationToken).ConfigureAwait(false);
        }

        services.Store.Remove(id, [], []);
        services.Store.Names.ReleaseAll(id);
    }
}
