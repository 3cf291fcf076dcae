using System.Buffers.Binary;

namespace ContainerTools.Runtime.Linux;

/// <summary>When a new link can be heard, and that it is there.</summary>
internal sealed partial class RouteNetlink
{
    private const ushort RTM_SETLINK = 19;
    private const ushort IFLA_OPERSTATE = 16;
    private const byte IF_OPER_UP = 6;
    private const int MostLooks = 1000;

    /// <summary>
    /// Waits until a new port of a bridge passes packets. The kernel opens the port, and takes the bridge's own queue into use where this is the first port, in work items that
    /// come after the carrier, for the bridge up to a second later; what is sent before is dropped without a word. Since Linux 6.8 the question alone makes it do that work
    /// at once. Before, the port takes a millisecond or so and is waited for; the bridge's second is not.
    /// </summary>
    /// <param name="port">The host's end of a pair whose other end has just been raised.</param>
    /// <param name="bridge">The bridge.</param>
    public void WaitUntilHeard(string port, string bridge)
    {
        for (int look = 0; look < MostLooks && !IsUp(port); look++) Thread.Sleep(1);
        IsUp(bridge);
    }

    /// <summary>
    /// Has the kernel announce the addresses of a link (arp_notify, ndisc_notify), for whoever has asked for them, in vain, before it was heard: the kernel asks again after a
    /// second only, and takes what is announced meanwhile for the answer.
    /// </summary>
    /// <param name="index">The link.</param>
    /// <param name="hardwareAddress">The hardware address, which stays what it is; that it is set is what is announced.</param>
    public void Announce(int index, byte[] hardwareAddress)
    {
        NetlinkMessage message = new(RTM_SETLINK, Ack);
        BinaryPrimitives.WriteInt32LittleEndian(message.Structure(LinkSize)[4..], index);
        message.Add(IFLA_ADDRESS, hardwareAddress);
        _socket.Ask(message, "announce the addresses of a link");
    }

    private bool IsUp(string name)
    {
        bool isUp = false;
        NetlinkMessage message = new(RTM_GETLINK, Ack);
        message.Structure(LinkSize);
        message.Add(IFLA_IFNAME, name);
        _socket.Ask(message, $"see to the link {name}", (type, payload) =>
        {
            if (type != RTM_NEWLINK) return;
            foreach ((ushort attribute, byte[] value) in NetlinkSocket.Attributes(payload.ToArray(), LinkSize))
            {
                if (attribute == IFLA_OPERSTATE) isUp = value is [IF_OPER_UP, ..];
            }
        });
        return isUp;
    }
}
