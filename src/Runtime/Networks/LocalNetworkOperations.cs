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
            yield return Array.Find(modes, mode => mode.Name == name) ?? services.Networks.Inspect(name);
        }

        static ContainerNetwork Mode(string name, string driver) => new() { Name = name, Driver = driver, Subnets = [], Interface = "", Predefined = true };
    }

    /// <inheritdoc/>
    public Task<ContainerNetwork> CreateAsync(NetworkCreateOptions options, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            ContainerNetwork network = services.Networks.Create(options);
            try
            {
                services.Networks.Ensure(network);
            }
            catch (ContainerException error)
            {
                throw services.Networks.Discard(network, error);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw services.Networks.Discard(network, new ContainerException(ErrorCode.KernelError, $"The network '{network.Name}' could not be made: {error.Message}", network.Name, error));
            }

            return network with { Warnings = services.Networks.TakeWarnings() };
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
        services.Networks.Ensure(found, always: true);
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

        return services.Networks.Inspect(network);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<NetworkTestResult> TestAsync(string container, NetworkTestOptions options, CancellationToken cancellationToken)
        => NetworkTest.RunAsync(services, container, options, cancellationToken);
}
