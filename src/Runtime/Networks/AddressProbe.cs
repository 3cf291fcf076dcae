using System.Net;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// Asks a network whether somebody has an IPv4 address already whom the engine does not know of: one ARP probe (RFC 5227), with a short wait for an answer. Machines on a local
/// network answer in less than a millisecond; the seconds of the standard are for networks that lose packets.
/// </summary>
internal static class AddressProbe
{
    private const ushort ETH_P_ARP = 0x0806;
    private const int ArpSize = 28;
    private const int SenderHardware = 8;
    private const int SenderAddress = 14;
    private const int TargetAddress = 24;
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(100);
    // How long what the container's last run has left may go on to answer: the kernel takes a namespace down when it has time.
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(10);
    private static readonly byte[] s_everybody = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

    /// <summary>The hardware address of who has an IPv4 address; null where nobody answers.</summary>
    /// <param name="device">The bridge, or the device of the host that the network is on.</param>
    /// <param name="address">The address.</param>
    /// <param name="own">The hardware address that the container is going to have: one with the same is its last run, and goes.</param>
    public static byte[]? OwnerOf(string device, IPAddress address, byte[] own)
    {
        using RouteNetlink links = new();
        if (links.Describe(device) is not { IsRunning: true, HardwareAddress.Length: 6 } link) return null;
        if (IsHosts(address)) return link.HardwareAddress;
        using SafeFileHandle socket = Libc.OpenPacketSocket(link.Index, ETH_P_ARP);
        byte[] probe = Probe(link.HardwareAddress, address);
        long end = Environment.TickCount64 + (long)s_farewell.TotalMilliseconds;
        while (true)
        {
            // A link that takes nothing now has nobody who answers.
            if (Libc.TrySendFrame(socket, link.Index, ETH_P_ARP, s_everybody, probe) != 0) return null;
            if (Answer(socket, address, link.HardwareAddress) is not { } owner) return null;
            if (!owner.AsSpan().SequenceEqual(own) || Environment.TickCount64 > end) return owner;
            Thread.Sleep(10);
        }
    }

    /// <summary>A request from nobody, who wants to know who has an address.</summary>
    public static byte[] Probe(ReadOnlySpan<byte> hardwareAddress, IPAddress address)
    {
        // Ethernet and IPv4, their lengths, a request; then who asks and who is meant.
        byte[] probe = new byte[ArpSize];
        ((ReadOnlySpan<byte>)[0, 1, 8, 0, 6, 4, 0, 1]).CopyTo(probe);
        hardwareAddress.CopyTo(probe.AsSpan(SenderHardware));
        address.GetAddressBytes().CopyTo(probe, TargetAddress);
        return probe;
    }

    /// <summary>Who says in a packet that an address is his: in an answer, or in a question of his own. Null for all else, and for another who only asks for it.</summary>
    public static byte[]? Claimant(ReadOnlySpan<byte> packet, IPAddress address, ReadOnlySpan<byte> asker)
    {
        if (packet.Length < ArpSize || !packet[..6].SequenceEqual((ReadOnlySpan<byte>)[0, 1, 8, 0, 6, 4])) return null;
        ReadOnlySpan<byte> hardware = packet.Slice(SenderHardware, 6);
        return packet.Slice(SenderAddress, 4).SequenceEqual(address.GetAddressBytes()) && !hardware.SequenceEqual(asker) ? hardware.ToArray() : null;
    }

    private static byte[]? Answer(SafeFileHandle socket, IPAddress address, byte[] asker)
    {
        long end = Environment.TickCount64 + (long)s_wait.TotalMilliseconds;
        Span<byte> packet = stackalloc byte[64];
        while (true)
        {
            long left = end - Environment.TickCount64;
            if (left < 0 || !Libc.Poll(socket, Libc.POLLIN, TimeSpan.FromMilliseconds(left))) return null;
            int length = Libc.Read(socket, packet);
            if (length > 0 && Claimant(packet[..length], address, asker) is { } owner) return owner;
            if (length < 0 && length != -Errno.EAGAIN) return null;
        }
    }

    // The host does not answer itself; only an address of its own can be bound.
    private static bool IsHosts(IPAddress address)
    {
        using SafeFileHandle socket = Libc.OpenNetworkSocket(ipv6: false, Libc.DatagramSocket);
        return Libc.TryBind(socket, address, 0) == 0;
    }
}
