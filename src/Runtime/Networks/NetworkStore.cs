using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>The networks: <c>networks/&lt;name&gt;.json</c> each, made and removed under one lock; their bridges and their part of the packet filter.</summary>
internal sealed partial class NetworkStore(EnginePaths paths)
{
    /// <summary>The network that is there from the start.</summary>
    public const string DefaultName = "bridge";

    private readonly BridgeNames _bridges = new(paths.Root);
    private static readonly HashSet<string> s_reserved = new(StringComparer.Ordinal) { "none", "host", "default", "container", "ns" };

    /// <summary>The names of all networks.</summary>
    public IReadOnlyList<string> Names()
    {
        SortedSet<string> names = new(StringComparer.Ordinal) { DefaultName };
        if (Directory.Exists(paths.Networks))
        {
            foreach (string file in Directory.EnumerateFiles(paths.Networks, "*.json")) names.Add(Path.GetFileNameWithoutExtension(file));
        }

        return [.. names];
    }

    /// <summary>A network. The default one is made at its first use.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NetworkNotFound"/>, <see cref="ErrorCode.StateCorrupt"/>.</exception>
    public ContainerNetwork Get(string name)
    {
        if (TryRead(name) is { } found) return found;
        if (name is "host" or "none") throw new ContainerException(ErrorCode.NetworkNotConnectable, $"'{name}' is a network mode, which a container has from its creation on; there is nothing to connect to or to repair.", name);
        if (name != DefaultName) throw new ContainerException(ErrorCode.NetworkNotFound, $"There is no network '{name}'.", name);
        using HeldFile held = Lock();
        return TryRead(name) ?? Make(new NetworkCreateOptions { Name = DefaultName });
    }

    /// <summary>A network as it is, or as the default one will be at its first use.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NetworkNotFound"/>, <see cref="ErrorCode.StateCorrupt"/>.</exception>
    public ContainerNetwork Describe(string name) => TryRead(name) ?? (name != DefaultName
        ? throw new ContainerException(ErrorCode.NetworkNotFound, $"There is no network '{name}'.", name)
        : new ContainerNetwork { Name = name, Driver = "bridge", Interface = BridgeNames.Usual(name), Subnets = [new NetworkSubnet(IPNetwork.Parse("0.0.0.0/0"), IPAddress.Any)] });

    /// <summary>A network with the containers that are in it.</summary>
    public ContainerNetwork Inspect(string name)
    {
        ContainerNetwork network = Get(name);
        return network with { Predefined = name == DefaultName, Containers = [.. Leases(name).Containers().Select(member => member with { HardwareAddress = HardwareAddressOf(member.Id, network) })] };
    }

    /// <summary>The addresses in use.</summary>
    public AddressLeases Leases(string name) => new(Path.Combine(paths.Run, "networks"), name);

    /// <summary>Makes a network.</summary>
    public ContainerNetwork Create(NetworkCreateOptions options)
    {
        if (!NamePattern().IsMatch(options.Name) || s_reserved.Contains(options.Name))
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"'{options.Name}' is not a name of a network; use letters, digits, '-', '_' and '.', at most 63.", options.Name);
        }

        using HeldFile held = Lock();
        if (TryRead(options.Name) is not null || options.Name == DefaultName)
        {
            throw new ContainerException(ErrorCode.NetworkNameInUse, $"A network with the name '{options.Name}' is there already.", options.Name);
        }

        return Make(options);
    }

    /// <summary>Removes a network with its bridge.</summary>
    public void Remove(string name)
    {
        if (name is DefaultName or "host" or "none")
        {
            throw new ContainerException(ErrorCode.NetworkInUse, $"The network '{name}' is there from the start and stays; only what New-ContainerNetwork has made can be removed.", name);
        }

        using HeldFile held = Lock();
        ContainerNetwork network = TryRead(name) ?? throw new ContainerException(ErrorCode.NetworkNotFound, $"There is no network '{name}'.", name);
        if (!Leases(name).TryClose(IsAlive)) throw InUse(name);
        using RouteNetlink links = new();
        if (network.Driver == "bridge" && _bridges.OtherOwner(network.Interface, links) is not null)
        {
            // Its device has come to another engine since: nothing of that is to go.
            Forget(name);
            return;
        }

        try
        {
            // First what can be refused, and is all or nothing: then the network is there as before, and can be removed again.
            PacketFilter.RemoveNetwork(network);
        }
        catch
        {
            Leases(name).Prepare();
            throw;
        }

        if (network.Driver == "bridge") links.TryRemoveLink(network.Interface);
        Forget(name);
    }

    /// <summary>
    /// Takes back a network that could not be made whole. Goes on past a failure; what could not be done is said in the error, together with what made this necessary.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="reason">Why.</param>
    /// <returns>The error to throw.</returns>
    public ContainerException Discard(ContainerNetwork network, ContainerException reason)
    {
        List<string> failures = [];
        using HeldFile held = Lock();
        Attempt(() => Leases(network.Name).TryClose(IsAlive));
        using RouteNetlink links = new();
        if (network.Driver == "bridge" && _bridges.OtherOwner(network.Interface, links) is null)
        {
            Attempt(() => PacketFilter.RemoveNetwork(network));
            Attempt(() => links.TryRemoveLink(network.Interface));
        }

        Attempt(() => Forget(network.Name));
        // What refused to be done at first mostly refuses to be undone in the same words.
        failures.RemoveAll(words => words == reason.Message);
        return failures.Count == 0
            ? reason
            : new ContainerException(reason.Code, $"{reason.Message} Afterwards not all could be undone: {string.Join(' ', failures)}", network.Name, reason);

        void Attempt(Action step)
        {
            try
            {
                step();
            }
            catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
            {
                failures.Add(error.Message);
            }
        }
    }

    private ContainerException InUse(string name)
    {
        string[] members = [.. Leases(name).Containers().Select(static member => $"'{member.Name}'")];
        // The last one may have gone since.
        string who = members.Length switch { 0 => "Containers are", 1 => $"The container {members[0]} is", _ => $"The containers {string.Join(", ", members[..^1])} and {members[^1]} are" };
        return new ContainerException(ErrorCode.NetworkInUse, $"{who} in the network '{name}'; stop {(members.Length == 1 ? "it" : "them")} or use Disconnect-ContainerNetwork first.", name);
    }

    // Of one that is being started there may be none yet. The devices of an ipvlan have the hardware address of the device that they are on.
    private string HardwareAddressOf(string id, ContainerNetwork network)
    {
        EndpointPlan? endpoint = network.Driver == "ipvlan" ? null : PlanOf(id)?.Endpoints.FirstOrDefault(endpoint => endpoint.Network == network.Name);
        return endpoint is null ? "" : string.Join(':', endpoint.HardwareAddress().Select(static part => part.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
    }

    // A damaged one must not keep the network and its other containers from being seen; whoever works with that container is told.
    private NetworkPlan? PlanOf(string id)
    {
        try
        {
            return NetworkPlanFormat.TryLoad(paths.ContainerRun(id));
        }
        catch (ContainerException error) when (error.Code == ErrorCode.InvalidConfiguration)
        {
            return null;
        }
    }

    private void Forget(string name)
    {
        File.Delete(FileOf(name));
        AtomicFile.SyncFolder(paths.Networks);
    }

    /// <summary>Puts a network's bridge and rules there where they are not: after a restart of the machine, or when somebody has removed them.</summary>
    /// <param name="network">The network.</param>
    /// <param name="warnings">Gets what was changed on the machine for it.</param>
    /// <param name="always">Also where they seem to be there.</param>
    /// <returns>The network, which may have been made anew.</returns>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NetworkNameInUse"/>: the bridge is another engine's.</exception>
    public ContainerNetwork Ensure(ContainerNetwork network, ICollection<string> warnings, bool always = false)
    {
        using RouteNetlink links = new();
        string ready = Path.Combine(paths.NetworkRun(network.Name), "ready");
        if (!always && IsReady()) return network;
        using HeldFile held = Lock();
        if (!always && IsReady()) return network;
        network = TryRead(network.Name) ?? throw new ContainerException(ErrorCode.NetworkNotFound, $"There is no network '{network.Name}'.", network.Name);
        Leases(network.Name).Prepare();
        if (network.Driver == "bridge")
        {
            network = Own(network, links);
            MakeBridge(network, links, warnings);
            // A reload of the firewall takes all networks: what keeps them apart is to be there for all.
            foreach (ContainerNetwork other in Names().Where(name => name != network.Name).Select(TryRead).OfType<ContainerNetwork>())
            {
                if (File.Exists(Path.Combine(paths.NetworkRun(other.Name), "ready"))) PacketFilter.AddNetwork(other);
            }
        }
        else if (links.FindLink(network.Interface) is null) throw new ContainerException(ErrorCode.InvalidArgument, $"The host has no device '{network.Interface}'.", network.Interface);
        File.WriteAllText(ready, "");
        return network;

        bool IsReady() => File.Exists(ready) && PacketFilter.HasNetwork(network)
            && (network.Driver == "bridge" ? _bridges.IsThere(network.Interface, links) : links.FindLink(network.Interface) is not null);
    }

    // Two engines may have written down the same bridge and subnet while neither was there, after a restart of the machine for example. The default network, which nobody can remove, is
    // made anew then, beside the other's; of all others their owners decide.
    private ContainerNetwork Own(ContainerNetwork network, RouteNetlink links)
    {
        if (_bridges.OtherOwner(network.Interface, links) is not { } other) return network;
        if (network.Name == DefaultName && Leases(DefaultName).Containers().Count == 0) return Make(new NetworkCreateOptions { Name = DefaultName });
        throw new ContainerException(
            ErrorCode.NetworkNameInUse, $"The device '{network.Interface}' of the network '{network.Name}' is that of another engine, with its state in {other}; remove the network and make it again.", network.Name);
    }

    /// <summary>Whether a container has a run.</summary>
    public bool IsAlive(string id) => Directory.Exists(paths.ContainerRun(id));

    private ContainerNetwork Make(NetworkCreateOptions options)
    {
        if (options.Driver is not ("bridge" or "macvlan" or "ipvlan")) throw Invalid($"There is no driver '{options.Driver}'; use bridge, macvlan or ipvlan.", options.Driver);
        if (options.Mtu is < 68 or > 65535) throw Invalid($"A largest packet of {options.Mtu} bytes is not possible; use 68 to 65535.", options.Name);
        using RouteNetlink links = new();
        string device = options.Interface ?? (options.Driver == "bridge" ? _bridges.For(options.Name, links) : throw Invalid($"A {options.Driver} network needs the host's device that it is on; give -Interface.", options.Name));
        if (device.Length > BridgeNames.Longest || !InterfacePattern().IsMatch(device)) throw Invalid($"'{device}' is not a name of a device; use at most 15 letters, digits, '-', '_' and '.'.", device);
        ContainerNetwork network = new()
        {
            Name = options.Name,
            Driver = options.Driver,
            Interface = device,
            Subnets = ChooseSubnets(options),
            Internal = options.Internal,
            ReachesOtherNetworks = !options.IsolateFromOtherNetworks,
            Mtu = options.Mtu,
            CreatedAt = DateTimeOffset.UtcNow,
            Labels = options.Labels,
        };
        if (options.Driver == "bridge" && Names().Select(TryRead).OfType<ContainerNetwork>().FirstOrDefault(other => other.Interface == device && other.Name != options.Name) is { } owner)
        {
            throw Invalid($"The device '{device}' is that of the network '{owner.Name}'.", device);
        }

        bool exists = links.FindLink(device) is not null;
        if (options.Driver == "bridge" && options.Name != DefaultName && exists) throw Invalid($"The host has a device '{device}' already.", device);
        if (options.Driver != "bridge" && !exists) throw Invalid($"The host has no device '{device}'.", device);

        AtomicFile.Write(FileOf(network.Name), JsonSerializer.SerializeToUtf8Bytes(network, NetworkJson.Default.ContainerNetwork));
        return network;
    }

    private List<NetworkSubnet> ChooseSubnets(NetworkCreateOptions options)
    {
        List<IPNetwork> taken = [];
        using (RouteNetlink links = new()) taken.AddRange(links.Routes());
        foreach (string name in Names())
        {
            if (TryRead(name) is { } other) taken.AddRange(other.Subnets.Select(static subnet => subnet.Subnet));
        }

        List<IPNetwork> wanted = [.. options.Subnets];
        if (!wanted.Exists(static subnet => !IsIPv6(subnet)) && (wanted.Count == 0 || options.IPv6)) wanted.Add(Subnets.FindFree(taken));
        if (options.IPv6 && !wanted.Exists(IsIPv6)) wanted.Add(Subnets.FindUniqueLocal(MachineId(), taken));
        List<NetworkSubnet> chosen = [];
        foreach (IPNetwork subnet in wanted.OrderBy(static subnet => subnet.BaseAddress.GetAddressBytes().Length))
        {
            if (chosen.Any(other => other.Subnet.BaseAddress.AddressFamily == subnet.BaseAddress.AddressFamily)) throw Invalid("A network has at most one subnet of each family.", subnet.ToString());
            if (Subnets.LastPlace(subnet) < 2) throw Invalid($"The subnet {subnet} has no room for containers.", subnet.ToString());
            if (IsIPv6(subnet)) RequireIPv6(subnet.ToString());
            // A macvlan is on a network that the host has a route to already.
            if (options.Driver == "bridge" && taken.FirstOrDefault(other => Subnets.Overlap(subnet, other)) is { BaseAddress: not null } overlap && overlap.PrefixLength > 0)
            {
                throw new ContainerException(ErrorCode.SubnetOverlaps, $"The subnet {subnet} overlaps with {overlap}, which the host has a route to or another network has.", subnet.ToString());
            }

            IPAddress gateway = options.Gateways.FirstOrDefault(address => address.AddressFamily == subnet.BaseAddress.AddressFamily) ?? Subnets.At(subnet, 1);
            if (!subnet.Contains(gateway)) throw Invalid($"The gateway {gateway} is not in the subnet {subnet}.", gateway.ToString());
            if (gateway.Equals(subnet.BaseAddress) || (!IsIPv6(subnet) && gateway.Equals(Subnets.At(subnet, Subnets.Size(subnet) - 1))))
            {
                throw Invalid($"The gateway {gateway} is the base of the subnet {subnet}, or its address for broadcasts, not one of a machine.", gateway.ToString());
            }

            NetworkSubnet made = new(subnet, gateway);
            foreach (IPNetwork range in options.Ranges.Where(range => range.BaseAddress.AddressFamily == subnet.BaseAddress.AddressFamily))
            {
                if (!subnet.Contains(range.BaseAddress) || range.PrefixLength < subnet.PrefixLength) throw Invalid($"The range {range} is not in the subnet {subnet}.", range.ToString());
                made = made with { Range = range };
            }

            chosen.Add(made);
        }

        return chosen;
    }

    private static bool IsIPv6(IPNetwork subnet) => subnet.BaseAddress.GetAddressBytes().Length == 16;

    private static byte[] MachineId() => ContainerStateReader.ReadFile("/etc/machine-id") is { Length: > 0 } id ? id : Encoding.UTF8.GetBytes(Environment.MachineName);

    private static void RequireIPv6(string subject)
    {
        const string parameter = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
        if (!File.Exists(parameter)) throw new ContainerException(ErrorCode.NotSupported, $"{subject} needs IPv6, which this kernel does not have.", subject);
        if (File.ReadAllText(parameter).Trim() != "0") throw new ContainerException(ErrorCode.NotSupported, $"{subject} needs IPv6, which is switched off (net.ipv6.conf.all.disable_ipv6).", subject);
    }

    private void MakeBridge(ContainerNetwork network, RouteNetlink links, ICollection<string> warnings)
    {
        bool ipv6 = network.Subnets.Any(static subnet => IsIPv6(subnet.Subnet));
        if (ipv6) RequireIPv6($"The network '{network.Name}'");
        links.TryMakeBridge(network.Interface, network.Mtu, HardwareAddress(network));
        _bridges.Claim(network.Interface, links);
        int index = links.Link(network.Interface);
        // "default" may have it off where "all" has not.
        if (ipv6) Set($"/proc/sys/net/ipv6/conf/{network.Interface}/disable_ipv6", "0");
        foreach (NetworkSubnet subnet in network.Subnets) links.AddAddress(index, subnet.Gateway, subnet.Subnet.PrefixLength);
        links.Raise(index);
        // The rules are there before packets can be forwarded.
        PacketFilter.AddNetwork(network);
        // Published ports are reached by localhost; the rules drop what a container itself sends to 127.0.0.0/8 through the bridge.
        Set($"/proc/sys/net/ipv4/conf/{network.Interface}/route_localnet", "1");
        if (network.Internal) return;
        Forward("/proc/sys/net/ipv4/ip_forward", ipv6: false, warnings);
        if (ipv6) Forward("/proc/sys/net/ipv6/conf/all/forwarding", ipv6: true, warnings);
    }

    // The machine is no router for others because containers need one: what it did not forward before, it drops from then on, and before it forwards anything. The mark lasts as
    // long as what the kernel is told, so that the rule comes back with the others after a reload of the firewall.
    private void Forward(string parameter, bool ipv6, ICollection<string> warnings)
    {
        string mark = Path.Combine(paths.Run, "networks", ipv6 ? ".forwarding6" : ".forwarding4");
        bool isOn = File.ReadAllText(parameter).Trim() != "0";
        if (isOn && !File.Exists(mark)) return;
        PacketFilter.CloseForeign(ipv6);
        if (isOn) return;
        File.WriteAllText(mark, "");
        File.WriteAllText(parameter, "1");
        warnings.Add($"Forwarding of {(ipv6 ? "IPv6" : "IPv4")} has been switched on for containers ({parameter[10..].Replace('/', '.')}); packets between other devices are dropped as before.");
    }

    // Fixed, or it would be the lowest of those of its ports, and change under the containers with every start and end.
    private static byte[] HardwareAddress(ContainerNetwork network)
    {
        byte[] gateway = network.Subnets[0].Gateway.GetAddressBytes();
        return [0x02, 0x42, .. gateway[^4..]];
    }

    private static void Set(string path, string value)
    {
        if (File.ReadAllText(path).Trim() != value) File.WriteAllText(path, value);
    }

    private ContainerNetwork? TryRead(string name)
    {
        if (!NamePattern().IsMatch(name)) return null;
        byte[] document = Libc.ReadWholeKernelFile(FileOf(name), out int errno);
        if (errno == Errno.ENOENT) return null;
        if (errno != 0) throw KernelError.From("read", errno, FileOf(name));
        try
        {
            return JsonSerializer.Deserialize(document, NetworkJson.Default.ContainerNetwork);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.StateCorrupt, $"The network '{name}' has a damaged record: {error.Message}", name, error);
        }
    }

    private string FileOf(string name) => Path.Combine(paths.Networks, name + ".json");

    // One for all: networks are made and removed seldom.
    private HeldFile Lock() => HeldFile.Take(paths.Networks, ".lock");

    private static ContainerException Invalid(string message, string? target) => new(ErrorCode.InvalidArgument, message, target);

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9_.-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex InterfacePattern();
}
