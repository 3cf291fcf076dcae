using System.Diagnostics;
using System.Net;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>One try to reach one address: begun, then looked at whenever its socket has something to say.</summary>
internal sealed class Attempt : IDisposable
{
    private const int DnsPort = 53;
    private static readonly byte[] s_buffer = new byte[65536];
    private readonly bool _ipv6;
    private readonly ushort _number = (ushort)Random.Shared.Next();
    private readonly ushort _sequence;
    private SafeFileHandle? _socket;
    private bool _isRaw;
    private long _start;

    /// <summary>A try.</summary>
    /// <param name="protocol">What is sent.</param>
    /// <param name="address">Where to.</param>
    /// <param name="port">The port; null for an echo.</param>
    /// <param name="sequence">The number of an echo request.</param>
    public Attempt(NetworkTestProtocol protocol, IPAddress address, int? port, int sequence)
    {
        Protocol = protocol;
        Address = address;
        Port = port;
        _ipv6 = address.GetAddressBytes().Length == 16;
        _sequence = (ushort)sequence;
    }

    /// <summary>What is sent.</summary>
    public NetworkTestProtocol Protocol { get; }
    /// <summary>Where to.</summary>
    public IPAddress Address { get; }
    /// <summary>The port; null for an echo.</summary>
    public int? Port { get; }
    /// <summary>What came of it; null while it is under way.</summary>
    public NetworkTestStatus? Status { get; private set; }
    /// <summary>The kernel's reason; 0 for none.</summary>
    public int Errno { get; private set; }
    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; private set; }
    /// <summary>When it counts as silent.</summary>
    public Deadline Deadline { get; private set; }

    /// <summary>What to wait for.</summary>
    public PollEntry Entry => new()
    {
        Descriptor = _socket is null ? -1 : (int)_socket.DangerousGetHandle(),
        Events = Protocol == NetworkTestProtocol.Tcp ? Libc.POLLOUT : Libc.POLLIN,
    };

    /// <summary>Begins; the outcome may be known at once.</summary>
    /// <param name="timeout">The longest wait for an answer.</param>
    public void Begin(TimeSpan timeout)
    {
        _socket = Open(out int errno);
        _start = Stopwatch.GetTimestamp();
        Deadline = Deadline.After(timeout);
        if (_socket is null)
        {
            End(ReachabilityWords.StatusOf(errno), errno);
            return;
        }

        if (Protocol != NetworkTestProtocol.Tcp) Libc.HearOfErrors(_socket, _ipv6);
        errno = Libc.TryConnect(_socket, Address, Port ?? 0);
        if (Protocol == NetworkTestProtocol.Tcp)
        {
            if (errno == 0) End(NetworkTestStatus.Reached, 0);
            else if (errno != Linux.Errno.EINPROGRESS) End(ReachabilityWords.StatusOf(errno), errno);
        }
        else
        {
            if (errno == 0) errno = -Math.Min(0, Libc.Write(_socket, Payload()));
            if (errno != 0) End(ReachabilityWords.StatusOf(errno), errno);
        }
    }

    /// <summary>Looks at what the socket has to say.</summary>
    public void Look()
    {
        if (Status is not null) return;
        if (Protocol == NetworkTestProtocol.Tcp)
        {
            int errno = Libc.PendingError(_socket!);
            End(errno == 0 ? NetworkTestStatus.Reached : ReachabilityWords.StatusOf(errno), errno);
            return;
        }

        while (Status is null)
        {
            int length = Libc.Read(_socket!, s_buffer);
            if (length == -Linux.Errno.EAGAIN) return;
            if (length < 0) End(ReachabilityWords.StatusOf(-length), -length);
            else if (Protocol == NetworkTestProtocol.Udp || EchoRequest.IsReply(s_buffer.AsSpan(0, length), _ipv6, _isRaw, _number, _sequence)) End(NetworkTestStatus.Reached, 0);
        }
    }

    /// <summary>The time is over.</summary>
    public void GiveUp()
    {
        if (Status is null) End(Protocol == NetworkTestProtocol.Udp ? NetworkTestStatus.NoAnswer : NetworkTestStatus.TimedOut, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private SafeFileHandle? Open(out int errno)
    {
        if (Protocol != NetworkTestProtocol.Icmp) return Libc.TryOpenNetworkSocket(_ipv6, Protocol == NetworkTestProtocol.Tcp ? Libc.StreamSocket : Libc.DatagramSocket, 0, out errno);
        int protocol = _ipv6 ? Libc.Icmp6Protocol : Libc.IcmpProtocol;
        SafeFileHandle? socket = Libc.TryOpenNetworkSocket(_ipv6, Libc.DatagramSocket, protocol, out errno);
        // net.ipv4.ping_group_range, which few namespaces but the engine's own open to everybody.
        if (errno != Linux.Errno.EACCES) return socket;
        _isRaw = true;
        return Libc.TryOpenNetworkSocket(_ipv6, Libc.RawSocket, protocol, out errno);
    }

    // Services that speak UDP answer what they understand. At the one port where it is known what that is they are asked it: for the servers of the root.
    private byte[] Payload() => Protocol == NetworkTestProtocol.Icmp
        ? EchoRequest.Write(_ipv6, _number, _sequence)
        : Port == DnsPort ? [(byte)(_number >> 8), (byte)_number, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1] : [];

    private void End(NetworkTestStatus status, int errno)
    {
        Elapsed = Stopwatch.GetElapsedTime(_start);
        Status = status;
        Errno = errno;
    }
}
