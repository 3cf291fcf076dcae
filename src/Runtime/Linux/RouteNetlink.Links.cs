using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace ContainerTools.Runtime.Linux;

/// <summary>What a link is like.</summary>
internal sealed partial class RouteNetlink
{
    private const int IFF_RUNNING = 0x40;
    private const ushort IFLA_INFO_SLAVE_KIND = 4;
    private const ushort IFLA_INFO_SLAVE_DATA = 5;
    private const ushort IFLA_BRPORT_MODE = 4;
    private const ushort IFLA_IFALIAS = 20;
    private const byte RTN_LOCAL = 2;

    /// <summary>A link: its index, its hardware address, and whether anything is at its other end. Null when there is none of that name.</summary>
    public (int Index, byte[] HardwareAddress, bool IsRunning)? Describe(string name)
    {
        (int, byte[], bool)? found = null;
        NetlinkMessage message = new(RTM_GETLINK, Ack);
        message.Structure(LinkSize);
        message.Add(IFLA_IFNAME, name);
        int errno = _socket.TryAsk(
            message,
            (type, payload) =>
            {
                if (type != RTM_NEWLINK) return;
                bool isRunning = (BinaryPrimitives.ReadInt32LittleEndian(payload[8..]) & IFF_RUNNING) != 0;
                byte[] address = NetlinkSocket.Attributes(payload.ToArray(), LinkSize).FirstOrDefault(static item => item.Type == IFLA_ADDRESS).Value ?? [];
                found = (BinaryPrimitives.ReadInt32LittleEndian(payload[4..]), address, isRunning);
            },
            out string? words);
        return errno == 0 || errno == Errno.ENODEV ? found : throw NetlinkSocket.Error(errno, $"look at the link {name}", words);
    }

    /// <summary>A link's alias, a text of whoever administers it: empty where it has none, null where there is no such link.</summary>
    public string? FindAlias(string name)
    {
        string? alias = null;
        NetlinkMessage message = new(RTM_GETLINK, Ack);
        message.Structure(LinkSize);
        message.Add(IFLA_IFNAME, name);
        int errno = _socket.TryAsk(
            message,
            (type, payload) =>
            {
                if (type != RTM_NEWLINK) return;
                byte[]? text = NetlinkSocket.Attributes(payload.ToArray(), LinkSize).FirstOrDefault(static item => item.Type == IFLA_IFALIAS).Value;
                alias = text is null ? "" : Encoding.UTF8.GetString(text).TrimEnd('\0');
            },
            out string? words);
        return errno == 0 || errno == Errno.ENODEV ? alias : throw NetlinkSocket.Error(errno, $"look at the link {name}", words);
    }

    /// <summary>Gives a link an alias.</summary>
    public void SetAlias(string name, string alias)
    {
        NetlinkMessage message = new(RTM_NEWLINK, Ack);
        message.Structure(LinkSize);
        message.Add(IFLA_IFNAME, name).Add(IFLA_IFALIAS, Encoding.UTF8.GetBytes(alias));
        _socket.Ask(message, $"set the alias of the link {name}");
    }

    /// <summary>
    /// Puts a port of a bridge into hairpin mode: what has come in by it may go out by it. False when there is no such link. Where the kernel filters bridged packets (br_netfilter), it translates
    /// addresses within the bridge, so that what a container sends to its own published port turns round there, without ever coming to the bridge's own device.
    /// </summary>
    /// <param name="name">A link that is in a bridge.</param>
    public bool TrySetHairpin(string name)
    {
        NetlinkMessage message = new(RTM_NEWLINK, Ack);
        message.Structure(LinkSize);
        message.Add(IFLA_IFNAME, name);
        message.Nest(IFLA_LINKINFO, () => message.Add(IFLA_INFO_SLAVE_KIND, "bridge").Nest(IFLA_INFO_SLAVE_DATA, () => message.Add(IFLA_BRPORT_MODE, [1])));
        int errno = _socket.TryAsk(message, null, out string? words);
        return errno == 0 || (errno == Errno.ENODEV ? false : throw NetlinkSocket.Error(errno, $"put the link {name} into hairpin mode", words));
    }

    /// <summary>Whether an address is one of this network namespace's own, as the kernel routes it: that of a device, or of the loopback network.</summary>
    public bool IsLocal(IPAddress address)
    {
        bool isLocal = false;
        NetlinkMessage message = RouteQuestion(address);
        // An error says that there is no way to it, or one that leads nowhere.
        return _socket.TryAsk(message, (type, payload) => isLocal |= type == RTM_NEWROUTE && payload[7] == RTN_LOCAL, out _) == 0 && isLocal;
    }
}
