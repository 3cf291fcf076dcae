using System.Net;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>Published ports as elements of the packet filter's maps (docs/design/networks.md).</summary>
internal static class PortElements
{
    private const byte IPPROTO_TCP = 6;
    private const byte IPPROTO_UDP = 17;

    /// <summary>The elements of a plan's ports: one for each port and family. None where the container is in no network that can be reached from outside.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="withValues">Where they lead, as they are added; else the keys alone, as they are removed.</param>
    public static IReadOnlyList<FilterElement> Of(NetworkPlan plan, bool withValues)
    {
        List<FilterElement> elements = [];
        foreach (PortMapping port in plan.Ports)
        {
            byte[] protocol = FilterElement.Protocol(ProtocolOf(port.Protocol));
            byte[] number = FilterElement.Port(port.HostPort);
            bool any = IsAny(port);
            foreach (bool ipv6 in (bool[])[false, true])
            {
                IPAddress? address = TargetOf(plan, ipv6);
                if (address is null || (port.HostAddress is { } host && IsIPv6(host) != ipv6)) continue;
                string map = (any ? "ports" : "bound") + (ipv6 ? "6" : "4");
                byte[] key = any ? [.. protocol, .. number] : [.. protocol, .. FilterElement.Address(port.HostAddress!), .. number];
                elements.Add(new FilterElement(map, key, withValues ? [.. FilterElement.Address(address), .. FilterElement.Port(port.ContainerPort)] : null));
            }
        }

        return elements;
    }

    /// <summary>The address that a plan's ports lead to: that in the first network that ports lead to and that has the family. Null where they lead nowhere.</summary>
    public static IPAddress? TargetOf(NetworkPlan plan, bool ipv6) => plan.Endpoints.Where(static endpoint => endpoint is { Driver: "bridge", Internal: false })
        .Select(endpoint => endpoint.AddressOf(ipv6)).FirstOrDefault(static address => address is not null);

    /// <summary>IPPROTO_…</summary>
    public static byte ProtocolOf(PortProtocol protocol) => protocol switch { PortProtocol.Udp => IPPROTO_UDP, PortProtocol.Sctp => (byte)Libc.SctpProtocol, _ => IPPROTO_TCP };

    /// <summary>Whether a port is that of all of the host's addresses of its families.</summary>
    public static bool IsAny(PortMapping port) => port.HostAddress is null || port.HostAddress.Equals(IPAddress.Any) || port.HostAddress.Equals(IPAddress.IPv6Any);

    private static bool IsIPv6(IPAddress address) => address.GetAddressBytes().Length == 16;
}
