using System.Buffers.Binary;
using System.Text;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Hosts.Trials;

/// <summary>Makes each kind of network link in a new network namespace, which the calling process never leaves (rtnetlink(7)).</summary>
internal static class NetworkTrials
{
    // linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/netfilter/nf_tables.h
    private const int NETLINK_ROUTE = 0;
    private const int NETLINK_NETFILTER = 12;
    private const ushort RTM_NEWLINK = 16;
    private const ushort NFT_GETGEN = (10 << 8) | 16;
    private const ushort NLMSG_ERROR = 2;
    private const ushort NLM_F_REQUEST = 1;
    private const ushort NLM_F_ACK = 4;
    private const ushort NLM_F_EXCL_CREATE = 0x600;
    private const ushort IFLA_IFNAME = 3;
    private const ushort IFLA_LINK = 5;
    private const ushort IFLA_LINKINFO = 18;
    private const ushort IFLA_INFO_KIND = 1;
    private const int HeaderSize = 16;
    private const int LinkMessageSize = 16;
    private const int ParentIndex = 77;

    /// <summary>Tries them.</summary>
    public static void Run(List<TrialResult> results)
    {
        int errno = Libc.TryUnshare(Namespaces.FlagOf("network"));
        if (errno != 0)
        {
            foreach (string kind in TrialName.Links) results.Add(new TrialResult(TrialName.Link(kind), errno));
            results.Add(new TrialResult(TrialName.PacketFilter, errno));
            return;
        }

        // macvlan and ipvlan sit on another link: one end of a veth pair will do.
        int parent = MakeLink("parent", "veth", index: ParentIndex, parent: 0);
        foreach (string kind in TrialName.Links)
        {
            bool needsParent = kind is "macvlan" or "ipvlan";
            int result = needsParent && parent != 0 ? parent : MakeLink("t" + kind, kind, index: 0, needsParent ? ParentIndex : 0);
            results.Add(new TrialResult(TrialName.Link(kind), result));
        }

        results.Add(new TrialResult(TrialName.PacketFilter, AskPacketFilter()));
    }

    private static int MakeLink(string name, string kind, int index, int parent)
    {
        Span<byte> message = stackalloc byte[256];
        message.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(message[(HeaderSize + 4)..], index);
        int length = HeaderSize + LinkMessageSize;
        length += Attribute(message[length..], IFLA_IFNAME, name + "\0");
        if (parent != 0)
        {
            length += Attribute(message[length..], IFLA_LINK, "\0\0\0\0");
            BinaryPrimitives.WriteInt32LittleEndian(message[(length - 4)..], parent);
        }

        int information = length;
        length += 4;
        length += Attribute(message[length..], IFLA_INFO_KIND, kind + "\0");
        BinaryPrimitives.WriteUInt16LittleEndian(message[information..], (ushort)(length - information));
        BinaryPrimitives.WriteUInt16LittleEndian(message[(information + 2)..], IFLA_LINKINFO);
        return Ask(NETLINK_ROUTE, message[..length], RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL_CREATE);
    }

    // Asks for the number of the current rule set: the least that only a kernel with nf_tables can answer.
    private static int AskPacketFilter()
    {
        Span<byte> message = stackalloc byte[HeaderSize + 4];
        message.Clear();
        return Ask(NETLINK_NETFILTER, message, NFT_GETGEN, NLM_F_REQUEST);
    }

    private static int Attribute(Span<byte> at, ushort type, string value)
    {
        int length = 4 + Encoding.ASCII.GetBytes(value, at[4..]);
        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(at[2..], type);
        return (length + 3) & ~3;
    }

    private static int Ask(int family, Span<byte> message, ushort type, ushort flags)
    {
        using SafeFileHandle? socket = Libc.TryOpenNetlink(family, out int errno);
        if (socket is null) return errno;
        // struct nlmsghdr: length, type, flags, sequence, port.
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], flags);
        int written = Libc.Write(socket, message);
        if (written < 0) return -written;
        Span<byte> answer = stackalloc byte[1024];
        int read = Libc.Read(socket, answer);
        if (read < 0) return -read;
        // An acknowledgement is an error message with the number 0.
        return BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]) == NLMSG_ERROR ? -BinaryPrimitives.ReadInt32LittleEndian(answer[HeaderSize..]) : 0;
    }
}
