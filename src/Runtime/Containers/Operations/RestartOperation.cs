namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Stops a container if it runs, and starts it.</summary>
internal static class RestartOperation
{
    /// <summary>Restarts it. One that removes itself at its end is kept over this end.</summary>
    public static async Task<Container> RunAsync(
        ContainerServices services, string container, ContainerStopOptions options, CancellationToken cancellationToken)
    {
        string id;
        using (LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false))
        {
            id = locked.Record.Id;
            ContainerConfiguration configuration = locked.Record.Configuration;
            if (configuration.AutoRemove && locked.Status.IsActive)
            {
                // The monitor reads its record again at the end.
                StartFiles.UpdateMonitor(services, locked.Record with { Configuration = configuration with { AutoRemove = false } });
            }
        }

        await StopOperation.RunAsync(services, id, options, cancellationToken).ConfigureAwait(false);
        return await StartOperation.RunAsync(services, id, cancellationToken, isRestart: true).ConfigureAwait(false);
    }
}
