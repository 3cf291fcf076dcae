using System.Buffers.Binary;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>ICMP echo (RFC 792, RFC 4443, 4), as it is sent and received over ping sockets and raw ones (icmp(7), raw(7)).</summary>
internal static class EchoRequest
{
    private const byte Request4 = 8;
    private const byte Reply4 = 0;
    private const byte Request6 = 128;
    private const byte Reply6 = 129;
    private const int HeaderSize = 8;
    // As long as that of ping(8), in all.
    private const int Size = 64;

    /// <summary>A request. The kernel fills in the checksum of IPv6, and the number and the checksum of ping sockets.</summary>
    /// <param name="ipv6">For IPv6.</param>
    /// <param name="number">What tells this process's answers from others.</param>
    /// <param name="sequence">What tells one answer from another.</param>
    public static byte[] Write(bool ipv6, ushort number, ushort sequence)
    {
        byte[] message = new byte[Size];
        message[0] = ipv6 ? Request6 : Request4;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), number);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), sequence);
        for (int i = HeaderSize; i < Size; i++) message[i] = (byte)i;
        if (!ipv6) BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Checksum(message));
        return message;
    }

    /// <summary>Whether a packet is the answer to a request.</summary>
    /// <param name="packet">As it was received.</param>
    /// <param name="ipv6">IPv6.</param>
    /// <param name="isRaw">By a raw socket: of IPv4 with the header of IP before it, and the answers to all others as well.</param>
    /// <param name="number">The request's number.</param>
    /// <param name="sequence">The request's sequence.</param>
    public static bool IsReply(ReadOnlySpan<byte> packet, bool ipv6, bool isRaw, ushort number, ushort sequence)
    {
        if (isRaw && !ipv6)
        {
            if (packet.IsEmpty) return false;
            int header = (packet[0] & 0xF) * 4;
            if (packet.Length < header) return false;
            packet = packet[header..];
        }

        return packet.Length >= HeaderSize
            && packet[0] == (ipv6 ? Reply6 : Reply4)
            // A ping socket has a number of the kernel's, and gets no other's answers.
            && (!isRaw || BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) == number)
            && BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) == sequence;
    }

    private static ushort Checksum(ReadOnlySpan<byte> message)
    {
        uint sum = 0;
        for (int i = 0; i + 1 < message.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(message[i..]);
        while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
