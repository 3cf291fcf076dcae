using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>packet(7): frames of one protocol on one link, without their headers.</summary>
internal static unsafe partial class Libc
{
    private const int AF_PACKET = 17;
    private const int LinkAddressSize = 20;

    /// <summary>A socket for frames of one protocol on one link; close-on-exec, and reading does not wait.</summary>
    /// <param name="link">The link's index.</param>
    /// <param name="protocol">ETH_P_…</param>
    public static SafeFileHandle OpenPacketSocket(int link, ushort protocol)
    {
        // Without a protocol until it is bound: else frames of all links would be in it already.
        int fd = socket(AF_PACKET, DatagramSocket | SOCK_CLOEXEC | O_NONBLOCK, 0);
        if (fd < 0) throw KernelError.Last("socket", "AF_PACKET");
        SafeFileHandle handle = new(fd, ownsHandle: true);
        byte* address = stackalloc byte[LinkAddressSize];
        WriteLinkAddress(new Span<byte>(address, LinkAddressSize), link, protocol, []);
        if (bind(handle, address, LinkAddressSize) == 0) return handle;
        int errno = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw KernelError.From("bind", errno, "AF_PACKET");
    }

    /// <summary>Sends a frame; 0 or the errno.</summary>
    public static int TrySendFrame(SafeHandle handle, int link, ushort protocol, ReadOnlySpan<byte> destination, ReadOnlySpan<byte> content)
    {
        Span<byte> address = stackalloc byte[LinkAddressSize];
        WriteLinkAddress(address, link, protocol, destination);
        int sent = SendTo(handle, content, address);
        return sent < 0 ? -sent : 0;
    }

    // struct sockaddr_ll: family, protocol in network byte order, index, hardware type, packet type, length and address.
    private static void WriteLinkAddress(Span<byte> address, int link, ushort protocol, ReadOnlySpan<byte> hardwareAddress)
    {
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, AF_PACKET);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], protocol);
        BinaryPrimitives.WriteInt32LittleEndian(address[4..], link);
        address[11] = (byte)hardwareAddress.Length;
        hardwareAddress.CopyTo(address[12..]);
    }
}
