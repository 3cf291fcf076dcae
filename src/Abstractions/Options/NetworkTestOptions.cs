using System.Net.Sockets;

namespace ContainerTools;

/// <summary>What is to be tested from a container.</summary>
public sealed record NetworkTestOptions
{
    /// <summary>A name, as the container knows it, or an address.</summary>
    public required string Target { get; init; }
    /// <summary>The ports; empty for an echo.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];
    /// <summary>What is sent; null for TCP where there are ports, and an echo where there are none.</summary>
    public NetworkTestProtocol? Protocol { get; init; }
    /// <summary>
    /// The longest wait for each address and port, and for the name; null for 5 seconds, and for the name what the container's /etc/resolv.conf allows.
    /// </summary>
    public TimeSpan? Timeout { get; init; }
    /// <summary>InterNetwork or InterNetworkV6 for these addresses alone; Unspecified for both.</summary>
    public AddressFamily Family { get; init; } = AddressFamily.Unspecified;
    /// <summary>How often all of it is done.</summary>
    public int Count { get; init; } = 1;
    /// <summary>The pause between two rounds.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);
}
