using System.Globalization;
using System.Net;
using System.Text;
using ContainerTools.Integration.Tests.Containers;
using ContainerTools.Runtime.Networks;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>Containers that are put into networks and taken out of them, running and not.</summary>
public sealed class ConnectionTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private INetworkOperations Networks => engine.Engine.Networks;

    [Fact]
    public Task A_running_container_comes_into_a_network_and_out_again() => RunAsync(async () =>
    {
        await MakeNetworkAsync("red", "10.99.1.0/24", "fd00:99::/64");
        await MakeNetworkAsync("blue", "10.99.2.0/24");
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "blue", Ports = PortMapping.Parse("8080:80") });
        Container client = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "client", NetworkMode = "red" });
        Assert.NotEqual(0, TryPing(client, "10.99.1.50"));

        Container connected = await Networks.ConnectAsync("web", new NetworkAttachment
        {
            Network = "red",
            Aliases = ["www"],
            Address = IPAddress.Parse("10.99.1.50"),
            IPv6Address = IPAddress.Parse("fd00:99::50"),
            HardwareAddress = "02:aa:bb:cc:dd:ee",
        }, Cancel);

        Assert.Equal(["blue", "red"], connected.Endpoints.Select(endpoint => endpoint.Network));
        Assert.Equal(["blue", "red"], connected.Configuration.Networks.Select(network => network.Network));
        Assert.Equal("eth1", connected.Endpoints[1].Interface);
        Assert.Equal("02:aa:bb:cc:dd:ee", connected.Endpoints[1].HardwareAddress);
        Assert.Contains("link/ether 02:aa:bb:cc:dd:ee", Inside(web, "ip", "addr", "show", "eth1"), StringComparison.Ordinal);
        Assert.Equal((0, 0), (Ping(client, "10.99.1.50"), Ping(client, "fd00:99::50")));
        // By its name and its alias, over the resolver of the one that was there before.
        Assert.Contains("(10.99.1.50)", await ExecAsync(client, "ping", "-4", "-c", "1", "web"), StringComparison.Ordinal);
        Assert.Contains("(10.99.1.50)", await ExecAsync(client, "ping", "-4", "-c", "1", "www"), StringComparison.Ordinal);
        Assert.Contains("(10.99.1.", await ExecAsync(web, "ping", "-4", "-c", "1", "client"), StringComparison.Ordinal);
        // The file that is mounted says so as well, and the way out is as it was.
        Assert.Contains("10.99.1.50\t", await ExecAsync(web, "cat", "/etc/hosts"), StringComparison.Ordinal);
        Assert.Contains("default via 10.99.2.1 dev eth0", Inside(web, "ip", "route"), StringComparison.Ordinal);
        Assert.Contains(web.Id, (await Networks.ListAsync(Cancel).FirstAsync(network => network.Name == "red", Cancel)).Containers.Select(static member => member.Id));

        // For every later start as well, as it was asked for.
        await engine.Containers.StopAsync("web", new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Container again = await engine.Containers.StartAsync("web", Cancel);
        Assert.Equal("10.99.1.50", again.Endpoints.Single(endpoint => endpoint.Network == "red").Addresses[0].ToString());
        Assert.Equal(0, Ping(client, "10.99.1.50"));

        // Its published port goes to where it still is.
        Assert.Contains("10.99.2.", Ports(), StringComparison.Ordinal);
        Container moved = await Networks.DisconnectAsync("web", "blue", Cancel);
        Assert.Equal("red", Assert.Single(moved.Endpoints).Network);
        Assert.Contains("tcp . 8080 : 10.99.1.50 . 80", Ports(), StringComparison.Ordinal);
        Assert.Contains("default via 10.99.1.1", Inside(moved, "ip", "route"), StringComparison.Ordinal);
        Assert.Empty(Addresses("blue"));

        Container alone = await Networks.DisconnectAsync("web", "red", Cancel);
        Assert.Empty(alone.Endpoints);
        Assert.Empty(alone.Configuration.Networks);
        Assert.DoesNotContain("8080", Ports(), StringComparison.Ordinal);
        Assert.DoesNotContain("eth", Inside(alone, "ip", "link"), StringComparison.Ordinal);
        Assert.NotEqual(0, TryPing(client, "10.99.1.50"));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(engine.Paths.NetworkRun("red"), "names", "web")));
        Assert.Single(Addresses("red"), address => !address.Contains(':', StringComparison.Ordinal));

        // Without any, it starts with none, and can be put into one again.
        await engine.Containers.StopAsync("web", new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        await engine.Containers.StartAsync("web", Cancel);
        Container back = await Networks.ConnectAsync("web", NetworkAttachment.Parse("red"), Cancel);
        Assert.Equal(0, Ping(client, back.Endpoints[0].Addresses[0].ToString()));
        Assert.Contains(". 80", Ports(), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_container_that_does_not_run_has_the_network_from_its_next_start() => RunAsync(async () =>
    {
        await MakeNetworkAsync("red", "10.99.1.0/24");
        Container made = await engine.Containers.CreateAsync(engine.Options("sleep", "10000") with { Name = "later", NetworkMode = "bridge" }, Cancel);
        Container connected = await Networks.ConnectAsync("later", NetworkAttachment.Parse("name=red,ip=10.99.1.9,priority=5"), Cancel);
        Assert.Equal(["bridge", "red"], connected.Configuration.Networks.Select(network => network.Network));
        Assert.Empty(Addresses("red"));

        Container started = await engine.Containers.StartAsync(made.Id, Cancel);
        Assert.Equal(["red", "bridge"], started.Endpoints.Select(endpoint => endpoint.Network));
        Assert.Contains("default via 10.99.1.1", Inside(started, "ip", "route"), StringComparison.Ordinal);

        await engine.Containers.StopAsync("later", new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        await Networks.DisconnectAsync("later", "red", Cancel);
        Container without = await engine.Containers.StartAsync("later", Cancel);
        Assert.Equal("bridge", Assert.Single(without.Endpoints).Network);
        // A network with a higher priority takes the way out over at once, and gives it back.
        await Networks.ConnectAsync("later", NetworkAttachment.Parse("name=red,priority=1"), Cancel);
        Assert.Contains("default via 10.99.1.1", Inside(without, "ip", "route"), StringComparison.Ordinal);
        await Networks.DisconnectAsync("later", "red", Cancel);
        Assert.Contains($"default via {without.Endpoints[0].Gateways[0]}", Inside(without, "ip", "route"), StringComparison.Ordinal);
    });

    [Fact]
    public Task What_cannot_be_connected_is_refused_and_leaves_nothing() => RunAsync(async () =>
    {
        await MakeNetworkAsync("red", "10.99.1.0/24");
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "bridge" });
        Container owner = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "owner", Networks = [NetworkAttachment.Parse("name=red,ip=10.99.1.9")] });
        foreach (string mode in (string[])["none", "host", "container:web"])
        {
            Container other = await engine.Containers.CreateAsync(engine.Options("sleep", "10000") with { NetworkMode = mode }, Cancel);
            ContainerException refused = await RefusedAsync(ErrorCode.NetworkNotConnectable, () => Networks.ConnectAsync(other.Id, NetworkAttachment.Parse("red"), Cancel));
            Assert.Contains($"'{mode.Replace(web.Name, web.Id, StringComparison.Ordinal)}'", refused.Message, StringComparison.Ordinal);
            await RefusedAsync(ErrorCode.NetworkNotConnectable, () => Networks.DisconnectAsync(other.Id, "red", Cancel));
        }

        await RefusedAsync(ErrorCode.NetworkAlreadyConnected, () => Networks.ConnectAsync("web", NetworkAttachment.Parse("bridge"), Cancel));
        await RefusedAsync(ErrorCode.NetworkNotConnected, () => Networks.DisconnectAsync("web", "red", Cancel));
        await RefusedAsync(ErrorCode.NetworkNotFound, () => Networks.ConnectAsync("web", NetworkAttachment.Parse("green"), Cancel));
        await RefusedAsync(ErrorCode.NetworkNotFound, () => Networks.DisconnectAsync("web", "green", Cancel));
        await RefusedAsync(ErrorCode.AddressInUse, () => Networks.ConnectAsync("web", NetworkAttachment.Parse("name=red,ip=10.99.1.9"), Cancel));
        await RefusedAsync(ErrorCode.InvalidArgument, () => Networks.ConnectAsync("web", NetworkAttachment.Parse("name=red,ip=10.98.1.9"), Cancel));
        await RefusedAsync(ErrorCode.InvalidArgument, () => Networks.ConnectAsync("web", NetworkAttachment.Parse("name=red,ip6=fd00::9"), Cancel));
        await RefusedAsync(ErrorCode.InvalidArgument, () => Networks.ConnectAsync("web", NetworkAttachment.Parse("name=red,alias=a/b"), Cancel));

        // The monitor fails after it has made the device: the name of the next one is taken in the container's namespace.
        Inside(web, "ip", "link", "add", "eth1", "type", "veth", "peer", "name", "taken");
        ContainerException half = await RefusedAsync(ErrorCode.KernelError, () => Networks.ConnectAsync("web", NetworkAttachment.Parse("red"), Cancel));
        Assert.Contains("eth1", half.Message, StringComparison.Ordinal);
        Inside(web, "ip", "link", "del", "eth1");
        Container same = await engine.Containers.GetAsync("web", Cancel);
        Assert.Equal("bridge", Assert.Single(same.Configuration.Networks).Network);
        Assert.Equal("bridge", Assert.Single(same.Endpoints).Network);
        Assert.Equal("10.99.1.9", Assert.Single(Addresses("red")));
        Assert.Equal(2, Ip("link").Split('\n').Count(line => line.Contains(": ve", StringComparison.Ordinal)));
        Assert.Equal(0, Ping(owner, "10.99.1.1"));
        Assert.Equal("red", (await Networks.ConnectAsync("web", NetworkAttachment.Parse("red"), Cancel)).Endpoints[1].Network);
    });

    [Fact]
    public Task A_lost_monitor_leaves_nothing_of_a_network_that_came_later() => RunAsync(async () =>
    {
        await MakeNetworkAsync("red", "10.99.1.0/24");
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "bridge" });
        await Networks.ConnectAsync("web", NetworkAttachment.Parse("red"), Cancel);
        Tool("kill", "-9", web.MonitorProcessId!.Value.ToString(CultureInfo.InvariantCulture));
        await EngineFixture.UntilAsync(() => !Directory.Exists($"/proc/{web.MonitorProcessId}"));
        Assert.Equal(ContainerState.Exited, (await engine.Containers.GetAsync("web", Cancel)).State);
        Assert.Empty(Addresses("red"));
        await EngineFixture.UntilAsync(() => !Ip("link").Contains(": ve", StringComparison.Ordinal));
        Assert.Equal(2, (await engine.Containers.StartAsync("web", Cancel)).Endpoints.Count);
    });

    [Fact]
    public Task What_a_killed_process_took_for_a_container_is_its_own() => RunAsync(async () =>
    {
        await MakeNetworkAsync("red", "10.99.1.0/24");
        Container web = await engine.Containers.CreateAsync(
            engine.Options("sleep", "10000") with { Name = "web", Networks = [NetworkAttachment.Parse("name=red,ip=10.99.1.9")] }, Cancel);
        // As a start that was killed before it wrote its plan: the run folder, the address and a name.
        Directory.CreateDirectory(engine.Paths.ContainerRun(web.Id));
        Leave("10.99.1.9");
        Leave("10.99.1.7");
        Assert.Equal("10.99.1.9", (await engine.Containers.StartAsync("web", Cancel)).Endpoints[0].Addresses[0].ToString());
        Assert.Equal("10.99.1.9", Assert.Single(Addresses("red")));
        Assert.Equal("10.99.1.9", Assert.Single(Names("red", "web")));

        // As somebody who was killed while he took it out: the monitor has done it, and nobody has given the address back.
        await Networks.DisconnectAsync("web", "red", Cancel);
        Assert.Empty(Addresses("red"));
        Leave("10.99.1.9");
        await RefusedAsync(ErrorCode.NetworkNotConnected, () => Networks.DisconnectAsync("web", "red", Cancel));
        Assert.Empty(Addresses("red"));
        Assert.Empty(Names("red", "web"));

        // As somebody who was killed while he put it in.
        Leave("10.99.1.9");
        Leave("10.99.1.8");
        await Networks.ConnectAsync("web", NetworkAttachment.Parse("name=red,ip=10.99.1.9"), Cancel);
        Assert.Equal("10.99.1.9", Assert.Single(Addresses("red")));
        Assert.Equal("10.99.1.9", Assert.Single(Names("red", "web")));

        // Both the end and a repair give back what is in no plan.
        Leave("10.99.1.8");
        await engine.Containers.StopAsync("web", new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Empty(Addresses("red"));
        web = await engine.Containers.StartAsync("web", Cancel);
        Leave("10.99.1.8");
        Tool("kill", "-9", web.MonitorProcessId!.Value.ToString(CultureInfo.InvariantCulture));
        await EngineFixture.UntilAsync(() => !Directory.Exists($"/proc/{web.MonitorProcessId}"));
        Assert.Equal(ContainerState.Exited, (await engine.Containers.GetAsync("web", Cancel)).State);
        Assert.Empty(Addresses("red"));
        Assert.Empty(Names("red", "web"));

        void Leave(string address)
        {
            AddressLeases leases = new(Path.Combine(engine.Paths.Run, "networks"), "red");
            leases.Prepare();
            leases.Take(new NetworkSubnet(IPNetwork.Parse("10.99.1.0/24"), IPAddress.Parse("10.99.1.1")), IPAddress.Parse(address), web.Id, "web", _ => true);
            leases.AddNames(web.Id, ["web"], IPAddress.Parse(address));
        }
    });

    private static async Task<ContainerException> RefusedAsync(ErrorCode code, Func<Task> action)
    {
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(action);
        Assert.Equal(code, error.Code);
        return error;
    }

    private Task<ContainerNetwork> MakeNetworkAsync(string name, params string[] subnets)
        => Networks.CreateAsync(new NetworkCreateOptions { Name = name, Subnets = [.. subnets.Select(subnet => IPNetwork.Parse(subnet))] }, Cancel);

    private string[] Addresses(string network)
    {
        string folder = Path.Combine(engine.Paths.NetworkRun(network), "addresses");
        return Directory.Exists(folder) ? [.. Directory.GetFileSystemEntries(folder).Select(link => Path.GetFileName(link))] : [];
    }

    private string[] Names(string network, string name)
    {
        string folder = Path.Combine(engine.Paths.NetworkRun(network), "names", name);
        return Directory.Exists(folder) ? [.. Directory.GetFileSystemEntries(folder).Select(link => Path.GetFileName(link))] : [];
    }

    private async Task<string> ExecAsync(Container container, params string[] command)
    {
        await using IContainerSession session = await engine.Containers.ExecAsync(container.Id, new ContainerExecOptions { Command = command }, Cancel);
        StringBuilder output = new();
        await foreach (OutputChunk chunk in session.ReadOutputAsync(Cancel)) output.Append(Encoding.UTF8.GetString(chunk.Data.Span));
        await session.WaitAsync(Cancel);
        return output.ToString();
    }

    private static int Ping(Container from, string address) => Reaches($"{from.ProcessId}", address) ? 0 : 1;

    // What cannot arrive is waited for no longer than the second that it takes to be sure.
    private static int TryPing(Container from, string address)
        => TryTool("nsenter", "-n", "-t", $"{from.ProcessId}", "busybox", "ping", "-c", "1", "-W", "1", address).Code;

    private static string Inside(Container container, params string[] command) => Tool("nsenter", ["-n", "-t", $"{container.ProcessId}", .. command]);

    private static string Ports() => Tool("nft", "list", "map", PacketFilter.Table.Split(' ')[0], PacketFilter.Table.Split(' ')[1], "ports4");
}
