namespace ContainerTools;

/// <summary>A network as it was at one moment. An immutable snapshot.</summary>
public sealed record ContainerNetwork
{
    /// <summary>The unique name.</summary>
    public required string Name { get; init; }
    /// <summary><c>bridge</c>, <c>macvlan</c> or <c>ipvlan</c>; <c>host</c> and <c>null</c> of the networks host and none.</summary>
    public required string Driver { get; init; }
    /// <summary>Its ranges of addresses, IPv4 first.</summary>
    public required IReadOnlyList<NetworkSubnet> Subnets { get; init; }
    /// <summary>The bridge, or the device of the host that it is on.</summary>
    public required string Interface { get; init; }
    /// <summary>It has no way out.</summary>
    public bool Internal { get; init; }
    /// <summary>Its containers and those of other such networks reach each other; else no other network's containers do.</summary>
    public bool ReachesOtherNetworks { get; init; }
    /// <summary>The largest packet in bytes; null for the device's own.</summary>
    public int? Mtu { get; init; }
    /// <summary>It is there from the start and cannot be removed: <c>bridge</c>, and the modes <c>host</c> and <c>none</c>, which have neither subnets nor a device.</summary>
    public bool Predefined { get; init; }
    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }
    /// <summary>What whoever has made it should know: what was changed on the machine for it.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    /// <summary>The containers that are in it now, by their names; of the modes host and none those that run with them.</summary>
    public IReadOnlyList<NetworkContainer> Containers { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => Name;
}
