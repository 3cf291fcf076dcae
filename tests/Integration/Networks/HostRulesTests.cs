using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>What the machine forwards for containers, and what it does not.</summary>
public sealed class HostRulesTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private const string Forwarding = "/proc/sys/net/ipv4/ip_forward";

    private INetworkOperations Networks => engine.Engine.Networks;

    [Fact]
    public Task A_machine_that_was_no_router_is_none_for_others() => RunAsync(async () =>
    {
        using SecondMachine left = new(), right = new();
        await File.WriteAllTextAsync(Forwarding, "0", Cancel);
        Join(left, "left", "192.0.2");
        Join(right, "right", "198.51.100");
        Assert.NotEqual(0, Ping(left, "198.51.100.2", 1));

        ContainerNetwork red = await MakeAsync("red");
        Assert.Contains("net.ipv4.ip_forward", Assert.Single(red.Warnings), StringComparison.Ordinal);
        Assert.Empty((await MakeAsync("blue")).Warnings);
        Assert.Equal("1", (await File.ReadAllTextAsync(Forwarding, Cancel)).Trim());
        Container container = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "red" });
        Assert.Equal(0, TryTool("nsenter", "-n", "-t", $"{container.ProcessId}", "busybox", "ping", "-c", "1", "198.51.100.2").Code);
        Assert.NotEqual(0, Ping(left, "198.51.100.2", 1));

        // The rule comes back with the others, and goes when somebody wants a router.
        Tool("nft", "flush", "ruleset");
        await Networks.RepairAsync("red", Cancel);
        Assert.NotEqual(0, Ping(left, "198.51.100.2", 1));
        Tool("nft", "flush", "chain", "inet", "containertools", "foreign4");
        Assert.Equal(0, Ping(left, "198.51.100.2", 30));
    });

    [Fact]
    public Task A_machine_that_was_a_router_stays_one() => RunAsync(async () =>
    {
        using SecondMachine left = new(), right = new();
        await File.WriteAllTextAsync(Forwarding, "1", Cancel);
        Join(left, "left", "192.0.2");
        Join(right, "right", "198.51.100");
        Assert.Empty((await MakeAsync("red")).Warnings);
        Assert.Equal(0, Ping(left, "198.51.100.2", 30));
    });

    [Fact]
    public Task The_start_that_switches_forwarding_on_says_so() => RunAsync(async () =>
    {
        await File.WriteAllTextAsync(Forwarding, "0", Cancel);
        Container first = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge" });
        Assert.Single(first.Warnings);
        Assert.Empty((await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge" })).Warnings);
    });

    [Fact]
    public Task Networks_that_are_not_isolated_reach_each_other_and_no_others() => RunAsync(async () =>
    {
        await MakeAsync("red", isolated: false);
        await MakeAsync("blue", isolated: false);
        await MakeAsync("green");
        Container red = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "red" });
        Container blue = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "blue" });
        Container green = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "green" });
        Assert.Equal(0, Ping(red, blue, 30));
        Assert.Equal(0, Ping(blue, red, 30));
        Assert.NotEqual(0, Ping(red, green, 1));
        Assert.NotEqual(0, Ping(green, blue, 1));
        foreach (Container container in (Container[])[red, blue, green]) await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        foreach (string name in (string[])["red", "blue", "green"]) await Networks.RemoveAsync(name, Cancel);
        Assert.DoesNotContain("ct-", Tool("nft", "list", "table", "inet", "containertools"), StringComparison.Ordinal);
    });

    private Task<ContainerNetwork> MakeAsync(string name, bool isolated = true)
        => Networks.CreateAsync(new NetworkCreateOptions { Name = name, IsolateFromOtherNetworks = isolated }, Cancel);

    // A machine at the other end of a cable, whose way out is this one.
    private static void Join(SecondMachine machine, string device, string network)
    {
        Ip("link", "add", device, "type", "veth", "peer", "name", "cable", "netns", machine.ProcessId);
        Ip("addr", "add", network + ".1/24", "dev", device);
        Ip("link", "set", device, "up");
        machine.Run("ip", "addr", "add", network + ".2/24", "dev", "cable");
        machine.Run("ip", "link", "set", "cable", "up");
        machine.Run("ip", "route", "add", "default", "via", network + ".1");
    }

    private static int Ping(SecondMachine from, string address, int seconds) => from.TryRun("busybox", "ping", "-c", "1", "-W", $"{seconds}", address).Code;

    private static int Ping(Container from, Container to, int seconds)
        => TryTool("nsenter", "-n", "-t", $"{from.ProcessId}", "busybox", "ping", "-c", "1", "-W", $"{seconds}", to.Endpoints[0].Addresses[0].ToString()).Code;
}
