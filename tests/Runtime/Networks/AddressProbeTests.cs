using System.Net;
using ContainerTools.Runtime.Networks;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks;

/// <summary>Questions and answers of the address resolution protocol.</summary>
public sealed class AddressProbeTests
{
    private static readonly byte[] s_own = [2, 0, 0, 0, 0, 1];
    private static readonly byte[] s_other = [2, 0, 0, 0, 0, 2];
    private static readonly IPAddress s_address = IPAddress.Parse("10.7.0.9");

    [Fact]
    public void A_probe_comes_from_nobody()
    {
        byte[] probe = AddressProbe.Probe(s_own, s_address);
        Assert.Equal([0, 1, 8, 0, 6, 4, 0, 1, .. s_own, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 7, 0, 9], probe);
        // Another who probes for the same address at this moment does not have it.
        Assert.Null(AddressProbe.Claimant(AddressProbe.Probe(s_other, s_address), s_address, s_own));
    }

    [Fact]
    public void Who_sends_from_the_address_has_it()
    {
        byte[] answer = [0, 1, 8, 0, 6, 4, 0, 2, .. s_other, 10, 7, 0, 9, .. s_own, 0, 0, 0, 0];
        Assert.Equal(s_other, AddressProbe.Claimant(answer, s_address, s_own));
        Assert.Null(AddressProbe.Claimant(answer, IPAddress.Parse("10.7.0.8"), s_own));
        Assert.Null(AddressProbe.Claimant(answer, s_address, s_other));
        for (int length = 0; length < answer.Length; length++) Assert.Null(AddressProbe.Claimant(answer.AsSpan(0, length), s_address, s_own));
        answer[3] = 6;
        Assert.Null(AddressProbe.Claimant(answer, s_address, s_own));
    }
}
