using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Containers;

namespace ContainerTools.Runtime.Networks;

/// <summary>The networks of this machine.</summary>
internal sealed class LocalNetworkOperations(ContainerServices services) : INetworkOperations
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<ContainerNetwork> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        // As Docker lists them: what -Network can say.
        ContainerNetwork[] modes = [Mode("host", "host"), Mode("none", "null")];
        foreach (string name in services.Networks.Names().Concat(modes.Select(static mode => mode.Name)).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Array.Find(modes, mode => mode.Name == name) is { } mode ? mode with { Containers = WithMode(name) } : services.Networks.Inspect(name);
        }

        static ContainerNetwork Mode(string name, string driver) => new() { Name = name, Driver = driver, Subnets = [], Interface = "", Predefined = true };
    }

    // They have no addresses of the engine's, whose leases would tell of them.
    private NetworkContainer[] WithMode(string mode)
    {
        HashSet<string> running = services.StateReader.RunFolders();
        return [.. services.Store.Records()
            .Where(record => running.Contains(record.Id) && record.Damage is null && record.Configuration.NetworkMode == mode && IsIn(record.Id))
            .Select(static record => new NetworkContainer { Id = record.Id, Name = record.Name })
            .OrderBy(static member => member.Name, StringComparer.Ordinal)];
    }

    // A damaged one must not keep the others and their networks from being seen; whoever works with that container is told.
    private bool IsIn(string id)
    {
        try
        {
            return services.StateReader.Read(id).State is ContainerState.Running or ContainerState.Paused or ContainerState.Restarting;
        }
        catch (ContainerException error) when (error.Code == ErrorCode.StateCorrupt)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public Task<ContainerNetwork> CreateAsync(NetworkCreateOptions options, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            List<string> warnings = [];
            ContainerNetwork network = services.Networks.Create(options);
            try
            {
                services.Networks.Ensure(network, warnings);
            }
            catch (ContainerException error)
            {
                throw services.Networks.Discard(network, error);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw services.Networks.Discard(network, new ContainerException(ErrorCode.KernelError, $"The network '{network.Name}' could not be made: {error.Message}", network.Name, error));
            }

            return network with { Warnings = warnings };
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task RemoveAsync(string network, CancellationToken cancellationToken) => Task.Run(() => services.Networks.Remove(network), cancellationToken);

    /// <inheritdoc/>
    public Task<Container> ConnectAsync(string container, NetworkAttachment attachment, CancellationToken cancellationToken)
        => Task.Run(() => NetworkConnection.ConnectAsync(services, container, attachment, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<Container> DisconnectAsync(string container, string network, CancellationToken cancellationToken)
        => Task.Run(() => NetworkConnection.DisconnectAsync(services, container, network, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<ContainerNetwork> RepairAsync(string network, CancellationToken cancellationToken)
    {
        ContainerNetwork found = services.Networks.Get(network);
        List<string> warnings = [];
        services.Networks.Ensure(found, warnings, always: true);
        await foreach (Container container in Containers.Operations.ListOperation.RunAsync(services, ContainerFilter.All, cancellationToken).ConfigureAwait(false))
        {
            if (container.ProcessId is null || container.Configuration.Networks.Count == 0) continue;
            try
            {
                await NetworkConnection.RepairAsync(services, container.Id, network, cancellationToken).ConfigureAwait(false);
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotFound)
            {
                // It has been removed since it was listed.
            }
        }

        return services.Networks.Inspect(network) with { Warnings = warnings };
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<NetworkTestResult> TestAsync(string container, NetworkTestOptions options, CancellationToken cancellationToken)
        => NetworkTest.RunAsync(services, container, options, cancellationToken);
}
