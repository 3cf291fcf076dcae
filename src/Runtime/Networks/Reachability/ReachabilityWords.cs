using System.Globalization;
using System.Net;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>What an errno of the network means for whoever wants to reach something, and how it is said.</summary>
internal static class ReachabilityWords
{
    /// <summary>The outcome that an errno stands for.</summary>
    public static NetworkTestStatus StatusOf(int errno)
    {
        if (errno == Errno.ECONNREFUSED) return NetworkTestStatus.Refused;
        if (errno == Errno.ETIMEDOUT) return NetworkTestStatus.TimedOut;
        return errno == Errno.ENETUNREACH || errno == Errno.EHOSTUNREACH || errno == Errno.ENETDOWN || errno == Errno.EHOSTDOWN || errno == Errno.EADDRNOTAVAIL || errno == Errno.EAFNOSUPPORT
            ? NetworkTestStatus.Unreachable
            : NetworkTestStatus.Failed;
    }

    /// <summary>Why something was not reached.</summary>
    /// <param name="status">The outcome.</param>
    /// <param name="protocol">What was sent.</param>
    /// <param name="address">Where to.</param>
    /// <param name="port">The port; null for an echo.</param>
    /// <param name="errno">The errno, or 0.</param>
    /// <param name="hasRoute">Whether there is a way there.</param>
    /// <param name="waited">How long was waited.</param>
    /// <returns>A sentence; null for what was reached.</returns>
    public static string? Of(NetworkTestStatus status, NetworkTestProtocol protocol, IPAddress address, int? port, int errno, bool hasRoute, TimeSpan waited)
    {
        string seconds = string.Create(CultureInfo.InvariantCulture, $"{waited.TotalSeconds:0.###} s");
        string what = port is null ? $"{address}" : string.Create(CultureInfo.InvariantCulture, $"{protocol.ToString().ToUpperInvariant()} port {port} of {address}");
        return status switch
        {
            NetworkTestStatus.Reached => null,
            NetworkTestStatus.Refused when port is null => $"A packet filter or a router refuses what goes to {address}.",
            NetworkTestStatus.Refused => $"{address} refuses: nothing listens at {protocol.ToString().ToUpperInvariant()} port {port}, or a packet filter rejects it.",
            NetworkTestStatus.TimedOut => $"Nothing came back from {what} within {seconds}.",
            NetworkTestStatus.NoAnswer => $"{what} neither answered nor refused within {seconds}; a service that has nothing to say does the same.",
            NetworkTestStatus.Unreachable when !hasRoute => $"The container has no route to {address}.",
            NetworkTestStatus.Unreachable => $"{address} cannot be reached: nobody on the network has this address, or a router knows no way to it ({Errno.Name(errno)}).",
            // The same on every link: without a device the kernel cannot know which is meant.
            _ when errno == Errno.EINVAL && address.IsIPv6LinkLocal && address.ScopeId == 0 => $"{address} is an address of a single link; say of which, by the container's device: {address}%eth0.",
            _ => $"The kernel does not send to {what}: {Errno.Name(errno)} ({Errno.Meaning(errno)}).",
        };
    }

    /// <summary>Why a name server does not answer, as the end of a sentence that begins with it.</summary>
    public static string OfServer(int errno) => StatusOf(errno) switch
    {
        NetworkTestStatus.Refused => "refuses: nothing listens there",
        NetworkTestStatus.TimedOut => "does not answer",
        NetworkTestStatus.Unreachable => $"cannot be reached ({Errno.Name(errno)})",
        _ => $"cannot be asked: {Errno.Name(errno)} ({Errno.Meaning(errno)})",
    };
}
