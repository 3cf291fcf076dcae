using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// Holds the ports of the host that lead to a container: a bound socket each, which nobody sends to, because the packet filter is there first. So the
/// kernel itself refuses a port twice, whoever asks for it, chooses free ones, and takes them back however the monitor ends.
/// </summary>
internal sealed class PortReservation : IDisposable
{
    // So many numbers that one family has and the other has not will not be met in a row.
    private const int Attempts = 100;
    // The kernel's usual range for ports that it chooses (ip_local_port_range).
    private const int FirstChosen = 32768;
    private const int LastChosen = 60999;

    private readonly List<SafeFileHandle> _sockets = [];

    private PortReservation()
    {
    }

    /// <summary>The mappings, with the ports that the kernel has chosen.</summary>
    public IReadOnlyList<PortMapping> Ports { get; private set; } = [];

    /// <summary>Takes all of the ports, or none.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.PortInUse"/>.</exception>
    public static PortReservation Take(IReadOnlyList<PortMapping> ports)
    {
        PortReservation reservation = new();
        try
        {
            List<PortMapping> taken = [];
            foreach (PortMapping port in ports) taken.Add(reservation.Take(port));
            reservation.Ports = taken;
            return reservation;
        }
        catch
        {
            reservation.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle socket in _sockets) socket.Dispose();
        _sockets.Clear();
    }

    private PortMapping Take(PortMapping port)
    {
        // Sockets of numbers that were free in one family only: kept until there is a number, or the kernel might choose them again.
        List<SafeFileHandle> rejected = [];
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                List<SafeFileHandle> taken = [];
                int number = port.HostPort;
                int errno = TryTake(port, ref number, taken);
                if (errno == 0)
                {
                    _sockets.AddRange(taken);
                    return port with { HostPort = number };
                }

                rejected.AddRange(taken);
                if (errno != Errno.EADDRINUSE || port.HostPort != 0 || attempt == Attempts) throw Error(port, number, errno);
            }
        }
        finally
        {
            foreach (SafeFileHandle socket in rejected) socket.Dispose();
        }
    }

    /// <summary>Takes a number for all addresses that are meant; 0 or the errno.</summary>
    private static int TryTake(PortMapping port, ref int number, List<SafeFileHandle> taken)
    {
        foreach (IPAddress address in port.HostAddress is { } host ? [host] : (IPAddress[])[IPAddress.Any, IPAddress.IPv6Any])
        {
            bool ipv6 = address.GetAddressBytes().Length == 16;
            SafeFileHandle? socket = TryOpen(ipv6, port.Protocol, out int errno);
            // IPv6 is switched off, and was not asked for by name.
            if (socket is null && ipv6 && port.HostAddress is null && errno == Errno.EAFNOSUPPORT) continue;
            if (socket is null && port.Protocol == PortProtocol.Sctp && errno == Errno.EPROTONOSUPPORT)
            {
                errno = TryTakeByName(address, ref number, taken);
                if (errno != 0) return errno;
                continue;
            }

            if (socket is null) return errno;
            taken.Add(socket);
            errno = Libc.TryBind(socket, address, number);
            if (errno == Errno.EADDRNOTAVAIL && ipv6 && port.HostAddress is null) continue;
            if (errno != 0) return errno;
            if (number == 0) number = Libc.BoundPort(socket);
        }

        return 0;
    }

    // Bound, without SO_REUSEADDR, and not listening: nobody else gets the port, and what the packet filter does not take is refused.
    private static SafeFileHandle? TryOpen(bool ipv6, PortProtocol protocol, out int errno) => protocol switch
    {
        PortProtocol.Udp => Libc.TryOpenNetworkSocket(ipv6, Libc.DatagramSocket, 0, out errno),
        PortProtocol.Sctp => Libc.TryOpenNetworkSocket(ipv6, Libc.StreamSocket, Libc.SctpProtocol, out errno),
        _ => Libc.TryOpenNetworkSocket(ipv6, Libc.StreamSocket, 0, out errno),
    };

    // The host has no SCTP of its own, so nothing but another container can have the port: a name that the network namespace has once keeps it.
    private static int TryTakeByName(IPAddress address, ref int number, List<SafeFileHandle> taken)
    {
        int wanted = number != 0 ? number : RandomNumberGenerator.GetInt32(FirstChosen, LastChosen + 1);
        if (Libc.TryBindAbstract(string.Create(CultureInfo.InvariantCulture, $"containertools/sctp/{address}/{wanted}")) is not { } socket) return Errno.EADDRINUSE;
        taken.Add(socket);
        number = wanted;
        return 0;
    }

    private static ContainerException Error(PortMapping port, int number, int errno) => errno == Errno.EADDRINUSE
        ? port.HostPort == 0 ? new ContainerException(ErrorCode.PortInUse, "The host has no free port left that is free in both IPv4 and IPv6; the container was not started.", port.ToString())
        : new ContainerException(ErrorCode.PortInUse, string.Create(CultureInfo.InvariantCulture, $"The port {number} of the host is in use; the container was not started."), port.ToString())
        : new ContainerException(ErrorCode.InvalidArgument, $"The port {port} cannot be published: {Errno.Meaning(errno)}.", port.ToString());
}
