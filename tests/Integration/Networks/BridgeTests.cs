using System.Net;
using System.Net.Sockets;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>Containers in bridge networks, on the real kernel, in a network namespace of the test's own.</summary>
public sealed class BridgeTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    // timeout(1): nobody has answered.
    private const int TimedOut = 124;
    private const string Serve = "mkdir -p /tmp/w && echo served > /tmp/w/index.html && httpd -p 80 -h /tmp/w && echo up && sleep 10000";

    [Fact]
    public Task A_container_has_an_address_a_route_and_its_own_files() => RunAsync(async () =>
    {
        (int code, string output) = await engine.RunAsync(engine.Options("sh", "-c", "ip addr show eth0; ip route; cat /etc/hosts /etc/resolv.conf; ping -c 1 -w 5 172.17.0.1") with { NetworkMode = "bridge", HostName = "web" });
        Assert.True(code == 0, output);
        Assert.Contains("inet 172.17.0.2/16", output, StringComparison.Ordinal);
        Assert.Contains("link/ether 02:42:ac:11:00:02", output, StringComparison.Ordinal);
        Assert.Contains("default via 172.17.0.1 dev eth0", output, StringComparison.Ordinal);
        Assert.Contains("172.17.0.2\tweb", output, StringComparison.Ordinal);
        Assert.Contains("nameserver 127.0.0.11", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(engine.Paths.NetworkRun("bridge"), "addresses")));
        await EngineFixture.UntilAsync(() => !Ip("link").Contains(": ve", StringComparison.Ordinal));
    });

    [Fact]
    public Task A_published_server_is_reached_from_another_machine_by_localhost_and_by_containers() => RunAsync(async () =>
    {
        using SecondMachine second = new();
        try
        {
            Ip("link", "add", "up0", "type", "veth", "peer", "name", "up1", "netns", second.ProcessId);
            Ip("addr", "add", "192.0.2.1/24", "dev", "up0");
            Ip("link", "set", "up0", "up");
            second.Run("ip", "addr", "add", "192.0.2.2/24", "dev", "up1");
            second.Run("ip", "link", "set", "up1", "up");

            Container web = await engine.StartAsync(engine.Options("sh", "-c", Serve) with
            {
                NetworkMode = "bridge",
                Ports = [.. PortMapping.Parse("8080:80"), .. PortMapping.Parse("127.0.0.1:8081:80"), .. PortMapping.Parse("80")],
            });
            await engine.WaitForLineAsync(web.Id, "up");
            int chosen = web.Ports[2].HostPort;
            Assert.InRange(chosen, 1024, 65535);
            Assert.Equal("172.17.0.2", Assert.Single(web.Endpoints).Addresses[0].ToString());

            Assert.Equal("served\n", Tool("busybox", "wget", "-qO-", "http://127.0.0.1:8080/"));
            Assert.Equal("served\n", Tool("busybox", "wget", "-qO-", "http://192.0.2.1:8080/"));
            Assert.Equal("served\n", Tool("busybox", "wget", "-qO-", "http://127.0.0.1:8081/"));
            Assert.Equal("served\n", Tool("busybox", "wget", "-qO-", $"http://127.0.0.1:{chosen}/"));
            Assert.Equal("served\n", second.Run("busybox", "wget", "-qO-", "http://192.0.2.1:8080/"));
            Assert.Contains("refused", second.TryRun("busybox", "wget", "-qO-", "http://192.0.2.1:8081/").Output, StringComparison.Ordinal);

            // The host's address leads back to the bridge it came from (hairpin), for another container.
            (int code, string output) = await engine.RunAsync(engine.Options("wget", "-qO-", "http://192.0.2.1:8080/") with { NetworkMode = "bridge" });
            Assert.Equal((0, "served\n"), (code, output));

            // What is not published is not reached, even by its own address.
            second.Run("ip", "route", "add", "172.17.0.0/16", "via", "192.0.2.1");
            Assert.Equal(TimedOut, second.TryRun("timeout", "2", "busybox", "wget", "-qO-", "http://172.17.0.2/").Code);
            // What a container sends out has the host's address, and comes back.
            Assert.Equal(0, TryTool("nsenter", "-n", "-t", $"{web.ProcessId}", "busybox", "ping", "-c", "1", "-w", "5", "192.0.2.2").Code);

            // A second one is refused before it has anything.
            Container late = await engine.Containers.CreateAsync(engine.Options("sleep", "1") with { NetworkMode = "bridge", Ports = PortMapping.Parse("8080:80") }, Cancel);
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(late.Id, Cancel));
            Assert.Equal(ErrorCode.PortInUse, error.Code);
            Assert.Equal("served\n", Tool("busybox", "wget", "-qO-", "http://127.0.0.1:8080/"));

            await engine.Containers.RemoveAsync(web.Id, new ContainerRemoveOptions { Force = true }, Cancel);
            Assert.DoesNotContain("elements = { tcp", Tool("nft", "list", "table", "inet", "containertools"), StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(engine.Paths.NetworkRun("bridge"), "addresses")));
        }
        finally
        {
            TryTool("ip", "link", "del", "up0");
        }
    });

    [Fact]
    public Task A_service_of_the_hosts_gets_the_port_of_a_lost_monitor() => RunAsync(async () =>
    {
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", Ports = PortMapping.Parse("8080:80") });
        // A repair beside it finds nothing to do, and puts back what somebody has taken away.
        Tool("nft", "delete element inet containertools ports4 { tcp . 8080 }");
        await engine.Engine.Networks.RepairAsync("bridge", TestToken.Cancel);
        Assert.Contains("tcp . 8080", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);
        await engine.Engine.Networks.RepairAsync("bridge", TestToken.Cancel);
        Tool("kill", "-9", $"{web.MonitorProcessId}");
        await EngineFixture.UntilAsync(() => !Directory.Exists($"/proc/{web.MonitorProcessId}"));
        using TcpListener service = new(IPAddress.Any, 8080);
        service.Start();
        Assert.Equal(ContainerState.Exited, (await engine.Containers.GetAsync(web.Id, TestToken.Cancel)).State);
        Assert.DoesNotContain("8080", Tool("nft", "list", "table", "inet", "containertools"), StringComparison.Ordinal);
    });

    [Fact]
    public Task Nothing_comes_to_the_host_in_the_name_of_the_host() => RunAsync(async () =>
    {
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge" });
        using UdpClient service = new(new IPEndPoint(IPAddress.Any, 5353));
        string gateway = $"{(await engine.Engine.Networks.ListAsync(TestToken.Cancel).FirstAsync(network => network.Name == "bridge", TestToken.Cancel)).Subnets[0].Gateway}";
        foreach (string device in (string[])["all", "ct-bridge"]) File.WriteAllText($"/proc/sys/net/ipv4/conf/{device}/rp_filter", "0");
        // As a container with CAP_NET_RAW or CAP_NET_ADMIN can do it: an address of 127/8 on its device, and what lets the kernel send from it.
        string send = $"ip addr add 127.0.0.2/32 dev eth0 && echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet && ip route add {gateway}/32 dev eth0 src 127.0.0.2";
        Assert.Equal("", Tool("nsenter", "-n", "-t", $"{web.ProcessId}", "sh", "-c", send));
        Within(web.ProcessId!.Value, () =>
        {
            using UdpClient client = new(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
            client.Send([1], new IPEndPoint(IPAddress.Parse(gateway), 5353));
            using UdpClient honest = new(new IPEndPoint(web.Endpoints[0].Addresses[0], 0));
            return honest.Send([2], new IPEndPoint(IPAddress.Parse(gateway), 5353));
        });
        // What comes in its own name comes later, and first.
        Assert.Equal([2], (await service.ReceiveAsync(TestToken.Cancel)).Buffer);
    });

    [Fact]
    public Task A_lost_monitor_leaves_nothing() => RunAsync(async () =>
    {
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", Ports = PortMapping.Parse("8080:80") });
        Assert.Contains("tcp . 8080 : 172.17.0.2 . 80", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);
        Tool("kill", "-9", $"{web.MonitorProcessId}");
        await EngineFixture.UntilAsync(() => !Directory.Exists($"/proc/{web.MonitorProcessId}"));
        Assert.Equal(ContainerState.Exited, (await engine.Containers.GetAsync(web.Id, Cancel)).State);
        Assert.DoesNotContain("8080", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(engine.Paths.NetworkRun("bridge"), "addresses")));
        Assert.Equal(ContainerState.Running, (await engine.Containers.StartAsync(web.Id, Cancel)).State);
    });

    [Fact]
    public Task Networks_are_apart_and_parallel_starts_get_different_addresses() => RunAsync(async () =>
    {
        ContainerNetwork red = await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
        ContainerNetwork blue = await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "blue", Subnets = [IPNetwork.Parse("10.99.0.0/24"), IPNetwork.Parse("fd00:99::/64")] }, Cancel);
        Assert.False(red.Subnets[0].Subnet.Contains(blue.Subnets[0].Gateway));
        ContainerException overlap = await Assert.ThrowsAsync<ContainerException>(
            () => engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "green", Subnets = [IPNetwork.Parse("10.99.0.128/25")] }, Cancel));
        Assert.Equal(ErrorCode.SubnetOverlaps, overlap.Code);

        Container[] all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "blue" })));
        Assert.Equal(20, all.Select(container => container.Endpoints[0].Addresses[0]).Distinct().Count());
        Container other = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "red" });
        string from = $"{all[0].ProcessId}";
        Assert.Equal(0, TryTool("nsenter", "-n", "-t", from, "busybox", "ping", "-c", "1", "-w", "5", all[1].Endpoints[0].Addresses[0].ToString()).Code);
        Assert.Equal(0, TryTool("nsenter", "-n", "-t", from, "busybox", "ping", "-c", "1", "-w", "5", all[1].Endpoints[0].Addresses[1].ToString()).Code);
        Assert.NotEqual(0, TryTool("nsenter", "-n", "-t", from, "busybox", "ping", "-c", "1", "-w", "2", other.Endpoints[0].Addresses[0].ToString()).Code);
        ContainerException used = await Assert.ThrowsAsync<ContainerException>(() => engine.Engine.Networks.RemoveAsync("red", Cancel));
        Assert.Equal(ErrorCode.NetworkInUse, used.Code);

        // A firewall that is loaded again, and a bridge that somebody removes.
        Tool("nft", "flush", "ruleset");
        Ip("link", "del", blue.Interface);
        await engine.Engine.Networks.RepairAsync("blue", Cancel);
        Assert.Equal(0, TryTool("nsenter", "-n", "-t", from, "busybox", "ping", "-c", "1", "-w", "5", all[1].Endpoints[0].Addresses[0].ToString()).Code);
        Assert.Contains(blue.Interface, Tool("nft", "list", "set", "inet", "containertools", "bridges"), StringComparison.Ordinal);
        foreach (Container container in all.Append(other)) await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        await engine.Engine.Networks.RemoveAsync("red", Cancel);
        await engine.Engine.Networks.RemoveAsync("blue", Cancel);
        Assert.DoesNotContain("ct-", Ip("link"), StringComparison.Ordinal);
    });
}
