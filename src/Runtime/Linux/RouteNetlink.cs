using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Links, addresses and routes of one network namespace: the one that the thread was in which made this (rtnetlink(7)).</summary>
internal sealed partial class RouteNetlink : IDisposable
{
    // linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
    private const ushort RTM_NEWLINK = 16;
    private const ushort RTM_DELLINK = 17;
    private const ushort RTM_GETLINK = 18;
    private const ushort RTM_NEWADDR = 20;
    private const ushort RTM_NEWROUTE = 24;
    private const ushort RTM_GETROUTE = 26;
    private const ushort Ack = 4;
    private const ushort Create = 0x600;
    private const ushort Replace = 0x500;
    private const ushort Dump = 0x300;
    private const ushort IFLA_ADDRESS = 1;
    private const ushort IFLA_IFNAME = 3;
    private const ushort IFLA_MTU = 4;
    private const ushort IFLA_LINK = 5;
    private const ushort IFLA_MASTER = 10;
    private const ushort IFLA_LINKINFO = 18;
    private const ushort IFLA_NET_NS_FD = 28;
    private const ushort IFLA_INFO_KIND = 1;
    private const ushort IFLA_INFO_DATA = 2;
    private const ushort VETH_INFO_PEER = 1;
    private const ushort IFLA_MACVLAN_MODE = 1;
    private const int MacvlanBridgeMode = 4;
    private const int LinkSize = 16;
    private const int AddressSize = 8;
    private const int RouteSize = 12;
    private const byte NoDuplicateDetection = 2;
    private readonly NetlinkSocket _socket = new();

    /// <summary>A link's index, or null when there is none of that name.</summary>
    public int? FindLink(string name)
    {
        int? index = null;
        NetlinkMessage message = new(RTM_GETLINK, Ack);
        message.Structure(LinkSize);
        message.Add(IFLA_IFNAME, name);
        int errno = _socket.TryAsk(message, (type, payload) => index = type == RTM_NEWLINK ? BinaryPrimitives.ReadInt32LittleEndian(payload[4..]) : index, out string? words);
        return errno == 0 || errno == Errno.ENODEV ? index : throw NetlinkSocket.Error(errno, $"find the link {name}", words);
    }

    /// <summary>A link's index.</summary>
    /// <exception cref="KernelException">There is none of that name.</exception>
    public int Link(string name) => FindLink(name) ?? throw NetlinkSocket.Error(Errno.ENODEV, $"find the link {name}", null);

    /// <summary>Makes a bridge that is up; false when something has the name already.</summary>
    public bool TryMakeBridge(string name, int? mtu, byte[] hardwareAddress)
    {
        NetlinkMessage message = new(RTM_NEWLINK, Ack | Create);
        RaiseFlags(message.Structure(LinkSize));
        message.Add(IFLA_IFNAME, name).Add(IFLA_ADDRESS, hardwareAddress);
        if (mtu is { } size) message.Add(IFLA_MTU, size);
        message.Nest(IFLA_LINKINFO, () => message.Add(IFLA_INFO_KIND, "bridge"));
        int errno = _socket.TryAsk(message, null, out string? words);
        if (errno == Errno.EEXIST) return false;
        return errno == 0 ? true : throw NetlinkSocket.Error(errno, $"make the bridge {name}", words);
    }

    /// <summary>
    /// Makes a pair of veth devices in one request: one end here, up and in a bridge; the other, down, directly in another namespace. False when one of the names is taken.
    /// </summary>
    public bool TryMakeVeth(string name, int bridge, int? mtu, string peer, byte[] hardwareAddress, SafeHandle peerNamespace)
    {
        NetlinkMessage message = new(RTM_NEWLINK, Ack | Create);
        RaiseFlags(message.Structure(LinkSize));
        message.Add(IFLA_IFNAME, name).Add(IFLA_MASTER, bridge);
        if (mtu is { } size) message.Add(IFLA_MTU, size);
        message.Nest(IFLA_LINKINFO, () => message.Add(IFLA_INFO_KIND, "veth").Nest(IFLA_INFO_DATA, () => message.Nest(VETH_INFO_PEER, () =>
        {
            message.Structure(LinkSize);
            message.Add(IFLA_IFNAME, peer).Add(IFLA_ADDRESS, hardwareAddress).Add(IFLA_NET_NS_FD, (int)peerNamespace.DangerousGetHandle());
            if (mtu is { } peerSize) message.Add(IFLA_MTU, peerSize);
        })));
        int errno = _socket.TryAsk(message, null, out string? words);
        if (errno == Errno.EEXIST) return false;
        return errno == 0 ? true : throw NetlinkSocket.Error(errno, $"make the devices {name} and {peer}", words);
    }

    /// <summary>Makes a link on top of another, directly in another namespace.</summary>
    /// <param name="kind"><c>macvlan</c> or <c>ipvlan</c>.</param>
    /// <param name="parent">The index of the link below it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="mtu">Its largest packet; null for the parent's.</param>
    /// <param name="hardwareAddress">Its address, for a macvlan.</param>
    /// <param name="target">The namespace.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> where the kernel has no such kind.</exception>
    public void MakeStacked(string kind, int parent, string name, int? mtu, byte[] hardwareAddress, SafeHandle target)
    {
        NetlinkMessage message = new(RTM_NEWLINK, Ack | Create);
        message.Structure(LinkSize);
        message.Add(IFLA_IFNAME, name).Add(IFLA_LINK, parent).Add(IFLA_NET_NS_FD, (int)target.DangerousGetHandle());
        if (mtu is { } size) message.Add(IFLA_MTU, size);
        if (kind == "macvlan") message.Add(IFLA_ADDRESS, hardwareAddress);
        message.Nest(IFLA_LINKINFO, () =>
        {
            message.Add(IFLA_INFO_KIND, kind);
            if (kind == "macvlan") message.Nest(IFLA_INFO_DATA, () => message.Add(IFLA_MACVLAN_MODE, MacvlanBridgeMode));
        });
        int errno = _socket.TryAsk(message, null, out string? words);
        if (errno == Errno.EOPNOTSUPP) throw new ContainerException(ErrorCode.NotSupported, $"This kernel has no {kind} devices.", kind);
        if (errno != 0) throw NetlinkSocket.Error(errno, $"make the {kind} device {name}", words);
    }

    /// <summary>Brings a link up.</summary>
    public void Raise(int index)
    {
        NetlinkMessage message = new(RTM_NEWLINK, Ack);
        Span<byte> link = message.Structure(LinkSize);
        BinaryPrimitives.WriteInt32LittleEndian(link[4..], index);
        RaiseFlags(link);
        _socket.Ask(message, $"bring up link {index}");
    }

    /// <summary>Puts a link into a bridge.</summary>
    public void SetMaster(int index, int bridge)
    {
        NetlinkMessage message = new(RTM_NEWLINK, Ack);
        BinaryPrimitives.WriteInt32LittleEndian(message.Structure(LinkSize)[4..], index);
        message.Add(IFLA_MASTER, bridge);
        _socket.Ask(message, $"put link {index} into a bridge");
    }

    /// <summary>Removes a link; false when there is none.</summary>
    public bool TryRemoveLink(string name)
    {
        NetlinkMessage message = new(RTM_DELLINK, Ack);
        message.Structure(LinkSize);
        message.Add(IFLA_IFNAME, name);
        int errno = _socket.TryAsk(message, null, out string? words);
        return errno == 0 || (errno == Errno.ENODEV ? false : throw NetlinkSocket.Error(errno, $"remove the link {name}", words));
    }

    /// <summary>Removes a link by its index; false when there is none.</summary>
    public bool TryRemoveLink(int index)
    {
        NetlinkMessage message = new(RTM_DELLINK, Ack);
        BinaryPrimitives.WriteInt32LittleEndian(message.Structure(LinkSize)[4..], index);
        int errno = _socket.TryAsk(message, null, out string? words);
        return errno == 0 || (errno == Errno.ENODEV ? false : throw NetlinkSocket.Error(errno, $"remove the link {index}", words));
    }

    /// <summary>Gives a link an address; no error when it has it already.</summary>
    public void AddAddress(int index, IPAddress address, int prefix)
    {
        byte[] bytes = address.GetAddressBytes();
        NetlinkMessage message = new(RTM_NEWADDR, Ack | Create);
        Span<byte> head = message.Structure(AddressSize);
        head[0] = Family(bytes);
        head[1] = (byte)prefix;
        // The allocator has seen to it that nobody else has it; the kernel would keep an IPv6 address unusable for a second to ask around.
        if (bytes.Length == 16) head[2] = NoDuplicateDetection;
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], index);
        message.Add(2, bytes).Add(1, bytes);
        if (bytes.Length == 4 && prefix < 31) message.Add(4, Broadcast(bytes, prefix));
        int errno = _socket.TryAsk(message, null, out string? words);
        if (errno != 0 && errno != Errno.EEXIST) throw NetlinkSocket.Error(errno, $"set the address {address}/{prefix}", words);
    }

    /// <summary>Sets the default route of a family, in place of one that there may be.</summary>
    /// <param name="gateway">The next hop.</param>
    /// <param name="index">The link.</param>
    public void SetDefaultRoute(IPAddress gateway, int index)
    {
        byte[] bytes = gateway.GetAddressBytes();
        NetlinkMessage message = new(RTM_NEWROUTE, Ack | Replace);
        Span<byte> head = message.Structure(RouteSize);
        head[0] = Family(bytes);
        // The main table, made by configuration, to a gateway.
        head[4] = 254;
        head[5] = 3;
        head[7] = 1;
        message.Add(5, bytes).Add(4, index);
        _socket.Ask(message, $"set the default route by {gateway}");
    }

    /// <summary>The networks that this namespace has routes to, default routes left out.</summary>
    public IReadOnlyList<IPNetwork> Routes()
    {
        List<IPNetwork> found = [];
        NetlinkMessage message = new(RTM_GETROUTE, Dump);
        message.Structure(RouteSize);
        _socket.Ask(message, "read the routes", (type, payload) =>
        {
            // Unicast routes only: the local and broadcast ones come with them.
            if (type != RTM_NEWROUTE || payload[7] != 1 || payload[1] == 0) return;
            int prefix = payload[1];
            foreach ((ushort attribute, byte[] value) in NetlinkSocket.Attributes(payload.ToArray(), RouteSize))
            {
                if (attribute == 1 && value.Length is 4 or 16) found.Add(new IPNetwork(new IPAddress(value), prefix));
            }
        });
        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static byte Family(byte[] address) => (byte)(address.Length == 4 ? 2 : 10);

    private static byte[] Broadcast(byte[] address, int prefix)
    {
        uint number = BinaryPrimitives.ReadUInt32BigEndian(address) | (uint)(0xFFFF_FFFFul >> prefix);
        byte[] broadcast = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(broadcast, number);
        return broadcast;
    }

    // struct ifinfomsg: family, type, index, flags, change. IFF_UP.
    private static void RaiseFlags(Span<byte> link)
    {
        BinaryPrimitives.WriteInt32LittleEndian(link[8..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(link[12..], 1);
    }
}
