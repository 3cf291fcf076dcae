using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace ContainerTools.Runtime.Linux;

/// <summary>Which way packets take.</summary>
internal sealed partial class RouteNetlink
{
    private const ushort RTA_DST = 1;
    private const ushort RTA_OIF = 4;
    private const ushort RTA_GATEWAY = 5;
    private const ushort RTA_PREFSRC = 7;
    private const ushort RTA_VIA = 18;
    private const byte FirstRefusal = 6;

    /// <summary>The way to an address, as the kernel would choose it now; null where none leads there.</summary>
    public NetworkRoute? FindRoute(IPAddress address)
    {
        NetlinkMessage message = RouteQuestion(address);
        int link = 0;
        IPAddress? source = null, gateway = null;
        int errno = _socket.TryAsk(
            message,
            (type, payload) =>
            {
                // RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT, RTN_THROW: routes that lead nowhere.
                if (type != RTM_NEWROUTE || payload[7] >= FirstRefusal) return;
                foreach ((ushort attribute, byte[] value) in NetlinkSocket.Attributes(payload.ToArray(), RouteSize))
                {
                    if (attribute == RTA_OIF && value.Length == 4) link = BinaryPrimitives.ReadInt32LittleEndian(value);
                    else if (attribute == RTA_PREFSRC && value.Length is 4 or 16) source = new IPAddress(value);
                    else if (attribute == RTA_GATEWAY && value.Length is 4 or 16) gateway = new IPAddress(value);
                    // A gateway of the other family comes with its own.
                    else if (attribute == RTA_VIA && value.Length is 6 or 18) gateway = new IPAddress(value.AsSpan(2));
                }
            },
            out _);
        return errno == 0 && link != 0 ? new NetworkRoute(NameOf(link), source, gateway) : null;
    }

    private static NetlinkMessage RouteQuestion(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        NetlinkMessage message = new(RTM_GETROUTE, Ack);
        Span<byte> head = message.Structure(RouteSize);
        head[0] = Family(bytes);
        head[1] = (byte)(bytes.Length * 8);
        message.Add(RTA_DST, bytes);
        if (bytes.Length == 16 && address.ScopeId != 0) message.Add(RTA_OIF, (int)address.ScopeId);
        return message;
    }

    /// <summary>A link's name; empty when there is none of that index any more.</summary>
    private string NameOf(int index)
    {
        string name = "";
        NetlinkMessage message = new(RTM_GETLINK, Ack);
        BinaryPrimitives.WriteInt32LittleEndian(message.Structure(LinkSize)[4..], index);
        _socket.TryAsk(
            message,
            (type, payload) =>
            {
                if (type != RTM_NEWLINK) return;
                byte[]? value = NetlinkSocket.Attributes(payload.ToArray(), LinkSize).FirstOrDefault(static item => item.Type == IFLA_IFNAME).Value;
                name = Encoding.UTF8.GetString(value ?? []).TrimEnd('\0');
            },
            out _);
        return name;
    }
}
