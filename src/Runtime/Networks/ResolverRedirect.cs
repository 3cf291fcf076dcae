using System.Buffers.Binary;
using System.Net;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// Leads port 53 of the resolver's address to the ports that it really listens on, in the container's network namespace. So a container's own name server can have port 53 of
/// all addresses, as with Docker, and a program that binds the resolver's address gets nothing of what is asked of the resolver.
/// Not by address translation, which would have the kernel follow every connection of the container: the port numbers alone are written over, on the way in behind everything that a
/// firewall of the container's own may do, and on the way out before it, so that it sees port 53 both times.
/// </summary>
internal static class ResolverRedirect
{
    /// <summary>The table's name.</summary>
    public const string Table = "containertools";

    // linux/netfilter/nf_tables.h
    private const int NFT_MSG_NEWTABLE = 0;
    private const int NFT_MSG_NEWCHAIN = 3;
    private const int NFT_MSG_NEWRULE = 6;
    private const byte NFPROTO_IPV4 = 2;
    private const int NF_INET_LOCAL_IN = 1;
    private const int NF_INET_LOCAL_OUT = 3;
    private const int Register = 1;
    private const int NetworkHeader = 1;
    private const int TransportHeader = 2;
    private const int InternetChecksum = 1;
    // Offsets in the headers of IP, and of UDP and TCP.
    private const int ProtocolOffset = 9;
    private const int SourceOffset = 12;
    private const int DestinationOffset = 16;
    private const int SourcePortOffset = 0;
    private const int DestinationPortOffset = 2;
    // Before connections are followed (-200), even before raw (-300); and after all else but the end of following (the largest number).
    private const int First = -400;
    private const int Last = int.MaxValue - 1;

    /// <summary>Sets it up in the calling thread's network namespace.</summary>
    /// <param name="address">The resolver's address, of IPv4.</param>
    /// <param name="datagrams">The port of its UDP socket.</param>
    /// <param name="streams">The port of its TCP socket.</param>
    public static void Apply(IPAddress address, int datagrams, int streams)
    {
        const int port = 53;
        List<NetlinkMessage> batch = [FilterRules.Message(NFT_MSG_NEWTABLE, NFPROTO_IPV4).Add(1, Table), Chain("in", NF_INET_LOCAL_IN, Last), Chain("out", NF_INET_LOCAL_OUT, First)];
        foreach ((byte protocol, int checksum, int own) in ((byte, int, int)[])[(17, 6, datagrams), (6, 16, streams)])
        {
            batch.Add(Rule("in", address, DestinationOffset, protocol, DestinationPortOffset, port, own, checksum));
            batch.Add(Rule("out", address, SourceOffset, protocol, SourcePortOffset, own, port, checksum));
        }

        FilterRules.Apply(batch, "lead port 53 to the resolver");
    }

    private static NetlinkMessage Chain(string name, int hook, int priority)
    {
        NetlinkMessage message = FilterRules.Message(NFT_MSG_NEWCHAIN, NFPROTO_IPV4);
        return message.Add(1, Table).Add(3, name).Nest(4, () => message.AddBigEndian(1, hook).AddBigEndian(2, priority)).Add(7, "filter");
    }

    private static NetlinkMessage Rule(string chain, IPAddress address, int addressOffset, byte protocol, int portOffset, int from, int to, int checksum)
    {
        NetlinkMessage message = FilterRules.Message(NFT_MSG_NEWRULE, NFPROTO_IPV4);
        return message.Add(1, Table).Add(2, chain).Nest(4, () =>
        {
            Compare(message, NetworkHeader, addressOffset, address.GetAddressBytes());
            Compare(message, NetworkHeader, ProtocolOffset, [protocol]);
            Compare(message, TransportHeader, portOffset, Port(from));
            Expression(message, "immediate", () => message.AddBigEndian(1, Register).Nest(2, () => message.Add(1, Port(to))));
            Expression(message, "payload", () => message.AddBigEndian(5, Register).AddBigEndian(2, TransportHeader).AddBigEndian(3, portOffset).AddBigEndian(4, 2)
                .AddBigEndian(6, InternetChecksum).AddBigEndian(7, checksum));
        });
    }

    private static void Compare(NetlinkMessage message, int header, int offset, byte[] value)
    {
        Expression(message, "payload", () => message.AddBigEndian(1, Register).AddBigEndian(2, header).AddBigEndian(3, offset).AddBigEndian(4, value.Length));
        Expression(message, "cmp", () => message.AddBigEndian(1, Register).AddBigEndian(2, 0).Nest(3, () => message.Add(1, value)));
    }

    private static void Expression(NetlinkMessage message, string name, Action data)
        => message.Nest(1, () => message.Add(1, name).Nest(2, data));

    private static byte[] Port(int number)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)number);
        return bytes;
    }
}
