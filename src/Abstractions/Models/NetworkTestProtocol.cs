namespace ContainerTools;

/// <summary>What a test of a network sends.</summary>
public enum NetworkTestProtocol
{
    /// <summary>A TCP connection is opened, and closed at once.</summary>
    Tcp,
    /// <summary>A datagram is sent, and an answer waited for.</summary>
    Udp,
    /// <summary>An echo request is sent, as ping(8) does.</summary>
    Icmp,
}
