using System.Net;
using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using Xunit;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>The packet filter with very many published ports, by what nft shows of it.</summary>
public sealed class PublishedPortTests
{
    private const int Many = 1000;

    [Fact]
    public Task A_thousand_published_ports_are_elements_of_maps_and_no_rules() => RunAsync(() =>
    {
        PacketFilter.AddNetwork(new ContainerNetwork
        {
            Name = "red",
            Driver = "bridge",
            Interface = "ct-red",
            Subnets = [new NetworkSubnet(IPNetwork.Parse("10.99.0.0/16"), IPAddress.Parse("10.99.0.1")), new NetworkSubnet(IPNetwork.Parse("fd00:99::/64"), IPAddress.Parse("fd00:99::1"))],
        });
        int rules = Rules();
        int lines = Lines();
        // One by one, as containers come.
        for (int i = 0; i < Many - 1; i++) PacketFilter.AddPorts(Plan(10000 + i, 2 + i));
        Assert.Equal(Many - 1, Elements("ports4").Length);
        Assert.Equal(Many - 1, Elements("ports6").Length);

        NetworkPlan last = Plan(20000, 5000);
        PacketFilter.AddPorts(last);
        Assert.Equal(rules, Rules());
        // Readable: an element is (half) a line, and nothing else has become longer.
        Assert.InRange(Lines() - lines, 1, 2 * Many);
        string text = Tool("nft", "list", "map", "inet", "containertools", "ports4");
        Assert.Contains("tcp . 20000 : 10.99.19.136 . 80", text, StringComparison.Ordinal);
        Assert.Contains("tcp . 10998 : 10.99.3.232 . 80", text, StringComparison.Ordinal);

        // A rest of a lost run has the same key and leads elsewhere: replaced by who holds the port now.
        PacketFilter.AddPorts(Plan(20000, 6000));
        Assert.Contains("tcp . 20000 : 10.99.23.112 . 80", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);

        // All or none where some are gone already, and no error.
        Tool("nft", "delete element inet containertools ports4 { tcp . 10000 }");
        PacketFilter.RemovePorts(new NetworkPlan { Id = "x", NetworksRun = "/none", Ports = PortMapping.Parse("10000-10998:80-1078"), Endpoints = Plan(1, 2).Endpoints });
        PacketFilter.RemovePorts(last);
        Assert.Empty(Elements("ports4"));
        Assert.Empty(Elements("ports6"));
        PacketFilter.RemovePorts(last);
        return Task.CompletedTask;
    });

    [Fact]
    public Task A_range_of_ports_is_one_transaction() => RunAsync(() =>
    {
        PacketFilter.AddNetwork(new ContainerNetwork { Name = "red", Driver = "bridge", Interface = "ct-red", Subnets = [new NetworkSubnet(IPNetwork.Parse("10.99.0.0/16"), IPAddress.Parse("10.99.0.1"))] });
        NetworkPlan plan = Plan(1, 2) with { Ports = PortMapping.Parse("1000-9999:1000-9999/udp") };
        PacketFilter.AddPorts(plan);
        Assert.Equal(9000, Elements("ports4").Length);
        PacketFilter.RemovePorts(plan);
        Assert.Empty(Elements("ports4"));

        // All or none: one that is there already is enough for none to be added.
        Tool("nft", "add element inet containertools ports4 { udp . 5000 : 10.99.0.9 . 9 }");
        using FilterNetlink filter = new();
        Assert.Equal(Errno.EEXIST, filter.TryAdd("containertools", PortElements.Of(plan, withValues: true), out _));
        Assert.Single(Elements("ports4"));
        return Task.CompletedTask;
    });

    [Fact]
    public Task Without_the_table_no_port_is_published() => RunAsync(() =>
    {
        using FilterNetlink filter = new();
        Assert.False(filter.HasElement("containertools", "bridges", FilterElement.InterfaceName("ct-red")));
        ContainerException error = Assert.Throws<ContainerException>(() => PacketFilter.AddPorts(Plan(8080, 2)));
        Assert.Equal(ErrorCode.KernelError, error.Code);
        Assert.Contains("Repair-ContainerNetwork", error.Message, StringComparison.Ordinal);
        PacketFilter.RemovePorts(Plan(8080, 2));
        Assert.DoesNotContain("containertools", Tool("nft", "list", "ruleset"), StringComparison.Ordinal);
        return Task.CompletedTask;
    });

    [Fact]
    public Task Ports_are_added_where_they_are_missing_and_removed_where_they_are_ones_own() => RunAsync(() =>
    {
        PacketFilter.AddNetwork(new ContainerNetwork { Name = "red", Driver = "bridge", Interface = "ct-red", Subnets = [new NetworkSubnet(IPNetwork.Parse("10.99.0.0/16"), IPAddress.Parse("10.99.0.1"))] });
        NetworkPlan plan = Plan(1, 2) with { Ports = PortMapping.Parse("8000-8002:80-82") };
        PacketFilter.AddPorts(plan);
        Tool("nft", "delete element inet containertools ports4 { tcp . 8001 }");
        PacketFilter.EnsurePorts(plan);
        Assert.Equal(3, Elements("ports4").Length);
        PacketFilter.EnsurePorts(plan);
        Assert.Equal(3, Elements("ports4").Length);

        // Another run has one of them by now; the rest of the lost one goes all the same, also what is not there any more.
        Tool("nft", "delete element inet containertools ports4 { tcp . 8001, tcp . 8002 }");
        Tool("nft", "add element inet containertools ports4 { tcp . 8001 : 10.99.0.9 . 81 }");
        PacketFilter.RemoveLostPorts(plan);
        JsonElement other = Assert.Single(Elements("ports4"));
        Assert.Contains("10.99.0.9", other.ToString(), StringComparison.Ordinal);
        Assert.Empty(Elements("ports6"));

        // Who holds the sockets replaces what leads elsewhere.
        PacketFilter.EnsurePorts(plan);
        Assert.Equal(3, Elements("ports4").Length);
        Assert.DoesNotContain("10.99.0.9", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);
        PacketFilter.RemoveLostPorts(plan);
        Assert.Empty(Elements("ports4"));
        return Task.CompletedTask;
    });

    private static NetworkPlan Plan(int port, int place) => new()
    {
        Id = "x",
        NetworksRun = "/none",
        Ports = PortMapping.Parse($"{port}:80"),
        Endpoints = [new EndpointPlan { Network = "red", Driver = "bridge", Parent = "ct-red", Device = "eth0", Addresses = [$"10.99.{place >> 8}.{place & 255}/16", $"fd00:99::{place:x}/64"] }],
    };

    private static int Rules() => Objects().Count(static item => item.TryGetProperty("rule", out _));

    private static int Lines() => Tool("nft", "list", "table", "inet", "containertools").Split('\n').Length;

    private static JsonElement[] Elements(string map) => [.. Objects()
        .Where(static item => item.TryGetProperty("map", out _)).Select(static item => item.GetProperty("map")).Where(item => item.GetProperty("name").GetString() == map)
        .SelectMany(static item => item.TryGetProperty("elem", out JsonElement all) ? all.EnumerateArray().ToArray() : [])];

    private static JsonElement[] Objects()
        => [.. JsonDocument.Parse(Tool("nft", "-j", "list", "table", "inet", "containertools")).RootElement.GetProperty("nftables").EnumerateArray()];
}
