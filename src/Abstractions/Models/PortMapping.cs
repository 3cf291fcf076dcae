using System.Globalization;
using System.Net;

namespace ContainerTools;

/// <summary>A port of the host that leads to one of a container.</summary>
public sealed record PortMapping
{
    private const int MaximumPort = 65535;

    /// <summary>The address of the host; null for all, of IPv4 and IPv6.</summary>
    public IPAddress? HostAddress { get; init; }
    /// <summary>The port of the host; 0 for a free one, which the engine chooses at the start.</summary>
    public int HostPort { get; init; }
    /// <summary>The port in the container.</summary>
    public required int ContainerPort { get; init; }
    /// <summary>The protocol.</summary>
    public PortProtocol Protocol { get; init; }

    /// <summary>
    /// Reads Docker's form: <c>[address:][hostPort[-hostPort]:]port[-port][/protocol]</c>, an IPv6 address in brackets. A range is one mapping for each port.
    /// </summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static IReadOnlyList<PortMapping> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int slash = text.LastIndexOf('/');
        PortProtocol protocol = slash < 0 ? PortProtocol.Tcp : text[(slash + 1)..].ToUpperInvariant() switch
        {
            "TCP" => PortProtocol.Tcp,
            "UDP" => PortProtocol.Udp,
            "SCTP" => PortProtocol.Sctp,
            string other => throw Invalid(text, $"'{other.ToLowerInvariant()}' is no protocol; use tcp, udp or sctp"),
        };
        string rest = slash < 0 ? text : text[..slash];
        int colon = rest.LastIndexOf(':');
        (int first, int last) = Range(text, rest[(colon + 1)..]);
        (int hostFirst, int hostLast) = (0, 0);
        IPAddress? address = null;
        if (colon >= 0)
        {
            string host = rest[..colon];
            int bracket = host.LastIndexOf(']');
            int divider = host.LastIndexOf(':');
            string ports = divider > bracket ? host[(divider + 1)..] : bracket >= 0 ? throw Invalid(text, "a host port, or an empty one, comes after the address") : host;
            if (divider > bracket) address = Address(text, host[..divider]);
            if (ports.Length > 0) (hostFirst, hostLast) = Range(text, ports);
        }

        int count = last - first + 1;
        int hostCount = hostLast - hostFirst + 1;
        if (hostFirst != 0 && hostCount != count) throw Invalid(text, $"the host has {hostCount} ports for {count} of the container");
        return [.. Enumerable.Range(0, count).Select(i => new PortMapping
        {
            HostAddress = address,
            HostPort = hostFirst == 0 ? 0 : hostFirst + i,
            ContainerPort = first + i,
            Protocol = protocol,
        })];
    }

    /// <summary>As Docker shows it: <c>0.0.0.0:8080->80/tcp</c>.</summary>
    public override string ToString()
    {
        string address = HostAddress is null ? "*" : HostAddress.GetAddressBytes().Length == 16 ? $"[{HostAddress}]" : HostAddress.ToString();
        string protocol = Protocol switch { PortProtocol.Udp => "udp", PortProtocol.Sctp => "sctp", _ => "tcp" };
        return string.Create(CultureInfo.InvariantCulture, $"{address}:{HostPort}->{ContainerPort}/{protocol}");
    }

    private static IPAddress? Address(string text, string host)
    {
        bool brackets = host.StartsWith('[') && host.EndsWith(']');
        string bare = brackets ? host[1..^1] : host;
        // IPAddress also reads 8080 and 1.2, which are rather mistakes.
        if (!IPAddress.TryParse(bare, out IPAddress? address) || (bare.Contains(':', StringComparison.Ordinal) ? !brackets : bare.Split('.').Length != 4))
        {
            throw Invalid(text, $"'{host}' is no address of the host");
        }

        return address.Equals(IPAddress.Any) ? IPAddress.Any : address;
    }

    private static (int First, int Last) Range(string text, string ports)
    {
        string[] ends = ports.Split('-');
        if (ends.Length > 2) throw Invalid(text, $"'{ports}' is no port or range of ports");
        int first = Port(text, ends[0]);
        int last = ends.Length == 2 ? Port(text, ends[1]) : first;
        return last >= first ? (first, last) : throw Invalid(text, $"the range '{ports}' ends before it begins");
    }

    private static int Port(string text, string port)
        => int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= MaximumPort
            ? number
            : throw Invalid(text, $"'{port}' is no port; use a number from 1 to 65535");

    private static ContainerException Invalid(string text, string why)
        => new(ErrorCode.InvalidArgument, $"The published port '{text}' cannot be understood: {why}.", text);
}
