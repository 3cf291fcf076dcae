using System.Globalization;
using System.Net;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// Holds the ports of the host that lead to a container: a bound socket each, which nobody sends to, because the packet filter is there first. So the
/// kernel itself refuses a port twice, whoever asks for it, chooses free ones, and takes them back however the monitor ends.
/// </summary>
internal sealed class PortReservation : IDisposable
{
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
        int number = port.HostPort;
        foreach (IPAddress address in port.HostAddress is { } host ? [host] : (IPAddress[])[IPAddress.Any, IPAddress.IPv6Any])
        {
            bool ipv6 = address.GetAddressBytes().Length == 16;
            SafeFileHandle socket;
            try
            {
                socket = Open(ipv6, port.Protocol);
            }
            catch (KernelException) when (ipv6 && port.HostAddress is null)
            {
                // IPv6 is switched off, and was not asked for by name.
                continue;
            }

            _sockets.Add(socket);
            int errno = Libc.TryBind(socket, address, number);
            if (errno == Errno.EADDRNOTAVAIL && ipv6 && port.HostAddress is null) continue;
            if (errno != 0) throw Error(port, number, errno);
            if (number == 0) number = Libc.BoundPort(socket);
        }

        return port with { HostPort = number };
    }

    private static SafeFileHandle Open(bool ipv6, PortProtocol protocol) => protocol switch
    {
        PortProtocol.Udp => Libc.OpenNetworkSocket(ipv6, Libc.DatagramSocket),
        PortProtocol.Sctp => OpenSctp(ipv6),
        // Bound, without SO_REUSEADDR, and not listening: nobody else gets the port, and what the packet filter does not take is refused.
        _ => Libc.OpenNetworkSocket(ipv6, Libc.StreamSocket),
    };

    private static SafeFileHandle OpenSctp(bool ipv6)
    {
        try
        {
            return Libc.OpenNetworkSocket(ipv6, Libc.StreamSocket, Libc.SctpProtocol);
        }
        catch (KernelException)
        {
            // The host has no SCTP of its own, so nothing on it can have the port; a datagram socket keeps the number from other containers.
            return Libc.OpenNetworkSocket(ipv6, Libc.DatagramSocket);
        }
    }

    private static ContainerException Error(PortMapping port, int number, int errno) => errno == Errno.EADDRINUSE
        ? new ContainerException(ErrorCode.PortInUse, string.Create(CultureInfo.InvariantCulture, $"The port {number} of the host is in use; the container was not started."), port.ToString())
        : new ContainerException(ErrorCode.InvalidArgument, $"The port {port} cannot be published: {Errno.Meaning(errno)}.", port.ToString());
}
