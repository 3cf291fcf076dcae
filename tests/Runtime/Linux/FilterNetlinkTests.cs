using System.Net;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using Xunit;

namespace ContainerTools.Runtime.Tests.Linux;

public sealed class FilterNetlinkTests
{
    [Fact]
    public void A_published_port_is_one_element_for_each_family()
    {
        IReadOnlyList<FilterElement> elements = PortElements.Of(Plan("8080:80"), withValues: true);
        Assert.Equal(["ports4", "ports6"], elements.Select(static element => element.Set));
        // inet_proto . inet_service : ipv4_addr . inet_service, each filled to four bytes.
        Assert.Equal([6, 0, 0, 0, 0x1F, 0x90, 0, 0], elements[0].Key);
        Assert.Equal([10, 90, 0, 2, 0, 80, 0, 0], elements[0].Value);
        Assert.Equal(IPAddress.Parse("fd00::2").GetAddressBytes(), elements[1].Value![..16]);
        Assert.All(PortElements.Of(Plan("8080:80"), withValues: false), static element => Assert.Null(element.Value));
    }

    [Fact]
    public void A_port_of_one_address_has_the_address_in_its_key()
    {
        FilterElement element = Assert.Single(PortElements.Of(Plan("127.0.0.1:53:5353/udp"), withValues: true));
        Assert.Equal("bound4", element.Set);
        Assert.Equal([17, 0, 0, 0, 127, 0, 0, 1, 0, 53, 0, 0], element.Key);
    }

    [Fact]
    public void No_port_of_an_internal_network_is_published()
    {
        NetworkPlan plan = Plan("8080:80");
        Assert.Empty(PortElements.Of(plan with { Endpoints = [plan.Endpoints[0] with { Internal = true }] }, withValues: true));
    }

    [Fact]
    public void A_transaction_is_begun_and_committed_and_has_a_message_for_each_map()
    {
        IReadOnlyList<NetlinkMessage> messages = FilterNetlink.Transaction(add: true, "t", PortElements.Of(Plan("8080:80"), withValues: true));
        Assert.Equal([0x10, 0x0A0C, 0x0A0C, 0x11], messages.Select(static message => BitConverter.ToUInt16(message.Finish(7)[4..])));
        // Acknowledged, and with NLM_F_CREATE | NLM_F_EXCL: what is there already is not overwritten.
        Assert.Equal([1, 0x605, 0x605, 1], messages.Select(static message => BitConverter.ToUInt16(message.Finish(7)[6..])));
        Assert.All(messages, static message => Assert.Equal(message.Finish(7).Length, BitConverter.ToInt32(message.Finish(7))));
    }

    [Fact]
    public void Many_elements_are_more_messages_of_one_transaction()
    {
        NetworkPlan plan = Plan("1000-1999:1000-1999");
        IReadOnlyList<NetlinkMessage> messages = FilterNetlink.Transaction(add: false, "t", PortElements.Of(plan, withValues: false));
        Assert.Equal(2 + 2 * 3, messages.Count);
        // The length of an attribute has 16 bits.
        Assert.All(messages, static message => Assert.InRange(message.Finish(1).Length, 20, ushort.MaxValue));
    }

    private static NetworkPlan Plan(string ports) => new()
    {
        Id = new string('a', 64),
        NetworksRun = "/run/none",
        Ports = PortMapping.Parse(ports),
        Endpoints = [new EndpointPlan { Network = "bridge", Driver = "bridge", Parent = "ct-bridge", Device = "eth0", Addresses = ["10.90.0.2/16", "fd00::2/64"] }],
    };
}
