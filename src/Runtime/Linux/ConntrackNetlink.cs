using System.Buffers.Binary;
using System.Net;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// The connections that the kernel follows in the network namespace of the thread that made this: linux/netfilter/nfnetlink_conntrack.h. Where a packet's address is translated to is decided
/// once for each connection, and remembered for as long as packets of it come.
/// </summary>
internal sealed class ConntrackNetlink : IDisposable
{
    private const int NFNL_SUBSYS_CTNETLINK = 1;
    private const ushort IPCTNL_MSG_CT_GET = (NFNL_SUBSYS_CTNETLINK << 8) + 1;
    private const ushort IPCTNL_MSG_CT_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) + 2;
    private const ushort CTA_TUPLE_ORIG = 1;
    private const ushort CTA_TUPLE_REPLY = 2;
    private const ushort CTA_ID = 12;
    private const ushort CTA_ZONE = 18;
    private const ushort CTA_FILTER = 25;
    private const ushort CTA_FILTER_ORIG_FLAGS = 1;
    private const ushort CTA_TUPLE_IP = 1;
    private const ushort CTA_TUPLE_PROTO = 2;
    private const ushort CTA_PROTO_NUM = 1;
    private const ushort CTA_PROTO_SRC_PORT = 2;
    private const ushort CTA_PROTO_DST_PORT = 3;
    private const int FilterProtocol = 1 << 3;
    private const int FilterDestinationPort = 1 << 5;
    private const ushort Nested = 0x8000;
    private const ushort Ack = 4;
    private const ushort Dump = 0x300;
    private const int FamilySize = 4;
    private const byte AF_INET = 2;
    private const byte AF_INET6 = 10;
    // Each is acknowledged, for which a socket has room for some hundreds.
    private const int DeletionsAtOnce = 100;
    private readonly NetlinkSocket _socket = new(FilterNetlink.NETLINK_NETFILTER);

    /// <summary>The connections of a protocol that the kernel follows. Those that go while it is asked are left out.</summary>
    /// <param name="ipv6">The family.</param>
    /// <param name="protocol">IPPROTO_UDP or another that has ports.</param>
    /// <param name="port">Only those to this port, before translation; null for all. The kernel compares it for TCP and UDP alone: for others it tells all.</param>
    /// <exception cref="KernelException">But none where the kernel has no such netlink protocol: nobody can ask then.</exception>
    public IReadOnlyList<TrackedConnection> List(bool ipv6, byte protocol, int? port = null)
    {
        NetlinkMessage message = new(IPCTNL_MSG_CT_GET, Dump);
        message.Structure(FamilySize)[0] = ipv6 ? AF_INET6 : AF_INET;
        // It chooses before it copies: there may be hundreds of thousands.
        message.Nest(CTA_TUPLE_ORIG | Nested, () => message.Nest(CTA_TUPLE_PROTO | Nested, () =>
        {
            message.Add(CTA_PROTO_NUM, [protocol]);
            if (port is { } number) message.Add(CTA_PROTO_DST_PORT, Port(number));
        }));
        message.Nest(CTA_FILTER | Nested, () => message.Add(CTA_FILTER_ORIG_FLAGS, port is null ? FilterProtocol : FilterProtocol | FilterDestinationPort));
        List<TrackedConnection> found = [];
        int errno = _socket.TryAsk(
            message,
            (_, payload) =>
            {
                // Kernels before Linux 5.8 do not know the filter.
                if (Read(payload.ToArray(), ipv6) is { } connection && connection.Protocol == protocol && (port is null || connection.Original.DestinationPort == port)) found.Add(connection);
            },
            out string? words);
        // The subsystem is not in the kernel.
        if (errno is not 0 && errno != Errno.EINVAL && errno != Errno.EOPNOTSUPP) throw NetlinkSocket.Error(errno, "list the connections", words, "ctnetlink");
        return found;
    }

    /// <summary>Has the kernel forget connections; their next packets are as those of new ones. What is gone already is no error.</summary>
    public void Delete(IReadOnlyCollection<TrackedConnection> connections)
    {
        KernelException? failure = null;
        foreach (TrackedConnection[] part in connections.Chunk(DeletionsAtOnce))
        {
            int errno = _socket.TryAskTogether([.. part.Select(Deletion)], out _);
            if (errno == 0) continue;
            // One of them failed, and of the others nothing is known.
            foreach (TrackedConnection connection in part)
            {
                errno = _socket.TryAsk(Deletion(connection), null, out string? words);
                if (errno != 0 && errno != Errno.ENOENT) failure ??= NetlinkSocket.Error(errno, "forget a connection", words, "ctnetlink");
            }
        }

        if (failure is not null) throw failure;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    // With its id: another of the same addresses may have come in its place, which leads to where it is to.
    private static NetlinkMessage Deletion(TrackedConnection connection)
    {
        NetlinkMessage message = new(IPCTNL_MSG_CT_DELETE, Ack);
        message.Structure(FamilySize)[0] = connection.Original.Source.GetAddressBytes().Length == 16 ? AF_INET6 : AF_INET;
        message.Add(CTA_TUPLE_ORIG | Nested, connection.Key);
        if (connection.Id.Length > 0) message.Add(CTA_ID, connection.Id);
        if (connection.Zone.Length > 0) message.Add(CTA_ZONE, connection.Zone);
        return message;
    }

    private static TrackedConnection? Read(byte[] payload, bool ipv6)
    {
        byte[] key = [], id = [], zone = [];
        (byte Protocol, ConnectionTuple Tuple)? original = null, reply = null;
        foreach ((ushort type, byte[] value) in NetlinkSocket.Attributes(payload, FamilySize))
        {
            if (type == CTA_TUPLE_ORIG) (key, original) = (value, Tuple(value, ipv6));
            else if (type == CTA_TUPLE_REPLY) reply = Tuple(value, ipv6);
            else if (type == CTA_ID) id = value;
            else if (type == CTA_ZONE) zone = value;
        }

        return original is { } there && reply is { } back ? new TrackedConnection(there.Protocol, there.Tuple, back.Tuple, key, id, zone) : null;
    }

    private static (byte Protocol, ConnectionTuple Tuple)? Tuple(byte[] value, bool ipv6)
    {
        IPAddress? source = null, destination = null;
        byte protocol = 0;
        int sourcePort = 0, destinationPort = 0;
        foreach ((ushort type, byte[] half) in NetlinkSocket.Attributes(value, 0))
        {
            foreach ((ushort part, byte[] data) in NetlinkSocket.Attributes(half, 0))
            {
                // CTA_IP_V4_SRC, CTA_IP_V4_DST, and 3 and 4 for IPv6.
                if (type == CTA_TUPLE_IP && part == (ipv6 ? 3 : 1)) source = new IPAddress(data);
                else if (type == CTA_TUPLE_IP && part == (ipv6 ? 4 : 2)) destination = new IPAddress(data);
                else if (type == CTA_TUPLE_PROTO && part == CTA_PROTO_NUM) protocol = data[0];
                else if (type == CTA_TUPLE_PROTO && part == CTA_PROTO_SRC_PORT) sourcePort = BinaryPrimitives.ReadUInt16BigEndian(data);
                else if (type == CTA_TUPLE_PROTO && part == CTA_PROTO_DST_PORT) destinationPort = BinaryPrimitives.ReadUInt16BigEndian(data);
            }
        }

        return source is null || destination is null ? null : (protocol, new ConnectionTuple(source, sourcePort, destination, destinationPort));
    }

    private static byte[] Port(int number) => [(byte)(number >> 8), (byte)number];
}
