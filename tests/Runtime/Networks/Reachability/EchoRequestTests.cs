using ContainerTools.Runtime.Networks.Reachability;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks.Reachability;

/// <summary>Echo requests, and what is an answer to them.</summary>
public sealed class EchoRequestTests
{
    [Fact]
    public void A_request_has_a_checksum_that_makes_its_sum_all_ones()
    {
        byte[] request = EchoRequest.Write(ipv6: false, 0x1234, 7);
        Assert.Equal([8, 0], request[..2]);
        Assert.Equal([0x12, 0x34, 0, 7], request[4..8]);
        int sum = 0;
        for (int i = 0; i < request.Length; i += 2) sum += (request[i] << 8) | request[i + 1];
        while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
        Assert.Equal(0xFFFF, sum);
        // That of IPv6 counts in addresses as well, and is the kernel's.
        Assert.Equal([128, 0, 0, 0, 0x12, 0x34, 0, 7], EchoRequest.Write(ipv6: true, 0x1234, 7)[..8]);
    }

    [Fact]
    public void Only_the_answer_to_a_request_is_one()
    {
        byte[] reply = [0, 0, 9, 9, 0x12, 0x34, 0, 7], six = [129, 0, 9, 9, 0x12, 0x34, 0, 7];
        byte[] withHeader = [0x46, .. new byte[23], .. reply];
        Assert.True(EchoRequest.IsReply(withHeader, ipv6: false, isRaw: true, 0x1234, 7));
        Assert.True(EchoRequest.IsReply(six, ipv6: true, isRaw: true, 0x1234, 7));
        Assert.False(EchoRequest.IsReply(withHeader, ipv6: false, isRaw: true, 0x1235, 7));
        Assert.False(EchoRequest.IsReply(withHeader, ipv6: false, isRaw: true, 0x1234, 8));
        // The number of a ping socket is the kernel's choice.
        Assert.True(EchoRequest.IsReply(reply, ipv6: false, isRaw: false, 0x9999, 7));
        Assert.False(EchoRequest.IsReply(reply, ipv6: false, isRaw: false, 0x9999, 8));
        // One's own request, which a raw socket on loopback hears; the other family's; half of one.
        Assert.False(EchoRequest.IsReply([0x45, .. new byte[19], .. EchoRequest.Write(false, 0x1234, 7)], ipv6: false, isRaw: true, 0x1234, 7));
        Assert.False(EchoRequest.IsReply(reply, ipv6: true, isRaw: true, 0x1234, 7));
        for (int length = 0; length < withHeader.Length; length++) Assert.False(EchoRequest.IsReply(withHeader.AsSpan(0, length), ipv6: false, isRaw: true, 0x1234, 7));
        Assert.False(EchoRequest.IsReply([0xFF], ipv6: false, isRaw: true, 0, 0));
    }
}
