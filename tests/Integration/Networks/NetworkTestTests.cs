using System.Net;
using System.Net.Sockets;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>What a container reaches, tested from its network and with its own files.</summary>
public sealed class NetworkTestTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(300);
    // For names, whose look-up must be done in this time on a busy machine as well.
    private static readonly TimeSpan s_patient = TimeSpan.FromSeconds(10);

    [Fact]
    public Task A_container_reaches_another_by_name_over_both_families() => RunAsync(async () =>
    {
        using NameServer server = new("127.0.0.1", "192.0.2.7");
        await MakeNetworkAsync("red", "10.99.1.0/24", "fd00:99::/64");
        Container web = await StartAsync("web", "red");
        Container client = await StartAsync("client", "red", "127.0.0.1");
        using TcpListener listener = Listen(web, 80);

        NetworkTestResult[] found = await TestAsync(client, new() { Target = "web", Ports = [80, 81] });

        Assert.Equal([80, 80, 81, 81], found.Select(result => result.Port!.Value));
        Assert.Equal(web.Endpoints[0].Addresses, found[0].Addresses);
        Assert.Equal([.. web.Endpoints[0].Addresses, .. web.Endpoints[0].Addresses], found.Select(result => result.RemoteAddress));
        Assert.Equal(client.Endpoints[0].Addresses, found[..2].Select(result => result.SourceAddress));
        Assert.All(found, result =>
        {
            Assert.Equal(("client", client.Id, "web", NetworkTestProtocol.Tcp), (result.Container, result.ContainerId, result.Target, result.Protocol));
            Assert.Equal((true, NameSource.NameServer, "127.0.0.11", "web"), (result.Resolved, result.NameSource, result.NameServer!.ToString(), result.ResolvedName));
            Assert.Equal(("red", "eth0", null), (result.Network, result.Interface, result.Gateway));
            Assert.True(result.ResolveTime > TimeSpan.Zero);
        });
        Assert.All(found[..2], result => Assert.Equal((NetworkTestStatus.Reached, true, null, true), (result.Status, result.Reached, result.Error, result.ConnectTime > TimeSpan.Zero)));
        Assert.All(found[2..], result => Assert.Equal((NetworkTestStatus.Refused, false, true), (result.Status, result.Reached, result.ConnectTime is null)));
        Assert.Contains("port 81", found[2].Error, StringComparison.Ordinal);

        // One family alone, an echo, and the container itself, whose name is in its /etc/hosts.
        NetworkTestResult six = Assert.Single(await TestAsync(client, new() { Target = "web", Ports = [80], Family = AddressFamily.InterNetworkV6 }));
        Assert.Equal((web.Endpoints[0].Addresses[1], true), (six.RemoteAddress, six.Reached));
        found = await TestAsync(client, new() { Target = "WEB.red" });
        Assert.Equal([true, true], found.Select(result => result.Reached));
        Assert.All(found, result => Assert.Equal((NetworkTestProtocol.Icmp, null), (result.Protocol, result.Port)));
        found = await TestAsync(client, new() { Target = client.Configuration.HostName, Ports = [80] });
        Assert.All(found, result => Assert.Equal((NameSource.HostsFile, null, NetworkTestStatus.Refused, "lo"), (result.NameSource, result.NameServer, result.Status, result.Interface)));

        // What nobody knows, and what a server of the host's knows by way of the container's resolver.
        NetworkTestResult unknown = Assert.Single(await TestAsync(client, new() { Target = "missing.example", Ports = [80] }));
        Assert.Equal((NetworkTestStatus.NameNotFound, false, NameSource.None, null), (unknown.Status, unknown.Resolved, unknown.NameSource, unknown.RemoteAddress));
        Assert.Contains("missing.example", unknown.Error, StringComparison.Ordinal);
        NetworkTestResult outside = Assert.Single(await TestAsync(client, new() { Target = "www.example", Ports = [80], Timeout = s_patient }));
        Assert.Equal(("192.0.2.1", "10.99.1.1", "red"), (outside.RemoteAddress!.ToString(), outside.Gateway!.ToString(), outside.Network));
        Assert.False(outside.Reached);
        server.Fails = true;
        NetworkTestResult failed = Assert.Single(await TestAsync(client, new() { Target = "another.example" }));
        Assert.Equal(NetworkTestStatus.LookupFailed, failed.Status);
        Assert.Contains("127.0.0.11 failed (SERVFAIL)", failed.Error, StringComparison.Ordinal);
    });

    [Fact]
    public Task Datagrams_are_answered_refused_or_neither() => RunAsync(async () =>
    {
        await MakeNetworkAsync("red", "10.99.1.0/24");
        Container web = await StartAsync("web", "red");
        Container client = await StartAsync("client", "red");
        IPAddress address = web.Endpoints[0].Addresses[0];
        using Socket echo = Within(web.ProcessId!.Value, () => Bound(address, 7)), silent = Within(web.ProcessId!.Value, () => Bound(address, 9));
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task answering = AnswerAsync(echo, end.Token);

        NetworkTestResult[] found = await TestAsync(client, new() { Target = "web", Ports = [7, 11], Protocol = NetworkTestProtocol.Udp, Timeout = TimeSpan.FromMinutes(1) });
        Assert.Equal([NetworkTestStatus.Reached, NetworkTestStatus.Refused], found.Select(result => result.Status));
        NetworkTestResult nothing = Assert.Single(await TestAsync(client, new() { Target = "web", Ports = [9], Protocol = NetworkTestProtocol.Udp, Timeout = s_short }));
        Assert.Equal((NetworkTestStatus.NoAnswer, false, true), (nothing.Status, nothing.Reached, nothing.Resolved));
        // The container's own resolver understands what is sent to port 53.
        NetworkTestResult resolver = Assert.Single(await TestAsync(client, new() { Target = "127.0.0.11", Ports = [53], Protocol = NetworkTestProtocol.Udp, Timeout = TimeSpan.FromSeconds(60) }));
        Assert.Equal((NetworkTestStatus.Reached, NameSource.Address, null), (resolver.Status, resolver.NameSource, resolver.ResolveTime));
        await end.CancelAsync();
        await answering;
    });

    [Fact]
    public Task Another_network_is_not_reached_and_it_is_said_why() => RunAsync(async () =>
    {
        using NameServer server = new("127.0.0.1", "192.0.2.7");
        await MakeNetworkAsync("red", "10.99.1.0/24");
        await MakeNetworkAsync("blue", "10.99.2.0/24");
        // Known to the server of the host as little as to the container.
        Container far = await StartAsync("missing", "blue");
        Container client = await StartAsync("client", "red", "127.0.0.1");
        using TcpListener listener = Listen(far, 80);
        string address = far.Endpoints[0].Addresses[0].ToString();

        foreach (int[] ports in (int[][])[[80], []])
        {
            NetworkTestResult isolated = Assert.Single(await TestAsync(client, new() { Target = address, Ports = ports, Timeout = s_short }));
            Assert.Equal((NetworkTestStatus.TimedOut, "10.99.1.1", "red"), (isolated.Status, isolated.Gateway!.ToString(), isolated.Network));
            Assert.Contains("0.3 s", isolated.Error, StringComparison.Ordinal);
        }

        // It is there, as who is in its network sees.
        Assert.True(Assert.Single(await TestAsync(far, new() { Target = address, Ports = [80] })).Reached);
        NetworkTestResult name = Assert.Single(await TestAsync(client, new() { Target = "missing", Ports = [80] }));
        Assert.Equal(NetworkTestStatus.NameNotFound, name.Status);
        Assert.Contains("in no network that 'client' is in", name.Error, StringComparison.Ordinal);
        await engine.Containers.StopAsync(far.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        name = Assert.Single(await TestAsync(client, new() { Target = "missing", Ports = [80] }));
        Assert.Contains("it does not run", name.Error, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.ContainerNotRunning, (await Assert.ThrowsAsync<ContainerException>(() => TestAsync(far, new() { Target = address, Ports = [80] }))).Code);

        // Nobody has the address: after three seconds without an answer to its questions the kernel says so, and nothing is waited for until then.
        NetworkTestResult nobody = Assert.Single(await TestAsync(client, new() { Target = "10.99.1.200", Ports = [80], Timeout = s_short }));
        Assert.Contains(nobody.Status, (NetworkTestStatus[])[NetworkTestStatus.TimedOut, NetworkTestStatus.Unreachable]);
        nobody = Assert.Single(await TestAsync(client, new() { Target = "10.99.1.200", Ports = [80], Timeout = TimeSpan.FromMinutes(1) }));
        Assert.Equal(NetworkTestStatus.Unreachable, nobody.Status);
        Assert.Contains("nobody on the network has this address", nobody.Error, StringComparison.Ordinal);
    });

    [Fact]
    public Task Every_mode_is_tested_in_its_own_network() => RunAsync(async () =>
    {
        await MakeNetworkAsync("red", "10.99.1.0/24");
        using TcpListener onHost = new(IPAddress.Loopback, 8080);
        onHost.Start();
        Container web = await StartAsync("web", "red");
        using TcpListener listener = Listen(web, 80);

        Container host = await StartAsync("host", "host");
        NetworkTestResult result = Assert.Single(await TestAsync(host, new() { Target = "127.0.0.1", Ports = [8080] }));
        Assert.Equal((true, null, "lo"), (result.Reached, result.Network, result.Interface));
        result = Assert.Single(await TestAsync(host, new() { Target = web.Endpoints[0].Addresses[0].ToString(), Ports = [80] }));
        Assert.Equal((true, "host"), (result.Reached, result.Network));

        Container none = await StartAsync("none", "none");
        result = Assert.Single(await TestAsync(none, new() { Target = "127.0.0.1", Ports = [8080] }));
        Assert.Equal(NetworkTestStatus.Refused, result.Status);
        result = Assert.Single(await TestAsync(none, new() { Target = "10.99.1.2", Ports = [80] }));
        Assert.Equal((NetworkTestStatus.Unreachable, null, null), (result.Status, result.Interface, result.Network));
        Assert.Contains("no route", result.Error, StringComparison.Ordinal);
        Assert.All(await TestAsync(none, new() { Target = "localhost" }), echo => Assert.True(echo.Reached));

        // Another's network, and the names that are known there; paused, for the network is not.
        Container sharer = await StartAsync("sharer", "container:web");
        await engine.Containers.PauseAsync(sharer.Id, Cancel);
        result = Assert.Single(await TestAsync(sharer, new() { Target = "web", Ports = [80] }));
        Assert.Equal((true, "red", web.Endpoints[0].Addresses[0]), (result.Reached, result.Network, result.RemoteAddress));

        // One with a user namespace of its own, which owns its network.
        Container mapped = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "mapped", NetworkMode = "red", UserNamespace = true });
        Assert.True(Assert.Single(await TestAsync(mapped, new() { Target = "web", Ports = [80] })).Reached);
        Assert.True(Assert.Single(await TestAsync(mapped, new() { Target = "web" })).Reached);

        using SecondMachine second = new();
        second.Run("ip", "link", "set", "lo", "up");
        Container joined = await StartAsync("joined", $"ns:/proc/{second.ProcessId}/ns/net");
        result = Assert.Single(await TestAsync(joined, new() { Target = "127.0.0.1", Ports = [8080] }));
        Assert.Equal(NetworkTestStatus.Refused, result.Status);
    });

    [Fact]
    public Task Names_are_looked_up_as_the_containers_own_files_say() => RunAsync(async () =>
    {
        // The first server is silent or does not want to, the second knows; a short name is looked up in the search domains.
        using NameServer first = new("127.0.0.2", "192.0.2.2"), second = new("127.0.0.3", "192.0.2.3");
        first.Fails = true;
        Container host = await engine.StartAsync(engine.Options("sleep", "10000") with
        {
            Name = "host",
            NetworkMode = "host",
            DnsServers = ["127.0.0.2", "127.0.0.3"],
            DnsSearch = ["one.example"],
            HostEntries = ["here:127.0.0.1", "here:127.0.0.9"],
        });
        NetworkTestResult result = (await TestAsync(host, new() { Target = "web", Timeout = s_patient }))[0];
        Assert.Equal(("127.0.0.3", "web.one.example", "192.0.2.1"), (result.NameServer!.ToString(), result.ResolvedName, result.RemoteAddress!.ToString()));
        Assert.NotEqual(0, first.Queries);
        result = (await TestAsync(host, new() { Target = "web.", Timeout = s_patient }))[0];
        Assert.Equal("web", result.ResolvedName);

        // More than a datagram holds: the same server over TCP.
        NetworkTestResult[] many = await TestAsync(host, new() { Target = "big.example", Timeout = s_patient });
        Assert.Equal(60, many.Length);
        Assert.Equal(60, many[0].Addresses.Count);
        Assert.NotEqual(0, second.StreamQueries);

        // Both addresses of /etc/hosts, which the program in the container may have changed.
        Assert.Equal(["127.0.0.1", "127.0.0.9"], (await TestAsync(host, new() { Target = "HERE" })).Select(echo => echo.RemoteAddress!.ToString()));
        await ExecAsync(host, "sh", "-c", "echo '127.0.0.5 mine # and not theirs' >> /etc/hosts");
        result = Assert.Single(await TestAsync(host, new() { Target = "mine" }));
        Assert.Equal(("127.0.0.5", true, NameSource.HostsFile), (result.RemoteAddress!.ToString(), result.Reached, result.NameSource));
        // What comes after # is no name. The domain of one label has none either, and no server that is left knows better.
        second.IsSilent = true;
        result = Assert.Single(await TestAsync(host, new() { Target = "theirs", Timeout = s_patient }));
        Assert.Equal((NetworkTestStatus.LookupFailed, false), (result.Status, result.Resolved));
        Assert.Contains("127.0.0.3 does not answer", result.Error, StringComparison.Ordinal);
    });

    [Fact]
    public Task Many_ports_and_rounds_come_one_after_another_and_end_with_the_reader() => RunAsync(async () =>
    {
        Container none = await StartAsync("none", "none");
        using TcpListener listener = Listen(none, 150);
        NetworkTestResult[] found = await TestAsync(none, new() { Target = "127.0.0.1", Ports = [.. Enumerable.Range(1, 300), 65535, 7] });
        Assert.Equal([.. Enumerable.Range(1, 300), 65535], found.Select(result => result.Port!.Value));
        Assert.Equal([150], found.Where(result => result.Reached).Select(result => result.Port!.Value));
        found = await TestAsync(none, new() { Target = "127.0.0.1", Ports = [150], Count = 3, Delay = TimeSpan.Zero });
        Assert.Equal([(1, true), (2, true), (3, true)], found.Select(result => (result.Round, result.Reached)));

        // Who has seen enough leaves nothing behind.
        NetworkTestOptions endless = new() { Target = "127.0.0.123", Ports = [150], Count = int.MaxValue, Delay = TimeSpan.FromHours(1) };
        await foreach (NetworkTestResult result in engine.Engine.Networks.TestAsync(none.Id, endless, Cancel))
        {
            Assert.True(result.Reached);
            Assert.NotEmpty(Helpers());
            break;
        }

        await EngineFixture.UntilAsync(() => Helpers().Count == 0);

        static List<string> Helpers() => [.. Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)).Where(folder =>
        {
            try
            {
                return File.ReadAllText(folder + "/cmdline").Contains("network-probe\0", StringComparison.Ordinal) && File.ReadAllText(folder + "/cmdline").Contains("127.0.0.123", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false;
            }
        })];
    });

    private Task<ContainerNetwork> MakeNetworkAsync(string name, params string[] subnets)
        => engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = name, Subnets = [.. subnets.Select(subnet => IPNetwork.Parse(subnet))] }, Cancel);

    private Task<Container> StartAsync(string name, string mode, params string[] servers)
        => engine.StartAsync(engine.Options("sleep", "10000") with { Name = name, NetworkMode = mode, DnsServers = servers });

    private async Task<NetworkTestResult[]> TestAsync(Container container, NetworkTestOptions options)
        => await engine.Engine.Networks.TestAsync(container.Id, options, Cancel).ToArrayAsync(Cancel);

    private static TcpListener Listen(Container container, int port) => Within(container.ProcessId!.Value, () =>
    {
        TcpListener listener = TcpListener.Create(port);
        listener.Start();
        return listener;
    });

    private static Socket Bound(IPAddress address, int port)
    {
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }

    private static async Task AnswerAsync(Socket socket, CancellationToken end)
    {
        byte[] buffer = new byte[100];
        try
        {
            while (true)
            {
                SocketReceiveFromResult question = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), end);
                await socket.SendToAsync(new byte[] { 1 }, question.RemoteEndPoint, end);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ExecAsync(Container container, params string[] command)
    {
        await using IContainerSession session = await engine.Containers.ExecAsync(container.Id, new ContainerExecOptions { Command = command }, Cancel);
        Assert.Equal(0, await session.WaitAsync(Cancel));
    }
}
