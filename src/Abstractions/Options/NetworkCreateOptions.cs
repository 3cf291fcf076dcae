using System.Net;

namespace ContainerTools;

/// <summary>What a new network is to be.</summary>
public sealed record NetworkCreateOptions
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }
    /// <summary><c>bridge</c>, <c>macvlan</c> or <c>ipvlan</c>.</summary>
    public string Driver { get; init; } = "bridge";
    /// <summary>Ranges of addresses, at most one of each family; empty for a free one of IPv4.</summary>
    public IReadOnlyList<IPNetwork> Subnets { get; init; } = [];
    /// <summary>The host's addresses in them, in any order; the first of a range where there is none.</summary>
    public IReadOnlyList<IPAddress> Gateways { get; init; } = [];
    /// <summary>The parts of them that containers get addresses from, in any order.</summary>
    public IReadOnlyList<IPNetwork> Ranges { get; init; } = [];
    /// <summary>The host's device that a macvlan or ipvlan is on; the name of the bridge otherwise, null for one of the engine's choice.</summary>
    public string? Interface { get; init; }
    /// <summary>Also a free subnet of IPv6, where <see cref="Subnets"/> has none.</summary>
    public bool IPv6 { get; init; }
    /// <summary>No way out.</summary>
    public bool Internal { get; init; }
    /// <summary>Containers of other networks do not reach its containers, and the other way round; false for those of other networks with false.</summary>
    public bool IsolateFromOtherNetworks { get; init; } = true;
    /// <summary>Largest packet in bytes.</summary>
    public int? Mtu { get; init; }
    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}
