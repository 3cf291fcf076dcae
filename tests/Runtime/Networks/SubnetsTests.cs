using System.Net;
using ContainerTools.Runtime.Networks;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks;

/// <summary>Counting addresses and choosing subnets.</summary>
public sealed class SubnetsTests
{
    private static readonly byte[] s_machine = "0123456789abcdef"u8.ToArray();

    [Theory]
    [InlineData("10.1.0.0/16", 0, "10.1.0.0")]
    [InlineData("10.1.0.0/16", 256, "10.1.1.0")]
    [InlineData("255.255.255.0/24", 255, "255.255.255.255")]
    [InlineData("0.0.0.0/8", 1, "0.0.0.1")]
    [InlineData("fd00::/64", 65536, "fd00::1:0")]
    public void An_address_is_counted_from_the_base(string subnet, int place, string address)
        => Assert.Equal(address, Subnets.At(IPNetwork.Parse(subnet), place).ToString());

    [Theory]
    [InlineData("10.1.0.0/24", "254")]
    [InlineData("10.1.0.0/30", "2")]
    [InlineData("10.1.0.0/31", "1")]
    [InlineData("10.1.0.0/32", "0")]
    [InlineData("fd00::/120", "255")]
    [InlineData("fd00::/64", "18446744073709551615")]
    public void The_last_address_of_IPv4_is_for_broadcasts(string subnet, string place)
        => Assert.Equal(place, Subnets.LastPlace(IPNetwork.Parse(subnet)).ToString(System.Globalization.CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.2.0/24", true)]
    [InlineData("10.1.2.0/24", "10.1.0.0/16", true)]
    [InlineData("10.1.0.0/24", "10.1.1.0/24", false)]
    [InlineData("fd00::/64", "fd00::1:0/112", true)]
    [InlineData("0.0.0.0/0", "fd00::/64", false)]
    public void Subnets_overlap_within_their_family(string one, string other, bool overlap)
        => Assert.Equal(overlap, Subnets.Overlap(IPNetwork.Parse(one), IPNetwork.Parse(other)));

    [Fact]
    public void Free_subnets_come_from_Dockers_pools_in_its_order_and_never_overlap()
    {
        List<IPNetwork> taken = [IPNetwork.Parse("172.17.3.0/24"), IPNetwork.Parse("192.168.1.0/24")];
        while (true)
        {
            IPNetwork next;
            try
            {
                next = Subnets.FindFree(taken);
            }
            catch (ContainerException error)
            {
                Assert.Equal(ErrorCode.SubnetOverlaps, error.Code);
                break;
            }

            Assert.DoesNotContain(taken, other => Subnets.Overlap(next, other));
            taken.Add(next);
        }

        string[] given = [.. taken.Skip(2).Select(subnet => subnet.ToString())];
        // 14 of 172.16.0.0/12, 15 of 192.168.0.0/16 and 6 of 10.0.0.0/8: those that hold the two routes are left out.
        Assert.Equal(35, given.Length);
        Assert.Equal(["172.18.0.0/16", "172.19.0.0/16"], given[..2]);
        Assert.Equal(["172.31.0.0/16", "192.168.16.0/20"], given[13..15]);
        Assert.Equal("10.95.0.0/16", given[^1]);
    }

    [Fact]
    public void Unique_local_subnets_are_the_machines_own()
    {
        IPNetwork first = Subnets.FindUniqueLocal(s_machine, []);
        IPNetwork second = Subnets.FindUniqueLocal(s_machine, [first]);
        Assert.Equal(64, first.PrefixLength);
        Assert.Equal(0xFD, first.BaseAddress.GetAddressBytes()[0]);
        Assert.Equal(first, Subnets.FindUniqueLocal(s_machine, []));
        Assert.Equal(first.BaseAddress.GetAddressBytes()[..6], second.BaseAddress.GetAddressBytes()[..6]);
        Assert.False(Subnets.Overlap(first, second));
        Assert.NotEqual(first, Subnets.FindUniqueLocal("another"u8, []));
    }
}
