namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Waits until a container does not run.</summary>
internal static class WaitOperation
{
    /// <summary>Waits; returns at once where it does not run.</summary>
    public static async Task<Container> RunAsync(ContainerServices services, string container, CancellationToken cancellationToken)
    {
        try
        {
            string id = services.Store.Resolve(container);
            ContainerRecord record = services.Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
            ContainerStatus status = services.InspectStatus(id);
            if (status.Run is not { } run)
            {
                // It may have removed itself while this was reading: what was found then is not its end, but that it is gone.
                return services.Store.TryRead(id) is null ? throw ContainerStore.NotFound(container) : Snapshot.Of(record, status, services.Store.Files(id));
            }

            using EndOfRun end = EndOfRun.Watch(services, record, run);
            Container last = await end.WaitAsync(cancellationToken).ConfigureAwait(false);
            // Too late to be told, and gone before its record could be read: whoever started it knows.
            return last.ExitCode is null && services.Store.TryRead(id) is null ? throw ContainerStore.NotFound(container) : last;
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotFound)
        {
            // It may have ended and removed itself since this process started it.
            if (await services.Ends.FindAsync(container, cancellationToken).ConfigureAwait(false) is { } known) return known;
            throw;
        }
    }
}
