using System.Net;

namespace ContainerTools;

/// <summary>Where a running container is in a network.</summary>
public sealed record ContainerEndpoint
{
    /// <summary>The network's name.</summary>
    public required string Network { get; init; }
    /// <summary>The device in the container.</summary>
    public string Interface { get; init; } = "";
    /// <summary>Its addresses, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];
    /// <summary>The gateways, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Gateways { get; init; } = [];
    /// <summary>The hardware address.</summary>
    public string HardwareAddress { get; init; } = "";
    /// <summary>The names that lead to it in this network.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Network} {string.Join(' ', Addresses)}";
}
