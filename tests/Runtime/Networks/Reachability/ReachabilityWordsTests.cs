using System.Net;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks.Reachability;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks.Reachability;

/// <summary>What the kernel's answers mean, in words.</summary>
public sealed class ReachabilityWordsTests
{
    private static readonly IPAddress s_address = IPAddress.Parse("10.0.0.1");

    [Fact]
    public void Each_answer_of_the_kernel_has_its_meaning()
    {
        Assert.Equal(NetworkTestStatus.Refused, ReachabilityWords.StatusOf(Errno.ECONNREFUSED));
        Assert.Equal(NetworkTestStatus.TimedOut, ReachabilityWords.StatusOf(Errno.ETIMEDOUT));
        foreach (int errno in (int[])[Errno.ENETUNREACH, Errno.EHOSTUNREACH, Errno.ENETDOWN, Errno.EHOSTDOWN, Errno.EADDRNOTAVAIL, Errno.EAFNOSUPPORT])
        {
            Assert.Equal(NetworkTestStatus.Unreachable, ReachabilityWords.StatusOf(errno));
            Assert.DoesNotContain("unknown", Errno.Meaning(errno), StringComparison.Ordinal);
        }

        Assert.Equal(NetworkTestStatus.Failed, ReachabilityWords.StatusOf(Errno.EACCES));
    }

    [Fact]
    public void What_was_not_reached_is_said_in_a_sentence()
    {
        Assert.Null(Say(NetworkTestStatus.Reached, NetworkTestProtocol.Tcp, s_address, 80));
        Assert.Equal("10.0.0.1 refuses: nothing listens at UDP port 80, or a packet filter rejects it.", Say(NetworkTestStatus.Refused, NetworkTestProtocol.Udp, s_address, 80));
        Assert.Equal("A packet filter or a router refuses what goes to 10.0.0.1.", Say(NetworkTestStatus.Refused, NetworkTestProtocol.Icmp, s_address, null));
        Assert.Equal("Nothing came back from TCP port 80 of 10.0.0.1 within 1.5 s.", Say(NetworkTestStatus.TimedOut, NetworkTestProtocol.Tcp, s_address, 80));
        Assert.Equal("The container has no route to 10.0.0.1.", Say(NetworkTestStatus.Unreachable, NetworkTestProtocol.Tcp, s_address, 80, Errno.ENETUNREACH, hasRoute: false));
        Assert.Contains("(EHOSTUNREACH)", Say(NetworkTestStatus.Unreachable, NetworkTestProtocol.Tcp, s_address, 80, Errno.EHOSTUNREACH), StringComparison.Ordinal);
        Assert.Equal("The kernel does not send to 10.0.0.1: EACCES (permission denied).", Say(NetworkTestStatus.Failed, NetworkTestProtocol.Icmp, s_address, null, Errno.EACCES));
        // The device belongs to the address where there may be several.
        Assert.Contains("fe80::1%eth0", Say(NetworkTestStatus.Failed, NetworkTestProtocol.Tcp, IPAddress.Parse("fe80::1"), 80, Errno.EINVAL), StringComparison.Ordinal);
        Assert.Contains("EINVAL", Say(NetworkTestStatus.Failed, NetworkTestProtocol.Tcp, IPAddress.Parse("fe80::1%1"), 80, Errno.EINVAL), StringComparison.Ordinal);
    }

    private static string? Say(NetworkTestStatus status, NetworkTestProtocol protocol, IPAddress address, int? port, int errno = 0, bool hasRoute = true)
        => ReachabilityWords.Of(status, protocol, address, port, errno, hasRoute, TimeSpan.FromSeconds(1.5));
}
