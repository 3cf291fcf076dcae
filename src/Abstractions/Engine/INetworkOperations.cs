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
}
