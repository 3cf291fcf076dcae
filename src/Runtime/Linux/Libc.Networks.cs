using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>Sockets of netlink(7), ip(7) and ipv6(7), for code that has its own event loop or none.</summary>
internal static unsafe partial class Libc
{
    /// <summary>SOCK_DGRAM.</summary>
    public const int DatagramSocket = 2;
    /// <summary>SOCK_STREAM.</summary>
    public const int StreamSocket = 1;
    /// <summary>SOCK_RAW.</summary>
    public const int RawSocket = 3;
    /// <summary>IPPROTO_ICMP.</summary>
    public const int IcmpProtocol = 1;
    /// <summary>IPPROTO_ICMPV6.</summary>
    public const int Icmp6Protocol = 58;
    /// <summary>IPPROTO_SCTP.</summary>
    public const int SctpProtocol = 132;

    private const int AF_INET = 2;
    private const int AF_INET6 = 10;
    private const int IPPROTO_IPV6 = 41;
    private const int IPV6_V6ONLY = 26;
    private const int IPPROTO_IP = 0;
    private const int IP_RECVERR = 11;
    private const int IPV6_RECVERR = 25;
    private const int SO_ERROR = 4;
    private const int SO_SNDBUFFORCE = 32;
    private const int SOL_NETLINK = 270;
    private const int NETLINK_EXT_ACK = 11;
    private const int NETLINK_CAP_ACK = 10;
    private const int NetworkAddressSize = 28;

    /// <summary>A netlink(7) socket, in the calling thread's network namespace for good, whose errors come with the kernel's words.</summary>
    /// <param name="protocol">NETLINK_…</param>
    public static SafeFileHandle OpenNetlink(int protocol)
    {
        SafeFileHandle socket = TryOpenNetlink(protocol, out int errno)
            ?? throw KernelError.From("socket", errno, string.Create(CultureInfo.InvariantCulture, $"netlink, protocol {protocol}"));
        int one = 1;
        // Older kernels do not know these; they answer without words, and with the request repeated, which is read past.
        _ = setsockopt(socket, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(int));
        _ = setsockopt(socket, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(int));
        return socket;
    }

    /// <summary>A socket of the internet families; close-on-exec, and reading and writing do not wait.</summary>
    /// <param name="ipv6">AF_INET6, for IPv6 alone; else AF_INET.</param>
    /// <param name="type"><see cref="DatagramSocket"/>, <see cref="StreamSocket"/> or <see cref="RawSocket"/>.</param>
    /// <param name="protocol">0, or one of the protocols above.</param>
    public static SafeFileHandle OpenNetworkSocket(bool ipv6, int type, int protocol = 0)
        => TryOpenNetworkSocket(ipv6, type, protocol, out int errno) ?? throw KernelError.From("socket", errno);

    /// <summary>As <see cref="OpenNetworkSocket"/>; null with the errno, EAFNOSUPPORT and EPROTONOSUPPORT for what the kernel does not have.</summary>
    public static SafeFileHandle? TryOpenNetworkSocket(bool ipv6, int type, int protocol, out int errno)
    {
        int fd = socket(ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | O_NONBLOCK, protocol);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (fd < 0) return null;
        SafeFileHandle handle = new(fd, ownsHandle: true);
        int one = 1;
        if (ipv6) _ = setsockopt(handle, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(int));
        return handle;
    }

    /// <summary>SO_SNDBUFFORCE, which goes beyond the system's limit; without the capability for it, what is too large is refused when it is sent.</summary>
    public static void ForceSendBuffer(SafeHandle handle, int size) => _ = setsockopt(handle, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(int));

    /// <summary>bind(2); 0 or the errno.</summary>
    public static int TryBind(SafeHandle handle, IPAddress address, int port)
    {
        byte* native = stackalloc byte[NetworkAddressSize];
        uint length = WriteAddress(native, address, port);
        return bind(handle, native, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>connect(2); 0 or the errno, EINPROGRESS for a stream that is being connected.</summary>
    public static int TryConnect(SafeHandle handle, IPAddress address, int port)
    {
        byte* native = stackalloc byte[NetworkAddressSize];
        uint length = WriteAddress(native, address, port);
        return connect(handle, native, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>What has become of a connection that was begun, or what came back for a datagram: SO_ERROR, 0 or the errno.</summary>
    public static int PendingError(SafeHandle handle)
    {
        int errno = 0, size = sizeof(int);
        return getsockopt(handle, SOL_SOCKET, SO_ERROR, &errno, &size) == 0 ? errno : throw KernelError.Last("getsockopt", "SO_ERROR");
    }

    /// <summary>Has a connected socket hear of every ICMP error, also of those after which the kernel would go on to hope (IP_RECVERR of ip(7)).</summary>
    public static void HearOfErrors(SafeHandle handle, bool ipv6)
    {
        int one = 1;
        if (setsockopt(handle, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_RECVERR : IP_RECVERR, &one, sizeof(int)) < 0) throw KernelError.Last("setsockopt", "IP_RECVERR");
    }

    /// <summary>listen(2); 0 or the errno.</summary>
    public static int TryListen(SafeHandle handle) => listen(handle, ListenBacklog) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>The port that the kernel has given a bound socket (getsockname(2)).</summary>
    public static int BoundPort(SafeHandle handle)
    {
        byte* native = stackalloc byte[NetworkAddressSize];
        uint length = NetworkAddressSize;
        if (getsockname(handle, native, &length) < 0) throw KernelError.Last("getsockname");
        return BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(native + 2, 2));
    }

    /// <summary>Receives a datagram with the sender's address, as bytes that <see cref="SendTo"/> takes; the length, or the negative errno.</summary>
    public static int ReceiveFrom(SafeHandle handle, Span<byte> buffer, Span<byte> sender, out int senderLength)
    {
        fixed (byte* start = buffer, native = sender)
        {
            while (true)
            {
                uint length = (uint)sender.Length;
                nint count = recvfrom(handle, start, buffer.Length, 0, native, &length);
                senderLength = (int)length;
                if (count >= 0) return (int)count;
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR) return -errno;
            }
        }
    }

    /// <summary>Sends a datagram; the length, or the negative errno.</summary>
    public static int SendTo(SafeHandle handle, ReadOnlySpan<byte> content, ReadOnlySpan<byte> receiver)
    {
        fixed (byte* start = content, native = receiver)
        {
            nint count = sendto(handle, start, content.Length, MSG_NOSIGNAL, native, (uint)receiver.Length);
            return count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
        }
    }

    // struct sockaddr_in: family, port, address; struct sockaddr_in6: family, port, flow, address, scope.
    private static uint WriteAddress(byte* native, IPAddress address, int port)
    {
        Span<byte> span = new(native, NetworkAddressSize);
        span.Clear();
        byte[] bytes = address.GetAddressBytes();
        bool ipv6 = bytes.Length == 16;
        *(ushort*)native = (ushort)(ipv6 ? AF_INET6 : AF_INET);
        BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)port);
        bytes.CopyTo(span[(ipv6 ? 8 : 4)..]);
        if (ipv6) *(uint*)(native + 24) = (uint)address.ScopeId;
        return ipv6 ? 28u : 16u;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int setsockopt(SafeHandle socket, int level, int option, void* value, uint size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int getsockname(SafeHandle socket, byte* address, uint* length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint recvfrom(SafeHandle socket, byte* buffer, nint size, int flags, byte* address, uint* length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint sendto(SafeHandle socket, byte* buffer, nint size, int flags, byte* address, uint length);
}
