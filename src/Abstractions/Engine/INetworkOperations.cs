namespace ContainerTools;

/// <summary>Networks. A miss throws <see cref="ErrorCode.NetworkNotFound"/>.</summary>
public interface INetworkOperations
{
    /// <summary>All networks, by name.</summary>
    IAsyncEnumerable<ContainerNetwork> ListAsync(CancellationToken cancellationToken);

    /// <summary>Makes a network. <see cref="ErrorCode.NetworkNameInUse"/>, <see cref="ErrorCode.SubnetOverlaps"/>.</summary>
    Task<ContainerNetwork> CreateAsync(NetworkCreateOptions options, CancellationToken cancellationToken);

    /// <summary>Removes a network. <see cref="ErrorCode.NetworkInUse"/> while a container is in it.</summary>
    Task RemoveAsync(string network, CancellationToken cancellationToken);

    /// <summary>Puts bridges and packet filter rules back that somebody has removed.</summary>
    Task<ContainerNetwork> RepairAsync(string network, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a container into one more network: at once where it runs, and for every later start. <see cref="ErrorCode.NetworkAlreadyConnected"/>,
    /// <see cref="ErrorCode.NetworkNotConnectable"/> where it has no network of its own, <see cref="ErrorCode.AddressInUse"/>.
    /// </summary>
    /// <returns>The container as it is afterwards.</returns>
    Task<Container> ConnectAsync(string container, NetworkAttachment attachment, CancellationToken cancellationToken);

    /// <summary>Takes a container out of a network. <see cref="ErrorCode.NetworkNotConnected"/> where it is not in it.</summary>
    /// <returns>The container as it is afterwards.</returns>
    Task<Container> DisconnectAsync(string container, string network, CancellationToken cancellationToken);

    /// <summary>
    /// Tests from a running container whether a target's name is found and its ports are reached: in the container's network, with its /etc/hosts and
    /// /etc/resolv.conf. One result for each address and port, each round; that something is not reached is a result, and no error.
    /// <see cref="ErrorCode.ContainerNotRunning"/>, <see cref="ErrorCode.InvalidArgument"/>.
    /// </summary>
    IAsyncEnumerable<NetworkTestResult> TestAsync(string container, NetworkTestOptions options, CancellationToken cancellationToken);
}
