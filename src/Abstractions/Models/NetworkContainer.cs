using System.Net;

namespace ContainerTools;

/// <summary>A container that is in a network now, with what it has there.</summary>
public sealed record NetworkContainer
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
    /// <summary>Its IPv4 address; null where it has none.</summary>
    public IPAddress? IPv4Address { get; init; }
    /// <summary>Its IPv6 address; null where it has none.</summary>
    public IPAddress? IPv6Address { get; init; }
    /// <summary>The hardware address of its device; empty in an ipvlan, whose devices have that of the host's, and where there is no device of the engine's.</summary>
    public string HardwareAddress { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', new object?[] { Name, IPv4Address, IPv6Address }.Where(static part => part is not null));
}
