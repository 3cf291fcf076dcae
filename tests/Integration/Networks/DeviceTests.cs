using System.Globalization;
using System.Net;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>What becomes of a container's devices, whoever else is in its network namespace, and whatever it does with them itself.</summary>
public sealed class DeviceTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private INetworkOperations Networks => engine.Engine.Networks;

    [Fact]
    public Task A_crash_while_another_container_shares_the_network_does_not_keep_it_from_its_restart() => RunAsync(async () =>
    {
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "bridge", RestartPolicy = new RestartPolicy(RestartCondition.Always) });
        await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "user", NetworkMode = "container:web" });
        Container client = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "client", NetworkMode = "bridge" });
        string address = web.Endpoints[0].Addresses[0].ToString();
        Assert.Equal(0, Ping(client, address));

        Tool("kill", "-9", web.ProcessId!.Value.ToString(CultureInfo.InvariantCulture));
        Container again = await UntilAsync("web", now => now.State == ContainerState.Exited || (now.State == ContainerState.Running && now.ProcessId != web.ProcessId));
        Assert.Equal(ContainerState.Running, again.State);
        Assert.Equal(address, again.Endpoints[0].Addresses[0].ToString());
        Assert.Equal(0, Ping(client, address));
        Assert.Equal(2, Pairs());

        // By hand it gets another plan, with another name for the device, and the same address.
        await engine.Containers.StopAsync("web", new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal(1, Pairs());
        await engine.Containers.StartAsync("web", Cancel);
        Assert.Equal(0, Ping(client, address));
        Assert.Equal(2, Pairs());
    });

    [Fact]
    public Task A_lost_monitor_leaves_no_device_while_another_container_shares_the_network() => RunAsync(async () =>
    {
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "bridge" });
        await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "user", NetworkMode = "container:web" });
        Tool("kill", "-9", web.MonitorProcessId!.Value.ToString(CultureInfo.InvariantCulture));
        await EngineFixture.UntilAsync(() => !Directory.Exists($"/proc/{web.MonitorProcessId}"));
        Assert.Equal(ContainerState.Exited, (await engine.Containers.GetAsync("web", Cancel)).State);
        Assert.Equal(0, Pairs());
    });

    [Fact]
    public Task A_container_does_not_stay_in_a_network_by_renaming_its_device() => RunAsync(async () =>
    {
        await LeaveUnderAnotherNameAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.99.1.0/24")] });
        Assert.Equal(1, Pairs());
    });

    [Fact]
    public Task A_container_does_not_stay_on_the_hosts_network_by_renaming_its_device() => RunAsync(async () =>
    {
        Assert.SkipWhen(TryTool("unshare", "-n", "sh", "-c", "ip link add v0 type veth peer name v1 && ip link add m0 link v0 type macvlan mode bridge").Code != 0, "needs macvlan, which this kernel does not have");
        Ip("link", "add", "up0", "type", "veth", "peer", "name", "wire");
        Ip("link", "set", "up0", "up");
        await LeaveUnderAnotherNameAsync(new NetworkCreateOptions { Name = "red", Driver = "macvlan", Interface = "up0", Subnets = [IPNetwork.Parse("10.99.1.0/24")] });
    });

    [Fact]
    public Task Stopped_containers_have_no_device_any_more() => RunAsync(async () =>
    {
        Container held = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "bridge" });
        await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "other", NetworkMode = "bridge" });
        Assert.Equal(2, Pairs());
        await engine.Containers.StopAsync("web", new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal(1, Pairs());
        await engine.Containers.StopAsync("other", new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal(0, Pairs());
        Assert.NotNull(held.ProcessId);
    });

    [Fact]
    public Task What_the_monitor_has_done_is_not_undone_by_what_fails_afterwards() => RunAsync(async () =>
    {
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.99.1.0/24")] }, Cancel);
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "bridge" });
        string hosts = Path.Combine(engine.Paths.Container(web.Id), "hosts");
        Tool("mount", "--bind", hosts, hosts);
        Tool("mount", "-o", "remount,bind,ro", hosts);

        ContainerException failure = await Assert.ThrowsAnyAsync<ContainerException>(() => Networks.ConnectAsync("web", NetworkAttachment.Parse("red"), Cancel));
        Assert.Contains("is in the network 'red' now, but its /etc/hosts could not be changed", failure.Message, StringComparison.Ordinal);
        Assert.Single(Addresses("red"));
        Container now = await engine.Containers.GetAsync("web", Cancel);
        Assert.Equal(["bridge", "red"], now.Endpoints.Select(endpoint => endpoint.Network));
        Assert.Equal(["bridge", "red"], now.Configuration.Networks.Select(network => network.Network));
        Assert.Contains("eth1", Inside(web, "ip", "link"), StringComparison.Ordinal);

        failure = await Assert.ThrowsAnyAsync<ContainerException>(() => Networks.DisconnectAsync("web", "red", Cancel));
        Assert.Contains("is not in the network 'red' any more, but", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Addresses("red"));
        Assert.Equal("bridge", Assert.Single((await engine.Containers.GetAsync("web", Cancel)).Endpoints).Network);
        Assert.DoesNotContain("eth1", Inside(web, "ip", "link"), StringComparison.Ordinal);
        Tool("umount", hosts);
    });

    [Fact]
    public Task What_cannot_be_put_on_record_is_not_done() => RunAsync(async () =>
    {
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.99.1.0/24")] }, Cancel);
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "bridge" });
        // The kernel renames nothing over a file that something is mounted on.
        string plan = Path.Combine(engine.Paths.ContainerRun(web.Id), "network.json");
        Tool("mount", "--bind", plan, plan);
        await Assert.ThrowsAnyAsync<ContainerException>(() => Networks.ConnectAsync("web", NetworkAttachment.Parse("red"), Cancel));
        Assert.DoesNotContain("eth1", Inside(web, "ip", "link"), StringComparison.Ordinal);
        Assert.Empty(Addresses("red"));
        Tool("umount", plan);

        await Networks.ConnectAsync("web", NetworkAttachment.Parse("red"), Cancel);
        Tool("mount", "--bind", plan, plan);
        await Assert.ThrowsAnyAsync<ContainerException>(() => Networks.DisconnectAsync("web", "red", Cancel));
        Assert.Contains("10.99.1.", Inside(web, "ip", "addr", "show", "eth1"), StringComparison.Ordinal);
        Assert.Single(Addresses("red"));
        Tool("umount", plan);
        await Networks.DisconnectAsync("web", "red", Cancel);
        Assert.Empty(Addresses("red"));
    });

    [Fact]
    public Task A_container_with_a_port_starts_after_it_has_left_the_network_that_the_port_led_to() => RunAsync(async () =>
    {
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Internal = true, Subnets = [IPNetwork.Parse("10.99.1.0/24")] }, Cancel);
        ContainerCreateOptions options = engine.Options("sleep", "10000") with
        {
            Name = "web",
            Networks = [NetworkAttachment.Parse("bridge"), NetworkAttachment.Parse("red")],
            Ports = PortMapping.Parse("8080:80"),
            HostEntries = ["machine:host-gateway"],
        };
        Container web = await engine.StartAsync(options);
        await Networks.DisconnectAsync("web", "bridge", Cancel);
        await engine.Containers.StopAsync("web", new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        web = await engine.Containers.StartAsync("web", Cancel);
        Assert.Equal("red", Assert.Single(web.Endpoints).Network);
        Assert.Contains("10.99.1.1\tmachine\n", await File.ReadAllTextAsync(Path.Combine(engine.Paths.Container(web.Id), "hosts"), Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("8080", Tool("nft", "list", "table", "inet", "containertools"), StringComparison.Ordinal);
        await Networks.ConnectAsync("web", NetworkAttachment.Parse("bridge"), Cancel);
        Assert.Contains("8080", Tool("nft", "list", "table", "inet", "containertools"), StringComparison.Ordinal);
    });

    private async Task LeaveUnderAnotherNameAsync(NetworkCreateOptions network)
    {
        await Networks.CreateAsync(network, Cancel);
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "bridge" });
        await Networks.ConnectAsync("web", NetworkAttachment.Parse(network.Name), Cancel);
        Inside(web, "ip", "link", "set", "eth1", "down");
        Inside(web, "ip", "link", "set", "eth1", "name", "mine");
        await Networks.DisconnectAsync("web", network.Name, Cancel);
        Assert.DoesNotContain("mine", Inside(web, "ip", "link"), StringComparison.Ordinal);
    }

    private string[] Addresses(string network)
    {
        string folder = Path.Combine(engine.Paths.NetworkRun(network), "addresses");
        return Directory.Exists(folder) ? [.. Directory.GetFileSystemEntries(folder).Select(link => Path.GetFileName(link))] : [];
    }

    private async Task<Container> UntilAsync(string name, Func<Container, bool> holds)
    {
        while (true)
        {
            Container container = await engine.Containers.GetAsync(name, Cancel);
            if (holds(container)) return container;
            await Task.Delay(10, Cancel);
        }
    }

    private static int Pairs() => Ip("link").Split('\n').Count(line => line.Contains(": ve", StringComparison.Ordinal));

    private static int Ping(Container from, string address)
        => TryTool("nsenter", "-n", "-t", $"{from.ProcessId}", "busybox", "ping", "-c", "1", "-W", "30", address).Code;

    private static string Inside(Container container, params string[] command) => Tool("nsenter", ["-n", "-t", $"{container.ProcessId}", .. command]);
}
