using System.Globalization;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>The network that containers get when nothing is said, and containers in it that have user namespaces of their own.</summary>
public sealed class DefaultNetworkTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public Task A_container_is_in_the_bridge_network_when_nothing_is_said() => RunAsync(async () =>
    {
        Container web = await engine.StartAsync(new ContainerCreateOptions { Image = EngineFixture.ImageName, Command = ["sleep", "10000"], Ports = PortMapping.Parse("8080:80") });
        Assert.Equal("bridge", web.Configuration.NetworkMode);
        ContainerEndpoint endpoint = Assert.Single(web.Endpoints);
        Assert.Equal("bridge", endpoint.Network);
        Assert.Equal(0, TryTool("busybox", "ping", "-c", "1", endpoint.Addresses[0].ToString()).Code);
        Container named = await engine.Containers.CreateAsync(new ContainerCreateOptions { Image = EngineFixture.ImageName, NetworkMode = "default" }, Cancel);
        Assert.Equal("bridge", named.Configuration.NetworkMode);

        ContainerNetwork[] networks = await engine.Engine.Networks.ListAsync(Cancel).ToArrayAsync(Cancel);
        Assert.Equal(["bridge", "host", "none"], networks.Select(network => network.Name));
        Assert.All(networks, network => Assert.True(network.Predefined));
        Assert.Equal(
            new NetworkContainer { Id = web.Id, Name = web.Name, IPv4Address = endpoint.Addresses[0], HardwareAddress = endpoint.HardwareAddress }, Assert.Single(networks[0].Containers));
        Assert.All(networks[1..], static network => Assert.Empty(network.Containers));
        foreach (string name in (string[])["bridge", "host", "none"])
        {
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Engine.Networks.RemoveAsync(name, Cancel));
            Assert.Equal(ErrorCode.NetworkInUse, error.Code);
            Assert.DoesNotContain("stop", error.Message, StringComparison.OrdinalIgnoreCase);
        }

        foreach (string mode in (string[])["host", "none"])
        {
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Engine.Networks.ConnectAsync(web.Id, NetworkAttachment.Parse(mode), Cancel));
            Assert.Equal(ErrorCode.NetworkNotConnectable, error.Code);
        }
    });

    [Fact]
    public Task Networks_and_modes_tell_who_is_in_them() => RunAsync(async () =>
    {
        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [System.Net.IPNetwork.Parse("10.62.0.0/24"), System.Net.IPNetwork.Parse("fd00:62::/64")] }, Cancel);
        Container b = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "b1", Networks = [NetworkAttachment.Parse("name=red,mac-address=02:00:00:00:00:07")] });
        Container a = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "a1", NetworkMode = "red" });
        Container apart = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "apart" });
        Container open = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "open", NetworkMode = "host" });
        await engine.Containers.CreateAsync(engine.Options("sleep", "10000") with { Name = "made", NetworkMode = "host" }, Cancel);
        NetworkContainer[] members = await MembersAsync("red");
        Assert.Equal(["a1", "b1"], members.Select(static member => member.Name));
        Assert.Equal(["02:42:0a:3e:00:03", "02:00:00:00:00:07"], members.Select(static member => member.HardwareAddress));
        Assert.Equal(a.Endpoints[0].Addresses, new[] { members[0].IPv4Address!, members[0].IPv6Address! });
        Assert.Equal([new NetworkContainer { Id = apart.Id, Name = "apart" }], await MembersAsync("none"));
        Assert.Equal([new NetworkContainer { Id = open.Id, Name = "open" }], await MembersAsync("host"));

        ContainerException used = await Assert.ThrowsAsync<ContainerException>(() => engine.Engine.Networks.RemoveAsync("red", Cancel));
        Assert.Contains("The containers 'a1' and 'b1' are", used.Message, StringComparison.Ordinal);
        await engine.Containers.RenameAsync("b1", "c1", Cancel);
        await engine.Containers.RemoveAsync("open", new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.Equal(["a1", "c1"], (await MembersAsync("red")).Select(static member => member.Name));
        Assert.Empty(await MembersAsync("host"));
        Assert.Equal(b.Id, (await MembersAsync("red"))[1].Id);

        // What cannot be read of one keeps none of the networks from being seen.
        Container damaged = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "damaged", NetworkMode = "none" });
        string state = Path.Combine(engine.Paths.ContainerRun(damaged.Id), "state.json"), record = Path.Combine(engine.Paths.Container(damaged.Id), "container.json");
        foreach (string file in (string[])[state, record])
        {
            string content = await File.ReadAllTextAsync(file, Cancel);
            await File.WriteAllTextAsync(file, "{", Cancel);
            Assert.Equal(["apart"], (await MembersAsync("none")).Select(static member => member.Name));
            await File.WriteAllTextAsync(file, content, Cancel);
        }

        Assert.Equal(["apart", "damaged"], (await MembersAsync("none")).Select(static member => member.Name));

        async Task<NetworkContainer[]> MembersAsync(string network) => [.. (await engine.Engine.Networks.ListAsync(Cancel).FirstAsync(other => other.Name == network, Cancel)).Containers];
    });

    [Fact]
    public Task A_container_with_a_user_namespace_owns_its_network() => RunAsync(async () =>
    {
        const string script = "mkdir -p /tmp/w && echo served > /tmp/w/index.html && ip link set eth0 mtu 1400 && httpd -p 80 -h /tmp/w && echo up && sleep 10000";
        Container web = await engine.StartAsync(engine.Options("sh", "-c", script) with
        {
            Name = "web",
            NetworkMode = "bridge",
            UserNamespace = true,
            Ports = PortMapping.Parse("8080:80"),
            // Its own root may change its own devices, where it has the capability.
            AddedCapabilities = ["NET_ADMIN"],
            RestartPolicy = RestartPolicy.Parse("always"),
        });
        await engine.WaitForLineAsync(web.Id, "up");
        Assert.Equal("served\n", Tool("busybox", "wget", "-qO-", "http://127.0.0.1:8080/"));
        Assert.Contains("mtu 1400", Tool("nsenter", "-n", "-t", $"{web.ProcessId}", "ip", "link", "show", "eth0"), StringComparison.Ordinal);
        (int code, string output) = await engine.RunAsync(engine.Options("wget", "-qO-", "http://web/") with { NetworkMode = "bridge", UserNamespace = true });
        Assert.Equal((0, "served\n"), (code, output));

        // Started again by its monitor, in new namespaces.
        Tool("kill", "-9", web.ProcessId!.Value.ToString(CultureInfo.InvariantCulture));
        await EngineFixture.UntilAsync(() => TryTool("busybox", "wget", "-qO-", "http://127.0.0.1:8080/").Output == "served\n");

        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
        Container connected = await engine.Engine.Networks.ConnectAsync("web", NetworkAttachment.Parse("red"), Cancel);
        Assert.Equal(0, TryTool("busybox", "ping", "-c", "1", connected.Endpoints[1].Addresses[0].ToString()).Code);

        // What is in use is refused before the namespaces are made, and leaves nothing.
        Container late = await engine.Containers.CreateAsync(engine.Options("sleep", "1") with { NetworkMode = "bridge", UserNamespace = true, Ports = PortMapping.Parse("8080:80") }, Cancel);
        Assert.Equal(ErrorCode.PortInUse, (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(late.Id, Cancel))).Code);
        await engine.Containers.RemoveAsync("web", new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(engine.Paths.NetworkRun("bridge"), "addresses")));
        await EngineFixture.UntilAsync(() => !Ip("link").Contains(": ve", StringComparison.Ordinal));

        ContainerException shared = await Assert.ThrowsAsync<ContainerException>(
            () => engine.Containers.CreateAsync(engine.Options("sleep", "1") with { NetworkMode = "container:web", UserNamespace = true }, Cancel));
        Assert.Equal(ErrorCode.InvalidArgument, shared.Code);
    });
}
