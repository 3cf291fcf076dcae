using System.Net;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// Has the kernel forget where connections without an end go. It translates the address of a connection's first packet and remembers that for all others: a UDP client that keeps
/// sending from one port is one connection for ever, and would go on sending to a container that is gone, or to nobody, when its port has come to another. SCTP's outlast its ends by minutes.
/// TCP's need nothing: a client begins a new one. Only for networks with such ports: the kernel goes through all that it follows.
/// </summary>
internal static class KnownConnections
{
    /// <summary>Has the clients of a plan's published ports come to where the packet filter leads now. Who comes there already is not interrupted. For who holds the ports' sockets.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="before">The one before it; null where there was none.</param>
    /// <exception cref="KernelException">After all that can be forgotten has been.</exception>
    public static void Redirect(NetworkPlan plan, NetworkPlan? before = null)
    {
        PortMapping[] ports = [.. plan.Ports.Where(HasNoEnd)];
        if (ports.Length == 0) return;
        using ConntrackNetlink tracker = new();
        using RouteNetlink routes = new();
        Dictionary<IPAddress, bool> local = [];
        List<TrackedConnection> stale = [];
        foreach (IGrouping<(PortProtocol Protocol, bool IPv6), PortMapping> group in ports.SelectMany(Families).GroupBy(static item => (item.Port.Protocol, item.IPv6), static item => item.Port))
        {
            IPAddress? target = PortElements.TargetOf(plan, group.Key.IPv6);
            // A family in which they lead nowhere, as before, is not worth some milliseconds.
            if (target is null && (before is null || PortElements.TargetOf(before, group.Key.IPv6) is null)) continue;
            int[] numbers = [.. group.Select(static port => port.HostPort).Distinct()];
            ILookup<int, PortMapping> byNumber = group.ToLookup(static port => port.HostPort);
            foreach (TrackedConnection connection in tracker.List(group.Key.IPv6, PortElements.ProtocolOf(group.Key.Protocol), numbers is [int only] ? only : null))
            {
                PortMapping? port = byNumber[connection.Original.DestinationPort].FirstOrDefault(port => IsTo(port, connection.Original.Destination));
                if (port is null) continue;
                if (target is not null && connection.Reply.Source.Equals(target) && connection.Reply.SourcePort == port.ContainerPort) continue;
                // The same number of another machine's, which this one only forwards to.
                if (!local.TryGetValue(connection.Original.Destination, out bool isLocal)) local[connection.Original.Destination] = isLocal = routes.IsLocal(connection.Original.Destination);
                if (isLocal) stale.Add(connection);
            }
        }

        tracker.Delete(stale);
    }

    /// <summary>Has the kernel forget what leads to a plan's addresses or comes from them, before they are anybody else's.</summary>
    /// <exception cref="KernelException">After all that can be forgotten has been.</exception>
    public static void Forget(NetworkPlan plan)
    {
        PortProtocol[] protocols = [.. plan.Ports.Where(HasNoEnd).Select(static port => port.Protocol).Distinct()];
        if (protocols.Length == 0) return;
        using ConntrackNetlink tracker = new();
        List<TrackedConnection> gone = [];
        foreach (bool ipv6 in (bool[])[false, true])
        {
            HashSet<IPAddress> addresses = [.. plan.Endpoints.Select(endpoint => endpoint.AddressOf(ipv6)).OfType<IPAddress>()];
            if (addresses.Count == 0) continue;
            foreach (PortProtocol protocol in protocols)
            {
                gone.AddRange(tracker.List(ipv6, PortElements.ProtocolOf(protocol)).Where(connection => addresses.Contains(connection.Reply.Source) || addresses.Contains(connection.Original.Source)));
            }
        }

        tracker.Delete(gone);
    }

    private static bool HasNoEnd(PortMapping port) => port.Protocol is PortProtocol.Udp or PortProtocol.Sctp;

    private static IEnumerable<(PortMapping Port, bool IPv6)> Families(PortMapping port)
        => ((bool[])[false, true]).Where(ipv6 => port.HostAddress is not { } host || IsIPv6(host) == ipv6).Select(ipv6 => (port, ipv6));

    private static bool IsTo(PortMapping port, IPAddress destination) => PortElements.IsAny(port) || destination.Equals(port.HostAddress);

    private static bool IsIPv6(IPAddress address) => address.GetAddressBytes().Length == 16;
}
