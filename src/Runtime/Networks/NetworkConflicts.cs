using System.Net;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// Refuses what would have no effect with the networks that a container is in: a published port that leads nowhere, or a name server that is never asked. It would otherwise only show
/// when nobody answers. Asked when a container is made, not at its starts: to leave a network is no reason never to start again.
/// </summary>
internal static class NetworkConflicts
{
    /// <summary>Checks.</summary>
    /// <param name="configuration">What was asked for.</param>
    /// <param name="networks">The networks, in the order of the attachments.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static void Check(ContainerConfiguration configuration, IReadOnlyList<ContainerNetwork> networks)
    {
        string mode = configuration.NetworkMode;
        bool isShared = NetworkMode.TargetOf(mode) is not null;
        if (isShared && configuration.DnsServers.Count + configuration.DnsSearch.Count + configuration.DnsOptions.Count > 0)
        {
            throw Invalid("A container that shares another's network has that one's name servers; leave -DnsServer, -DnsSearch and -DnsOption out.", mode);
        }

        if (isShared && configuration.HostEntries.Count > 0) throw Invalid("A container that shares another's network has that one's /etc/hosts; leave -HostEntry out.", mode);
        // One that was taken out of all its networks may be put into others while it runs.
        bool isApart = networks.Count == 0 && !NetworkMode.IsSpecial(mode);
        if (isApart) return;
        bool reachesHost = mode == NetworkMode.Host || networks.Any(static network => network.Driver == "bridge");
        foreach (string entry in configuration.HostEntries)
        {
            if (NetworkMode.HostEntry(entry).Address == NetworkMode.HostGateway && !reachesHost)
            {
                throw Invalid($"'{entry}' needs a network of the driver bridge, by which the container reaches the host; '{mode}' is none.", entry);
            }
        }

        // Those are discarded, and the start says so.
        if (mode == NetworkMode.Host) return;
        foreach (PortMapping port in configuration.Ports) Check(port, networks);
    }

    private static void Check(PortMapping port, IReadOnlyList<ContainerNetwork> networks)
    {
        string text = port.ToString();
        if (!networks.Any(LeadsTo))
        {
            throw Invalid($"The port {text} cannot be published: the container is only in networks that are internal, macvlan or ipvlan, and no port of the host leads there.", text);
        }

        if (port.HostAddress is not { } address) return;
        if (address.IsIPv4MappedToIPv6) throw Invalid($"The port {text} cannot be published: write the host's address as {address.MapToIPv4()}.", text);
        bool ipv6 = address.GetAddressBytes().Length == 16;
        if (ipv6 && IPAddress.IsLoopback(address)) throw Invalid($"The port {text} cannot be published: the kernel lets no packet from [::1] leave the host; use 127.0.0.1.", text);
        if (!networks.Any(network => LeadsTo(network) && network.Subnets.Any(subnet => (subnet.Gateway.GetAddressBytes().Length == 16) == ipv6)))
        {
            throw Invalid($"The port {text} cannot be published: the host's address is of IPv{(ipv6 ? 6 : 4)}, which the container's networks do not have.", text);
        }
    }

    private static bool LeadsTo(ContainerNetwork network) => network is { Driver: "bridge", Internal: false };

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidArgument, message, target);
}
