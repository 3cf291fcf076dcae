using System.Net;

namespace ContainerTools;

/// <summary>A range of addresses of a network.</summary>
/// <param name="Subnet">The range.</param>
/// <param name="Gateway">The host's address in it.</param>
public sealed record NetworkSubnet(IPNetwork Subnet, IPAddress Gateway)
{
    /// <summary>The part of it that containers get addresses from; null for all.</summary>
    public IPNetwork? Range { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Subnet.ToString();
}
