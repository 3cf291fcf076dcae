using System.Net;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>The ways in which a container can be connected, each seen from inside its namespace.</summary>
public sealed class ModeTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public Task A_container_shares_anothers_network_and_follows_its_restarts() => RunAsync(async () =>
    {
        Container web = await engine.StartAsync(Sleeper() with { Name = "web", HostName = "webhost", NetworkMode = "bridge" });
        Container user = await engine.StartAsync(Sleeper() with { NetworkMode = "container:web", RestartPolicy = new RestartPolicy(RestartCondition.Always) });
        Assert.Equal(NamespaceOf(web), NamespaceOf(user));
        Assert.Equal("webhost", user.Configuration.HostName);
        Assert.Equal($"container:{web.Id}", user.Configuration.NetworkMode);
        Assert.Contains($"{web.Endpoints[0].Addresses[0]}\twebhost", Tool("nsenter", "-m", "-t", $"{user.ProcessId}", "/bin/cat", "/etc/hosts"), StringComparison.Ordinal);
        Assert.Equal(web.Endpoints[0].Addresses[0] + "\n", TryTool("nsenter", "-n", "-t", $"{user.ProcessId}", "dig", "@127.0.0.11", "+short", "web").Output);

        // Another name, another run: what counts is the container.
        await engine.Containers.RenameAsync(web.Id, "shop", Cancel);
        Container again = await engine.Containers.RestartAsync(web.Id, Fast, Cancel);
        Assert.NotEqual(NamespaceOf(again), NamespaceOf(user));
        // By its monitor, which reads no configuration of the engine's anew.
        Tool("kill", "-9", $"{user.ProcessId}");
        await EngineFixture.UntilAsync(() => Current(user.Id) is { State: ContainerState.Running, ProcessId: { } process } && process != user.ProcessId);
        Assert.Equal(NamespaceOf(again), NamespaceOf(Current(user.Id)));
        // By the engine.
        again = await engine.Containers.RestartAsync(web.Id, Fast, Cancel);
        user = await engine.Containers.RestartAsync(user.Id, Fast, Cancel);
        Assert.Equal(NamespaceOf(again), NamespaceOf(user));

        // While it does not run, limits can be changed, and nothing can be started.
        await engine.Containers.StopAsync(web.Id, Fast, Cancel);
        await engine.Containers.SetLimitAsync(user.Id, new ContainerLimit { Processes = 100 }, Cancel);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.RestartAsync(user.Id, Fast, Cancel));
        Assert.Equal(ErrorCode.ContainerNotRunning, error.Code);
        Assert.Equal(ContainerState.Exited, Current(user.Id).State);
        await engine.Containers.RemoveAsync(web.Id, new ContainerRemoveOptions(), Cancel);
        Assert.Equal(ErrorCode.ContainerNotFound, (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(user.Id, Cancel))).Code);

        await RefusedAsync(Sleeper() with { NetworkMode = "container:nobody" }, ErrorCode.ContainerNotFound, "nobody");
        await RefusedAsync(Sleeper() with { NetworkMode = $"container:{user.Id}", DnsServers = ["192.0.2.53"] }, ErrorCode.InvalidArgument, "-DnsServer");
        await RefusedAsync(Sleeper() with { NetworkMode = $"container:{user.Id}", HostEntries = ["a:192.0.2.1"] }, ErrorCode.InvalidArgument, "-HostEntry");
        await RefusedAsync(Sleeper() with { NetworkMode = $"container:{user.Id}", Ports = PortMapping.Parse("80") }, ErrorCode.InvalidArgument, "published");
    });

    [Fact]
    public Task A_container_joins_a_namespace_by_its_path_the_hosts_or_none() => RunAsync(async () =>
    {
        using SecondMachine second = new();
        second.Run("ip", "link", "add", "mark0", "type", "bridge");
        (int code, string output) = await engine.RunAsync(engine.Options("ip", "link", "show", "mark0") with { NetworkMode = $"ns:/proc/{second.ProcessId}/ns/net" });
        Assert.True(code == 0, output);
        foreach (string path in (string[])["/run/netns/is-not-there", "/etc/hostname"])
        {
            Container made = await engine.Containers.CreateAsync(Sleeper() with { NetworkMode = "ns:" + path }, Cancel);
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(made.Id, Cancel));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.NotEqual(ContainerState.Running, Current(made.Id).State);
        }

        Container host = await engine.StartAsync(Sleeper() with { NetworkMode = "host", HostEntries = ["box:host-gateway", "other:192.0.2.9"] });
        Assert.Equal(new FileInfo("/proc/self/ns/net").LinkTarget, NamespaceOf(host));
        string hosts = Tool("nsenter", "-m", "-t", $"{host.ProcessId}", "/bin/cat", "/etc/hosts");
        Assert.Contains("127.0.0.1\tbox\n192.0.2.9\tother\n", hosts, StringComparison.Ordinal);

        (code, output) = await engine.RunAsync(engine.Options("sh", "-c", "ip addr; ip route; cat /etc/hosts; cat /etc/hostname; ping -c 1 -w 5 127.0.0.1 > /dev/null && echo up") with { NetworkMode = "none", HostName = "alone" });
        Assert.Equal(0, code);
        Assert.DoesNotContain("2: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("default", output, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1\talone\n", output, StringComparison.Ordinal);
        Assert.EndsWith("\nalone\nup\n", output, StringComparison.Ordinal);
        await RefusedAsync(Sleeper() with { NetworkMode = "none", Ports = PortMapping.Parse("80") }, ErrorCode.InvalidArgument, "'none'");
        await RefusedAsync(Sleeper() with { NetworkMode = "none", HostEntries = ["box:host-gateway"] }, ErrorCode.InvalidArgument, "host-gateway");
        await RefusedAsync(Sleeper() with { NetworkMode = "ns:relative" }, ErrorCode.InvalidArgument, "absolute");
        await RefusedAsync(Sleeper() with { NetworkMode = "nowhere" }, ErrorCode.NetworkNotFound, "nowhere");
    });

    [Fact]
    public Task An_internal_network_has_no_way_out_and_none_in() => RunAsync(async () =>
    {
        using SecondMachine second = new();
        second.Join("192.0.2");
        try
        {
            await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "inner", Internal = true, Subnets = [IPNetwork.Parse("10.98.0.0/24")] }, Cancel);
            await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "outer", Subnets = [IPNetwork.Parse("10.97.0.0/24")] }, Cancel);
            Container one = await engine.StartAsync(Sleeper() with { Name = "one", NetworkMode = "inner" });
            Container two = await engine.StartAsync(Sleeper() with { Name = "two", NetworkMode = "inner" });
            Container outside = await engine.StartAsync(Sleeper() with { NetworkMode = "outer" });
            Assert.DoesNotContain("default", In(one, "ip", "route").Output, StringComparison.Ordinal);
            Assert.True(Reaches(one, "10.98.0.3"));
            // Even with a route, nothing is passed on: not to another machine, not to another network, and not from there.
            Assert.Equal(0, In(one, "ip", "route", "add", "default", "via", "10.98.0.1").Code);
            Assert.False(Pings(one, "192.0.2.2"));
            Assert.False(Pings(one, outside.Endpoints[0].Addresses[0].ToString()));
            Assert.False(Pings(outside, "10.98.0.2"));
            second.Run("ip", "route", "add", "10.98.0.0/24", "via", "192.0.2.1");
            Assert.NotEqual(0, second.TryRun("busybox", "ping", "-c", "1", "-W", "1", "10.98.0.2").Code);
            Assert.True(Reaches(outside, "192.0.2.2"));
            await RefusedAsync(Sleeper() with { NetworkMode = "inner", Ports = PortMapping.Parse("80") }, ErrorCode.InvalidArgument, "internal");

            // In both, the way out is the other, whatever the order; ports lead there too.
            Container both = await engine.StartAsync(Sleeper() with { Networks = [NetworkAttachment.Parse("name=inner,priority=9"), NetworkAttachment.Parse("outer")], Ports = PortMapping.Parse("8080:80") });
            Assert.Contains("default via 10.97.0.1 dev eth1", In(both, "ip", "route").Output, StringComparison.Ordinal);
            Assert.True(Reaches(both, "10.98.0.2") && Reaches(both, "192.0.2.2"));
            Assert.Contains("8080 : 10.97.0.3 . 80", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);
            Assert.Equal("10.98.0.2\n", In(both, "dig", "@127.0.0.11", "+short", "one").Output);
        }
        finally
        {
            TryTool("ip", "link", "del", "up0");
        }
    });

    [Fact]
    public Task The_default_route_goes_by_the_network_of_the_highest_priority() => RunAsync(async () =>
    {
        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "four", Subnets = [IPNetwork.Parse("10.98.0.0/24")] }, Cancel);
        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "six", Subnets = [IPNetwork.Parse("10.97.0.0/24")], IPv6 = true }, Cancel);
        Container peer = await engine.StartAsync(Sleeper() with { Name = "peer", NetworkMode = "six" });
        Container both = await engine.StartAsync(Sleeper() with { Networks = [NetworkAttachment.Parse("six"), NetworkAttachment.Parse("name=four,priority=5,ip=10.98.0.77")] });
        Assert.Equal(["four", "six"], both.Endpoints.Select(endpoint => endpoint.Network));
        Assert.Contains("default via 10.98.0.1 dev eth0", In(both, "ip", "route").Output, StringComparison.Ordinal);
        // Of IPv6 only the other has anything.
        Assert.Contains("dev eth1", In(both, "ip", "-6", "route", "show", "default").Output, StringComparison.Ordinal);
        Assert.Contains("inet 10.98.0.77/24", In(both, "ip", "addr", "show", "eth0").Output, StringComparison.Ordinal);
        Assert.StartsWith("fd", peer.Endpoints[0].Addresses[1].ToString(), StringComparison.Ordinal);
        Assert.True(Reaches(both, peer.Endpoints[0].Addresses[1].ToString()));
        Assert.True(Reaches(both, peer.Endpoints[0].Addresses[0].ToString()));
        await RefusedAsync(Sleeper() with { Networks = [NetworkAttachment.Parse("six"), NetworkAttachment.Parse("host")] }, ErrorCode.InvalidArgument, "host");
        await RefusedAsync(Sleeper() with { Networks = [NetworkAttachment.Parse("six"), NetworkAttachment.Parse("six")] }, ErrorCode.InvalidArgument, "twice");
    });

    [Fact]
    public Task A_macvlan_container_is_a_machine_of_its_own_on_the_hosts_network() => RunAsync(async () =>
    {
        Assert.SkipWhen(TryTool("unshare", "-n", "sh", "-c", "ip link add v0 type veth peer name v1 && ip link add m0 link v0 type macvlan mode bridge").Code != 0, "needs macvlan, which this kernel does not have");
        using SecondMachine second = new();
        second.Join("192.0.2");
        try
        {
            await engine.Engine.Networks.CreateAsync(
                new NetworkCreateOptions { Name = "lan", Driver = "macvlan", Interface = "up0", Subnets = [IPNetwork.Parse("192.0.2.0/24")], Gateways = [IPAddress.Parse("192.0.2.2")], Ranges = [IPNetwork.Parse("192.0.2.64/26")] }, Cancel);
            // What another machine has, and what the host has, is not given away.
            second.Run("ip", "addr", "add", "192.0.2.64/24", "dev", "up1");
            Ip("addr", "add", "192.0.2.65/24", "dev", "up0");
            Container one = await engine.StartAsync(Sleeper() with { Name = "one", NetworkMode = "lan" });
            foreach (string other in (string[])["192.0.2.64", "192.0.2.65"])
            {
                Container made = await engine.Containers.CreateAsync(Sleeper() with { Networks = [NetworkAttachment.Parse($"name=lan,ip={other}")] }, Cancel);
                Assert.Equal(ErrorCode.AddressInUse, (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(made.Id, Cancel))).Code);
            }

            Container two = await engine.StartAsync(Sleeper() with { Name = "two", NetworkMode = "lan" });
            Assert.Equal("192.0.2.67", two.Endpoints[0].Addresses[0].ToString());
            Assert.Contains("default via 192.0.2.2", In(one, "ip", "route").Output, StringComparison.Ordinal);
            Assert.True(Reaches(one, "192.0.2.2") && Reaches(one, "192.0.2.67"));
            Assert.True(NetworkMachine.Reaches(second.ProcessId, "192.0.2.66"));
            Assert.Equal("192.0.2.67\n", In(one, "dig", "@127.0.0.11", "+short", "two").Output);
            await RefusedAsync(Sleeper() with { NetworkMode = "lan", Ports = PortMapping.Parse("80") }, ErrorCode.InvalidArgument, "macvlan");
            await RefusedAsync(Sleeper() with { NetworkMode = "lan", HostEntries = ["box:host-gateway"] }, ErrorCode.InvalidArgument, "host-gateway");
            // A firewall is of no concern to it.
            Tool("nft", "flush", "ruleset");
            await engine.Containers.RestartAsync(one.Id, Fast, Cancel);
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "far", Driver = "macvlan", Interface = "absent0" }, Cancel));
            Assert.Equal(ErrorCode.InvalidArgument, error.Code);
            await RemoveAsync(one, two);
            await engine.Engine.Networks.RemoveAsync("lan", Cancel);
            Assert.Contains("up0", Ip("link"), StringComparison.Ordinal);
        }
        finally
        {
            TryTool("ip", "link", "del", "up0");
        }
    });

    [Fact]
    public Task An_ipvlan_works_or_is_refused_in_a_sentence() => RunAsync(async () =>
    {
        bool hasIpvlan = TryTool("unshare", "-n", "sh", "-c", "ip link add v0 type veth peer name v1 && ip link add i0 link v0 type ipvlan").Code == 0;
        using SecondMachine second = new();
        second.Join("192.0.2");
        try
        {
            await engine.Engine.Networks.CreateAsync(
                new NetworkCreateOptions { Name = "lan", Driver = "ipvlan", Interface = "up0", Subnets = [IPNetwork.Parse("192.0.2.0/24")], Gateways = [IPAddress.Parse("192.0.2.2")], Ranges = [IPNetwork.Parse("192.0.2.64/26")] }, Cancel);
            Container made = await engine.Containers.CreateAsync(Sleeper() with { NetworkMode = "lan" }, Cancel);
            if (hasIpvlan)
            {
                Assert.True(Reaches(await engine.Containers.StartAsync(made.Id, Cancel), "192.0.2.2"));
                return;
            }

            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(made.Id, Cancel));
            Assert.Equal(ErrorCode.NotSupported, error.Code);
            Assert.Contains("ipvlan", error.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(engine.Paths.NetworkRun("lan"), "addresses")));
        }
        finally
        {
            TryTool("ip", "link", "del", "up0");
        }
    });

    private static ContainerStopOptions Fast => new() { Timeout = TimeSpan.Zero };

    private ContainerCreateOptions Sleeper() => engine.Options("sleep", "10000");

    private Container Current(string id) => engine.Containers.GetAsync(id, Cancel).GetAwaiter().GetResult();

    private async Task RefusedAsync(ContainerCreateOptions options, ErrorCode code, string words)
    {
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.CreateAsync(options, Cancel));
        Assert.Equal(code, error.Code);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    private async Task RemoveAsync(params Container[] containers)
    {
        foreach (Container container in containers) await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
    }

    private static string? NamespaceOf(Container container) => new FileInfo($"/proc/{container.ProcessId}/ns/net").LinkTarget;

    private static (int Code, string Output) In(Container container, params string[] command) => TryTool("nsenter", ["-n", "-t", $"{container.ProcessId}", .. command]);

    private static bool Reaches(Container container, string address) => NetworkMachine.Reaches($"{container.ProcessId}", address);

    private static bool Pings(Container container, string address) => In(container, "busybox", "ping", "-c", "1", "-W", "1", address).Code == 0;
}
