using System.Net;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// network.json in the run folder: what the monitor makes for each run of a container, and what has to be given back at its end. Written by
/// the engine before the start; the monitor writes it again with the ports it has chosen.
/// </summary>
internal sealed record NetworkPlan
{
    /// <summary>The file's name in the run folder.</summary>
    public const string FileName = "network.json";
    /// <summary>The file of a plan that is to take the place of that one.</summary>
    public const string NextFileName = "network.next.json";

    /// <summary>The container's id.</summary>
    public required string Id { get; init; }
    /// <summary>The folder of the networks' addresses and names that are in use.</summary>
    public required string NetworksRun { get; init; }
    /// <summary>The run folder of the container whose network this one shares, or null; then there is nothing else.</summary>
    public string? SharedRun { get; init; }
    /// <summary>The places in networks; the default route goes through the first.</summary>
    public IReadOnlyList<EndpointPlan> Endpoints { get; init; } = [];
    /// <summary>The published ports.</summary>
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];
    /// <summary>Name servers that what is no container's name is asked of.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];
    /// <summary>The seconds after which a server counts as silent.</summary>
    public int ServerTimeout { get; init; } = 4;
    /// <summary>How often all servers are asked.</summary>
    public int ServerAttempts { get; init; } = 2;
}

/// <summary>One place in a network.</summary>
internal sealed record EndpointPlan
{
    /// <summary>The network's name.</summary>
    public required string Network { get; init; }
    /// <summary>Its driver.</summary>
    public required string Driver { get; init; }
    /// <summary>The bridge, or the host's device below a macvlan or ipvlan.</summary>
    public required string Parent { get; init; }
    /// <summary>The device in the container.</summary>
    public required string Device { get; init; }
    /// <summary>The host's end of the veth pair; empty where there is none.</summary>
    public string HostDevice { get; init; } = "";
    /// <summary>The addresses with the prefixes of their subnets, <c>10.90.0.2/16</c>, IPv4 first.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];
    /// <summary>The gateways.</summary>
    public IReadOnlyList<string> Gateways { get; init; } = [];
    /// <summary>A fixed hardware address, <c>02:42:0a:5a:00:07</c>; empty for a derived one.</summary>
    public string FixedHardwareAddress { get; init; } = "";
    /// <summary>The largest packet; 0 for the device's own.</summary>
    public int Mtu { get; init; }
    /// <summary>The network has no way out.</summary>
    public bool Internal { get; init; }
    /// <summary>The names that lead to it.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The address of a family, or null.</summary>
    public IPAddress? AddressOf(bool ipv6)
    {
        foreach (string text in Addresses)
        {
            if (text.Contains(':', StringComparison.Ordinal) == ipv6) return IPAddress.Parse(text.AsSpan(0, text.IndexOf('/', StringComparison.Ordinal)));
        }

        return null;
    }

    /// <summary>
    /// The fixed one; else derived from the IPv4 address, as Docker does it, else from the last bytes of the IPv6 one: whoever gets the address next is found by
    /// neighbours that remember its hardware address.
    /// </summary>
    public byte[] HardwareAddress()
    {
        if (FixedHardwareAddress.Length > 0) return Convert.FromHexString(FixedHardwareAddress.Replace(":", "", StringComparison.Ordinal));
        byte[] bytes = (AddressOf(ipv6: false) ?? AddressOf(ipv6: true))!.GetAddressBytes();
        return [0x02, 0x42, .. bytes.AsSpan(bytes.Length - 4)];
    }
}
