using System.Net;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>What is refused, and what it leaves: nothing.</summary>
public sealed class BadInputTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private INetworkOperations Networks => engine.Engine.Networks;

    [Fact]
    public Task A_network_that_cannot_be_is_refused() => RunAsync(async () =>
    {
        Ip("link", "add", "taken0", "type", "bridge");
        Ip("addr", "add", "10.60.0.1/16", "dev", "taken0");
        Ip("link", "set", "taken0", "up");
        await MakeAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.61.0.0/24")] });
        await RefuseAsync(new() { Name = "red" }, ErrorCode.NetworkNameInUse, "'red'");
        await RefuseAsync(new() { Name = "bridge" }, ErrorCode.NetworkNameInUse, "'bridge'");
        foreach (string name in (string[])["host", "none", "container", "ns", "", "a/b", "..", "-x", new string('a', 64)]) await RefuseAsync(new() { Name = name }, ErrorCode.InvalidArgument, $"'{name}'");
        await RefuseAsync(Of("10.60.5.0/24"), ErrorCode.SubnetOverlaps, "10.60.0.0/16");
        await RefuseAsync(Of("10.61.0.128/25"), ErrorCode.SubnetOverlaps, "10.61.0.0/24");
        await RefuseAsync(Of("10.0.0.0/8"), ErrorCode.SubnetOverlaps, "10.");
        await RefuseAsync(Of("10.62.0.0/24", "10.63.0.0/24"), ErrorCode.InvalidArgument, "at most one");
        await RefuseAsync(Of("10.62.0.0/31"), ErrorCode.InvalidArgument, "no room");
        await RefuseAsync(Of("10.62.0.0/24") with { Gateways = [IPAddress.Parse("10.63.0.1")] }, ErrorCode.InvalidArgument, "10.63.0.1");
        await RefuseAsync(Of("10.62.0.0/24") with { Gateways = [IPAddress.Parse("10.62.0.0")] }, ErrorCode.InvalidArgument, "10.62.0.0");
        await RefuseAsync(Of("10.62.0.0/24") with { Gateways = [IPAddress.Parse("10.62.0.255")] }, ErrorCode.InvalidArgument, "10.62.0.255");
        await RefuseAsync(Of("10.62.0.0/24") with { Ranges = [IPNetwork.Parse("10.63.0.0/25")] }, ErrorCode.InvalidArgument, "10.63.0.0/25");
        await RefuseAsync(Of("10.62.0.0/24") with { Ranges = [IPNetwork.Parse("10.62.0.0/23")] }, ErrorCode.InvalidArgument, "10.62.0.0/23");
        await RefuseAsync(Of("10.62.0.0/24") with { Interface = "sixteen-letters0" }, ErrorCode.InvalidArgument, "at most 15");
        await RefuseAsync(Of("10.62.0.0/24") with { Interface = "no/slash" }, ErrorCode.InvalidArgument, "no/slash");
        await RefuseAsync(Of("10.62.0.0/24") with { Interface = "taken0" }, ErrorCode.InvalidArgument, "taken0");
        await RefuseAsync(Of("10.62.0.0/24") with { Mtu = 10 }, ErrorCode.InvalidArgument, "68");
        await RefuseAsync(Of("10.62.0.0/24") with { Driver = "overlay" }, ErrorCode.InvalidArgument, "'overlay'");
        await RefuseAsync(Of("10.62.0.0/24") with { Driver = "macvlan" }, ErrorCode.InvalidArgument, "-Interface");
        // A long name is shortened for the device, not refused.
        ContainerNetwork named = await MakeAsync(Of("10.62.0.0/24") with { Name = new string('n', 63) });
        Assert.Equal(15, named.Interface.Length);
        Assert.Equal(["red", "bridge", named.Name], (await NamesAsync()).OrderBy(name => name.Length));

        await Assert.ThrowsAsync<ContainerException>(() => Networks.RemoveAsync("absent", Cancel));
        await Assert.ThrowsAsync<ContainerException>(() => Networks.RemoveAsync("bridge", Cancel));
    });

    [Fact]
    public Task A_subnet_is_exhausted_and_fixed_addresses_are_checked() => RunAsync(async () =>
    {
        await MakeAsync(Of("10.62.0.0/30") with { Name = "small" });
        Container first = await engine.StartAsync(Sleeper() with { NetworkMode = "small" });
        Container second = await engine.Containers.CreateAsync(Sleeper() with { NetworkMode = "small" }, Cancel);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(second.Id, Cancel));
        Assert.Equal(ErrorCode.AddressInUse, error.Code);
        Assert.Contains("10.62.0.0/30", error.Message, StringComparison.Ordinal);
        ContainerException used = await Assert.ThrowsAsync<ContainerException>(() => Networks.RemoveAsync("small", Cancel));
        Assert.Equal(ErrorCode.NetworkInUse, used.Code);
        Assert.Equal(["10.62.0.2"], Leases("small"));
        // What was refused can be had later.
        await engine.Containers.RemoveAsync(first.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        second = await engine.Containers.StartAsync(second.Id, Cancel);
        Assert.Equal("10.62.0.2", second.Endpoints[0].Addresses[0].ToString());

        await MakeAsync(Of("10.63.0.0/24") with { Name = "wide" });
        Assert.Empty(Leases("wide"));
        foreach ((string address, ErrorCode code) in ((string, ErrorCode)[])
        [
            ("10.63.0.1", ErrorCode.AddressInUse), ("10.63.0.0", ErrorCode.InvalidArgument), ("10.63.0.255", ErrorCode.InvalidArgument), ("10.64.0.9", ErrorCode.InvalidArgument),
        ])
        {
            Container made = await engine.Containers.CreateAsync(Sleeper() with { Networks = [NetworkAttachment.Parse($"name=wide,ip={address}")] }, Cancel);
            error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(made.Id, Cancel));
            Assert.Equal(code, error.Code);
            Assert.Contains(address, error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(Leases("wide"));
        // Somebody else on the bridge, whom the engine does not know: one with a fixed address is told, and the run before of the same container is nobody else.
        using SecondMachine stranger = new();
        Ip("link", "add", "up0", "master", "ct-wide", "type", "veth", "peer", "name", "up1", "netns", stranger.ProcessId);
        Ip("link", "set", "up0", "up");
        stranger.Run("ip", "link", "set", "up1", "address", "02:00:00:00:00:77");
        stranger.Run("ip", "addr", "add", "10.63.0.8/24", "dev", "up1");
        stranger.Run("ip", "link", "set", "up1", "up");
        await EngineFixture.UntilAsync(() => TryTool("busybox", "ping", "-c", "1", "-W", "1", "10.63.0.8").Code == 0);
        Container late = await engine.Containers.CreateAsync(Sleeper() with { Networks = [NetworkAttachment.Parse("name=wide,ip=10.63.0.8")] }, Cancel);
        error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(late.Id, Cancel));
        Assert.Equal(ErrorCode.AddressInUse, error.Code);
        Assert.Contains("02:00:00:00:00:77", error.Message, StringComparison.Ordinal);
        Assert.Empty(Leases("wide"));
        Container mine = await engine.StartAsync(Sleeper() with { Networks = [NetworkAttachment.Parse("name=wide,ip=10.63.0.9")] });
        for (int i = 0; i < 3; i++) mine = await engine.Containers.RestartAsync(mine.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal("10.63.0.9", mine.Endpoints[0].Addresses[0].ToString());

        foreach (string text in (string[])["name=wide,ip=10.63.0", "name=wide,ip=fd00::1", "name=wide,ip6=10.63.0.1", "name=wide,mask=8", "ip=10.63.0.4", "name=wide,priority=high"])
        {
            Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(() => NetworkAttachment.Parse(text)).Code);
        }
    });

    [Fact]
    public Task Without_nft_nothing_is_half_connected() => RunAsync(async () =>
    {
        await MakeAsync(Of("10.62.0.0/24") with { Name = "red" });
        Container made = await engine.Containers.CreateAsync(Sleeper() with { NetworkMode = "red", Ports = PortMapping.Parse("8080:80") }, Cancel);
        // A firewall that refuses, then none at all; in both cases the table is gone, so that a start needs it.
        string refusing = Path.Combine(engine.Scratch, "nft");
        File.WriteAllText(refusing, "#!/bin/sh\necho 'Error: cannot be had today' >&2\nexit 1\n");
        File.SetUnixFileMode(refusing, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Tool("nft", "flush", "ruleset");
        string nft = File.ResolveLinkTarget("/usr/sbin/nft", returnFinalTarget: true)?.FullName ?? "/usr/sbin/nft";
        Tool("mount", "--bind", refusing, nft);
        await NothingAsync(ErrorCode.KernelError, "cannot be had today");
        // What cannot be taken out of the table stays whole, and can be removed later.
        ContainerException refused = await Assert.ThrowsAsync<ContainerException>(() => Networks.RemoveAsync("red", Cancel));
        Assert.Contains("cannot be had today", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ct-red", Ip("link"), StringComparison.Ordinal);
        Tool("umount", nft);

        HideNft();
        await NothingAsync(ErrorCode.ToolMissing, "nftables");
        ShowNft();
        Container running = await engine.Containers.StartAsync(made.Id, Cancel);
        Assert.Contains("8080 : 10.62.0.2 . 80", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);
        await engine.Containers.RemoveAsync(running.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        await Networks.RemoveAsync("red", Cancel);
        Assert.DoesNotContain("ct-red", Ip("link"), StringComparison.Ordinal);

        async Task NothingAsync(ErrorCode code, string words)
        {
            string links = Ip("-o", "link");
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(made.Id, Cancel));
            Assert.Equal(code, error.Code);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
            Assert.NotEqual(ContainerState.Running, (await engine.Containers.GetAsync(made.Id, Cancel)).State);
            Assert.Empty(Leases("red"));
            error = await Assert.ThrowsAsync<ContainerException>(() => Networks.CreateAsync(Of("10.65.0.0/24") with { Name = "late" }, Cancel));
            Assert.Equal(code, error.Code);
            Assert.DoesNotContain("late", await NamesAsync());
            Assert.Equal(links, Ip("-o", "link"));
        }

        // All of /usr/sbin but nft, as links into the real one under another name.
        void HideNft()
        {
            // Not in a folder that anybody removes later.
            Tool("mount", "-t", "tmpfs", "tmpfs", "/mnt");
            string real = "/mnt/sbin", shown = "/mnt/shown";
            Directory.CreateDirectory(real);
            Directory.CreateDirectory(shown);
            foreach (string tool in Directory.GetFiles("/usr/sbin").Where(tool => Path.GetFileName(tool) != "nft")) File.CreateSymbolicLink(Path.Combine(shown, Path.GetFileName(tool)), Path.Combine(real, Path.GetFileName(tool)));
            Tool("mount", "--bind", "/usr/sbin", real);
            Tool("mount", "--bind", shown, "/usr/sbin");
        }

        void ShowNft() => Tool("umount", "/usr/sbin");
    });

    [Fact]
    public Task IPv6_that_is_switched_off_is_said() => RunAsync(async () =>
    {
        await MakeAsync(Of("10.62.0.0/24", "fd00:62::/64") with { Name = "six" });
        Assert.Equal(0, TryTool("sysctl", "-w", "net.ipv6.conf.all.disable_ipv6=1").Code);
        await RefuseAsync(Of("10.65.0.0/24", "fd00:65::/64"), ErrorCode.NotSupported, "IPv6");
        await RefuseAsync(Of("10.65.0.0/24") with { IPv6 = true }, ErrorCode.NotSupported, "IPv6");
        // As after a restart of the machine, with IPv6 off by then.
        Ip("link", "del", "ct-six");
        Container made = await engine.Containers.CreateAsync(Sleeper() with { NetworkMode = "six" }, Cancel);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(made.Id, Cancel));
        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Contains("disable_ipv6", error.Message, StringComparison.Ordinal);
        // Networks of IPv4 go on.
        Container four = await engine.StartAsync(Sleeper() with { NetworkMode = "bridge", Ports = PortMapping.Parse("8080:80") });
        Assert.Equal(ContainerState.Running, four.State);
        TryTool("sysctl", "-w", "net.ipv6.conf.all.disable_ipv6=0");
        Assert.Equal(2, (await engine.Containers.StartAsync(made.Id, Cancel)).Endpoints[0].Addresses.Count);
    });

    [Fact]
    public Task A_bridge_that_was_deleted_is_there_again_at_the_next_start() => RunAsync(async () =>
    {
        await MakeAsync(Of("10.62.0.0/24") with { Name = "red" });
        Container one = await engine.StartAsync(Sleeper() with { NetworkMode = "red" });
        Ip("link", "del", "ct-red");
        Container two = await engine.StartAsync(Sleeper() with { NetworkMode = "red" });
        Assert.Contains("10.62.0.1/24", Ip("addr", "show", "ct-red"), StringComparison.Ordinal);
        Assert.True(Reaches($"{two.ProcessId}", "10.62.0.1"));
        // Those that were in it come back by a repair.
        await Networks.RepairAsync("red", Cancel);
        Assert.True(Reaches($"{one.ProcessId}", two.Endpoints[0].Addresses[0].ToString()));
    });

    [Fact]
    public Task Restarted_containers_keep_their_addresses_and_renamed_ones_are_found() => RunAsync(async () =>
    {
        Container one = await engine.StartAsync(Sleeper() with { Name = "one", NetworkMode = "bridge" });
        Container two = await engine.StartAsync(Sleeper() with { Name = "two", Networks = [NetworkAttachment.Parse("name=bridge,alias=both")] });
        ContainerStopOptions fast = new() { Timeout = TimeSpan.Zero };
        await engine.Containers.StopAsync(one.Id, fast, Cancel);
        await engine.Containers.StopAsync(two.Id, fast, Cancel);
        Container again = await engine.Containers.StartAsync(two.Id, Cancel);
        Assert.Equal(two.Endpoints[0].Addresses[0], again.Endpoints[0].Addresses[0]);
        one = await engine.Containers.StartAsync(one.Id, Cancel);

        await engine.Containers.RenameAsync(two.Id, "three", Cancel);
        string address = two.Endpoints[0].Addresses[0].ToString();
        Assert.Equal(address + "\n", Dig("three"));
        Assert.Equal(address + "\n", Dig("both"));
        Assert.Equal("three.bridge.\n", Dig("-x", address));
        Assert.DoesNotContain(address, Dig("+tries=1", "+time=2", "two"), StringComparison.Ordinal);
        Assert.Equal("three", (await engine.Containers.GetAsync(two.Id, Cancel)).Endpoints[0].Names[0]);
        await engine.Containers.StopAsync(two.Id, fast, Cancel);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(engine.Paths.NetworkRun("bridge"), "names", "three")));

        string Dig(params string[] arguments) => TryTool("nsenter", ["-n", "-t", $"{one.ProcessId}", "dig", "@127.0.0.11", "+short", .. arguments]).Output;
    });

    private static NetworkCreateOptions Of(params string[] subnets) => new() { Name = "blue", Subnets = [.. subnets.Select(text => IPNetwork.Parse(text))] };

    private ContainerCreateOptions Sleeper() => engine.Options("sleep", "10000");

    private Task<ContainerNetwork> MakeAsync(NetworkCreateOptions options)
    {
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        return Networks.CreateAsync(options, Cancel);
    }

    private async Task RefuseAsync(NetworkCreateOptions options, ErrorCode code, string words)
    {
        string links = Ip("-o", "link");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => Networks.CreateAsync(options, Cancel));
        Assert.True(code == error.Code, $"{options.Name} {string.Join(' ', options.Subnets)}: {error.Code}: {error.Message}");
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(links, Ip("-o", "link"));
    }

    private async Task<List<string>> NamesAsync()
    {
        List<string> names = [];
        await foreach (ContainerNetwork network in Networks.ListAsync(Cancel).Where(network => network.Interface.Length > 0)) names.Add(network.Name);
        return names;
    }

    private string[] Leases(string network) => [.. Directory.GetFileSystemEntries(Path.Combine(engine.Paths.NetworkRun(network), "addresses")).Select(Path.GetFileName)!];
}
