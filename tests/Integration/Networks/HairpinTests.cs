using System.Net;
using System.Text.Json;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>A container that asks its own published port by the host's address, where the kernel filters bridged packets, and where it does not.</summary>
public sealed class HairpinTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private const string Bridged = "/proc/sys/net/bridge/";
    private const string Serve = "mkdir -p /tmp/w && echo served > /tmp/w/index.html && httpd -p 80 -h /tmp/w && echo up && sleep 10000";

    private INetworkOperations Networks => engine.Engine.Networks;

    [Fact]
    public Task A_container_reaches_itself_by_the_hosts_address_where_bridged_packets_are_filtered() => RunAsync(() => ReachesItselfAsync(filtered: true));

    [Fact]
    public Task A_container_reaches_itself_by_the_hosts_address_where_they_are_not() => RunAsync(() => ReachesItselfAsync(filtered: false));

    [Fact]
    public Task Without_published_ports_nothing_comes_back_to_its_sender() => RunAsync(async () =>
    {
        await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge" });
        Assert.Equal(["False"], Modes());
        await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", Ports = PortMapping.Parse("8080:80") });
        Assert.Equal(["False", "True"], Modes());
    });

    private async Task ReachesItselfAsync(bool filtered)
    {
        Assert.SkipUnless(Directory.Exists(Bridged), "needs br_netfilter, which this kernel does not have");
        foreach (string parameter in (string[])["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"]) await File.WriteAllTextAsync(Bridged + parameter, filtered ? "1" : "0", Cancel);
        Ip("addr", "add", "192.0.2.1/32", "dev", "lo");
        Ip("addr", "add", "fd00:2::1/128", "dev", "lo", "nodad");
        ContainerNetwork red = await Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.62.0.0/24"), IPNetwork.Parse("fd00:62::/64")] }, Cancel);
        ContainerNetwork blue = await Networks.CreateAsync(new NetworkCreateOptions { Name = "blue", Subnets = [IPNetwork.Parse("10.63.0.0/24"), IPNetwork.Parse("fd00:63::/64")] }, Cancel);
        Container web = await engine.StartAsync(engine.Options("sh", "-c", Serve) with { NetworkMode = "red", Ports = PortMapping.Parse("8080:80") });
        await engine.WaitForLineAsync(web.Id, "up");
        AssertReached(web);

        // The bridge is removed behind the engine's back, and made again.
        Ip("link", "del", red.Interface);
        await Networks.RepairAsync("red", Cancel);
        AssertReached(web);

        // The ports lead to a network that it came into later.
        await Networks.ConnectAsync(web.Id, NetworkAttachment.Parse("blue"), Cancel);
        await Networks.DisconnectAsync(web.Id, "red", Cancel);
        Assert.Contains("10.63.0.", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);
        Assert.Equal(blue.Name, (await engine.Containers.GetAsync(web.Id, Cancel)).Endpoints.Single().Network);
        AssertReached(web);
    }

    // Long enough for any machine: what cannot arrive is waited for only where this fails.
    private static void AssertReached(Container container)
    {
        foreach (string address in (string[])["192.0.2.1", "[fd00:2::1]"])
        {
            Assert.Equal("served\n", Tool("nsenter", "-n", "-t", $"{container.ProcessId}", "timeout", "60", "busybox", "wget", "-qO-", $"http://{address}:8080/"));
        }
    }

    private static string[] Modes() => [.. JsonDocument.Parse(Ip("-j", "-d", "link", "show", "master", "ct-bridge")).RootElement.EnumerateArray()
        .Select(static port => port.GetProperty("linkinfo").GetProperty("info_slave_data").GetProperty("hairpin").ToString()).Order(StringComparer.Ordinal)];
}
