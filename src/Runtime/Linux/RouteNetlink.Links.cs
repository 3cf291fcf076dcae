using System.Buffers.Binary;

namespace ContainerTools.Runtime.Linux;

/// <summary>What a link is like.</summary>
internal sealed partial class RouteNetlink
{
    private const int IFF_RUNNING = 0x40;

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
}
