using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>What the engine does before a start: the networks' bridges, the container's addresses and names, and the plan for the monitor.</summary>
internal static class NetworkPreparation
{
    // So many addresses in a row that others have mean that the network is not the container's to choose from.
    private const int MostForeign = 16;

    /// <summary>Prepares. The caller holds the container's lock; the run folder is there.</summary>
    /// <param name="services">The services.</param>
    /// <param name="record">The container.</param>
    /// <param name="files">Its files.</param>
    /// <param name="warnings">Gets what whoever starts it should know.</param>
    /// <returns>The plan, which is in the run folder; null where the container is in no network.</returns>
    /// <exception cref="ContainerException">No address has been taken.</exception>
    public static NetworkPlan? Prepare(ContainerServices services, ContainerRecord record, ContainerFiles files, ICollection<string> warnings)
    {
        ContainerConfiguration configuration = record.Configuration;
        if (NetworkMode.TargetOf(configuration.NetworkMode) is { } target)
        {
            string shared = services.Paths.ContainerRun(services.Store.Resolve(target));
            NetworkPlanFormat.Save(files.RunFolder, new NetworkPlan { Id = record.Id, NetworksRun = Path.Combine(services.Paths.Run, "networks"), SharedRun = shared });
        }

        // One that has been taken out of all its networks has a namespace of its own all the same: it can be put into one while it runs.
        if (NetworkMode.IsSpecial(configuration.NetworkMode))
        {
            if (configuration.NetworkMode == NetworkMode.Host && configuration.Ports.Count > 0) warnings.Add("Published ports are discarded when using host network mode.");
            return null;
        }

        // Not NetworkConflicts: a container that was put into other networks, or whose networks were made anew, starts all the same, as in Docker; a port that leads nowhere is
        // held, and leads somewhere as soon as it is in a network again that ports lead to.
        (int seconds, int attempts) = HostResolver.Patience(configuration);
        NetworkPlan plan = new()
        {
            Id = record.Id,
            NetworksRun = Path.Combine(services.Paths.Run, "networks"),
            Ports = configuration.Ports,
            Servers = HostResolver.Servers(configuration),
            ServerTimeout = seconds,
            ServerAttempts = attempts,
        };
        LastAddresses last = LastAddresses.Load(files.Folder);
        try
        {
            // The default route goes by the first; OrderBy keeps those of the same priority as they were given.
            foreach (NetworkAttachment attachment in configuration.Networks.OrderByDescending(static network => network.Priority))
            {
                ContainerNetwork network = services.Networks.Get(attachment.Network);
                network = services.Networks.Ensure(network, warnings);
                string device = string.Create(CultureInfo.InvariantCulture, $"eth{plan.Endpoints.Count}");
                EndpointPlan endpoint = new() { Network = network.Name, Driver = network.Driver, Parent = network.Interface, Device = device };
                plan = plan with { Endpoints = [.. plan.Endpoints, Place(services, record, network, attachment, endpoint, last)] };
                NetworkPlanFormat.Save(files.RunFolder, plan);
            }

            if (plan.Endpoints.Count == 0) NetworkPlanFormat.Save(files.RunFolder, plan);
            if (plan.Ports.Count > 0 && PortElements.TargetOf(plan, ipv6: false) is null && PortElements.TargetOf(plan, ipv6: true) is null)
            {
                warnings.Add($"The published ports of '{record.Name}' lead nowhere: it is in no network that a port of the host leads to, which is a bridge and not internal.");
            }

            last.Keep(plan);
            return plan;
        }
        catch
        {
            NetworkRelease.Release(plan);
            throw;
        }
    }

    /// <summary>Puts a running container's host devices back into a bridge that was made again.</summary>
    public static void Reconnect(NetworkPlan plan, string network)
    {
        using RouteNetlink links = new();
        foreach (EndpointPlan endpoint in plan.Endpoints)
        {
            if (endpoint.Network != network || endpoint.HostDevice.Length == 0 || links.FindLink(endpoint.HostDevice) is not { } index) continue;
            try
            {
                links.SetMaster(index, links.Link(endpoint.Parent));
                if (plan.Ports.Count > 0) links.TrySetHairpin(endpoint.HostDevice);
            }
            catch (KernelException) when (links.FindLink(endpoint.HostDevice) is null)
            {
                // The container has ended meanwhile.
            }
        }
    }

    /// <summary>Takes the addresses and names of one place in a network; where they are free, those that the container had last.</summary>
    public static EndpointPlan Place(
        ContainerServices services, ContainerRecord record, ContainerNetwork network, NetworkAttachment attachment, EndpointPlan endpoint, LastAddresses? last = null)
    {
        AddressLeases leases = services.Networks.Leases(network.Name);
        string[] names = [record.Name, record.Id[..12], .. attachment.Aliases];
        CheckAddresses(network, attachment);
        List<string> addresses = [], gateways = [];
        List<IPAddress> taken = [], foreign = [];
        // It is not in this network yet: what it has there was taken by a process that was killed before it could write it down.
        leases.ReleaseAll(record.Id);
        try
        {
            foreach (NetworkSubnet subnet in network.Subnets)
            {
                IPAddress? wanted = subnet.Gateway.GetAddressBytes().Length == 16 ? attachment.IPv6Address : attachment.Address;
                IPAddress address;
                while (true)
                {
                    address = leases.Take(subnet, wanted, record.Id, record.Name, services.Networks.IsAlive, last?.Of(network.Name, subnet));
                    taken.Add(address);
                    if (ForeignOwner(network, attachment, address) is not { } owner) break;
                    string hardware = string.Join(':', owner.Select(static part => part.ToString("x2", CultureInfo.InvariantCulture)));
                    if (wanted is not null || foreign.Count == MostForeign)
                    {
                        throw new ContainerException(ErrorCode.AddressInUse, $"The address {address} is in use in the network '{network.Name}' by a machine that is no container, {hardware}.", address.ToString());
                    }

                    // Kept until there is another, which would else be this one again.
                    foreign.Add(address);
                }

                addresses.Add(string.Create(CultureInfo.InvariantCulture, $"{address}/{subnet.Subnet.PrefixLength}"));
                gateways.Add(subnet.Gateway.ToString());
                leases.AddNames(record.Id, names, address);
            }
        }
        catch
        {
            foreach (IPAddress address in taken) leases.Release(record.Id, address, names);
            throw;
        }

        foreach (IPAddress address in foreign) leases.Release(record.Id, address, []);

        return endpoint with
        {
            HostDevice = network.Driver == "bridge" ? "ve" + RandomNumberGenerator.GetHexString(10, lowercase: true) : "",
            Addresses = addresses,
            Gateways = gateways,
            FixedHardwareAddress = attachment.HardwareAddress ?? "",
            Mtu = network.Mtu ?? 0,
            Internal = network.Internal,
            Names = names,
        };
    }

    // Addresses of the user's choice, and those on a network that others are on as well. A bridge of the engine's own has nobody else on it as a rule, and a start there does not wait.
    private static byte[]? ForeignOwner(ContainerNetwork network, NetworkAttachment attachment, IPAddress address)
    {
        if (address.GetAddressBytes().Length != 4 || (attachment.Address is null && network.Driver == "bridge")) return null;
        EndpointPlan planned = new()
        {
            Network = network.Name,
            Driver = network.Driver,
            Parent = network.Interface,
            Device = "",
            Addresses = [$"{address}/32"],
            FixedHardwareAddress = attachment.HardwareAddress ?? "",
        };
        return AddressProbe.OwnerOf(network.Interface, address, planned.HardwareAddress());
    }

    /// <summary>Checks that fixed addresses can be those of a network.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static void CheckAddresses(ContainerNetwork network, NetworkAttachment attachment)
    {
        foreach (IPAddress address in new[] { attachment.Address, attachment.IPv6Address }.OfType<IPAddress>())
        {
            int size = address.GetAddressBytes().Length;
            NetworkSubnet subnet = network.Subnets.FirstOrDefault(subnet => subnet.Gateway.GetAddressBytes().Length == size) ?? throw NoFamily(network, address);
            if (!subnet.Subnet.Contains(address)) throw new ContainerException(ErrorCode.InvalidArgument, $"The address {address} is not in the subnet {subnet.Subnet} of the network '{network.Name}'.", address.ToString());
        }

        // The devices of an ipvlan have the hardware address of the device that they are on.
        if (attachment.HardwareAddress is not null && network.Driver == "ipvlan") throw new ContainerException(ErrorCode.InvalidArgument, $"A hardware address cannot be chosen in the network '{network.Name}', which is an ipvlan.", network.Name);
    }

    private static ContainerException NoFamily(ContainerNetwork network, IPAddress address)
        => new(ErrorCode.InvalidArgument, $"The network '{network.Name}' has no subnet that the address {address} could be in.", address.ToString());
}
