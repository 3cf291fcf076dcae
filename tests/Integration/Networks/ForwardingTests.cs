using System.Net;
using System.Net.Sockets;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>What the resolver does with names that no container has.</summary>
public sealed class ForwardingTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public Task Other_names_are_asked_of_the_servers_that_answer() => RunAsync(async () =>
    {
        RequireDig();
        using NameServer silent = new("127.0.0.2", "192.0.2.2") { IsSilent = true };
        using NameServer failing = new("127.0.0.3", "192.0.2.3") { Fails = true };
        using NameServer good = new("127.0.0.4", "192.0.2.4");
        Container asker = await engine.StartAsync(engine.Options("sleep", "10000") with
        {
            NetworkMode = "bridge",
            DnsServers = ["127.0.0.2", "127.0.0.3", "127.0.0.4"],
            DnsOptions = ["timeout:5", "attempts:2", "ndots:1"],
            DnsSearch = ["example.test"],
        });
        Assert.Equal("192.0.2.1\n", Dig(asker, "a.example.test"));
        // More often where one of them was late.
        Assert.True(silent.Queries >= 1 && failing.Queries >= 1 && good.Queries >= 1);
        int before = silent.Queries;
        // The one that was silent comes last from now on, and is not asked again while others answer.
        Assert.Equal("192.0.2.1\n", Dig(asker, "b.example.test"));
        Assert.Equal(before, silent.Queries);
        Assert.True(good.Queries >= 2);
        Assert.Contains("status: NXDOMAIN", DigAll(asker, "missing.example.test"), StringComparison.Ordinal);

        // Over TCP it goes on over TCP.
        Assert.Equal("192.0.2.1\n", Dig(asker, "+tcp", "c.example.test"));
        before = good.StreamQueries;
        Assert.True(before >= 1);

        // An answer that is cut is asked for again over TCP, and comes whole to whom it fits; others get it cut, and ask again themselves.
        Assert.Equal(60, Dig(asker, "+bufsize=4096", "big.example.test").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.True(good.StreamQueries > before);
        Assert.Contains("flags: qr tc", DigAll(asker, "+noedns", "+ignore", "big2.example.test"), StringComparison.Ordinal);
        Assert.Equal(60, Dig(asker, "+noedns", "big3.example.test").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        // What the container's own C library or busybox does with the file.
        (int code, string output) = TryTool("nsenter", "-n", "-m", "-t", $"{asker.ProcessId}", "/bin/cat", "/etc/resolv.conf");
        Assert.Equal((0, "nameserver 127.0.0.11\nsearch example.test\noptions timeout:5 attempts:2 ndots:1\n"), (code, output));
        (code, output) = TryTool("nsenter", "-n", "-m", "-t", $"{asker.ProcessId}", "/bin/nslookup", "d.example.test");
        Assert.True(code == 0 && output.Contains("192.0.2.1", StringComparison.Ordinal), output);

        // Nobody answers: an end, and not a question that is asked for ever.
        good.IsSilent = true;
        failing.Fails = false;
        failing.IsSilent = true;
        before = silent.Queries + failing.Queries + good.Queries;
        Container hasty = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", DnsServers = ["127.0.0.2", "127.0.0.3", "127.0.0.4"], DnsOptions = ["timeout:1"] });
        Assert.Contains("status: SERVFAIL", DigAll(hasty, "e.example.test"), StringComparison.Ordinal);
        // Each of them twice, whenever their threads come to count it.
        await EngineFixture.UntilAsync(() => silent.Queries + failing.Queries + good.Queries >= before + 6);
        Assert.Equal(before + 6, silent.Queries + failing.Queries + good.Queries);

        // Containers of a network without a way out ask nobody outside.
        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "closed", Internal = true }, TestToken.Cancel);
        Container inside = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "closed", DnsServers = ["127.0.0.4"] });
        before = good.Queries;
        Assert.Contains("status: SERVFAIL", DigAll(inside, "f.example.test"), StringComparison.Ordinal);
        Assert.Equal(before, good.Queries);
    });

    [Fact]
    public Task Many_questions_at_once_wait_for_their_answers() => RunAsync(async () =>
    {
        const int many = 100;
        using NameServer silent = new("127.0.0.2", "192.0.2.2") { IsSilent = true };
        Container asker = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", DnsServers = ["127.0.0.2"], DnsOptions = ["timeout:30", "attempts:5"] });
        using UdpClient client = Within(asker.ProcessId!.Value, () => new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)));
        for (int i = 0; i < many; i++)
        {
            // A header with one question, for the address of a name of one label.
            byte[] question = [(byte)(i >> 8), (byte)i, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, (byte)'n', (byte)('0' + (i / 100)), (byte)('0' + (i / 10 % 10)), (byte)('0' + (i % 10)), 4, (byte)'t', (byte)'e', (byte)'s', (byte)'t', 0, 0, 1, 0, 1];
            client.Send(question, new IPEndPoint(IPAddress.Parse("127.0.0.11"), 53));
        }

        await EngineFixture.UntilAsync(() => silent.Queries >= many);
        // None has failed for there being others.
        Assert.Equal(0, client.Available);
    });

    [Fact]
    public Task The_servers_behind_systemd_resolved_are_asked() => RunAsync(async () =>
    {
        RequireDig();
        HostFile("/etc/resolv.conf", "# the stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch stub.test\n", engine.Scratch);
        HostFile("/run/systemd/resolve/resolv.conf", "nameserver 127.0.0.2\nsearch real.test other.test\n", engine.Scratch);
        using NameServer real = new("127.0.0.2", "192.0.2.2");
        Container asker = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge" });
        Assert.Equal("192.0.2.1\n", Dig(asker, "a.example.test"));
        Assert.True(real.Queries >= 1);
        Assert.Equal("nameserver 127.0.0.11\nsearch real.test other.test\noptions ndots:0\n", Tool("nsenter", "-m", "-t", $"{asker.ProcessId}", "/bin/cat", "/etc/resolv.conf"));

        // Those without a network of their own have the host's file, with what was asked for in place of it.
        (_, string output) = await engine.RunAsync(engine.Options("cat", "/etc/resolv.conf") with { NetworkMode = "host" });
        Assert.Equal("# the stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch stub.test\n", output);
        (_, output) = await engine.RunAsync(engine.Options("cat", "/etc/resolv.conf") with { NetworkMode = "host", DnsServers = ["192.0.2.53"] });
        Assert.Equal("nameserver 192.0.2.53\nsearch real.test other.test\noptions edns0 trust-ad\n", output);
        (_, output) = await engine.RunAsync(engine.Options("cat", "/etc/resolv.conf") with { NetworkMode = "none", DnsServers = ["192.0.2.53"] });
        Assert.Equal("nameserver 192.0.2.53\n", output);
    });

    [Fact]
    public Task A_container_can_have_a_name_server_of_its_own_and_cannot_have_the_resolvers_port() => RunAsync(async () =>
    {
        RequireDig();
        Container asker = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "asker", NetworkMode = "bridge" });
        string address = asker.Endpoints[0].Addresses[0].ToString();
        // As a name server does it: all addresses; and as a thief would: the resolver's very address, and SO_REUSEADDR.
        foreach (IPAddress own in (IPAddress[])[IPAddress.Any, IPAddress.Parse("127.0.0.11")])
        {
            using Socket datagrams = Bind(SocketType.Dgram, ProtocolType.Udp);
            using Socket streams = Bind(SocketType.Stream, ProtocolType.Tcp);
            streams.Listen();
            Assert.Equal(address + "\n", Dig(asker, "asker"));
            Assert.Equal(address + "\n", Dig(asker, "+tcp", "asker"));
            Assert.Equal(0, datagrams.Available);
            Assert.False(streams.Poll(0, SelectMode.SelectRead));
            // From elsewhere the container's own server is asked.
            if (!own.Equals(IPAddress.Any)) continue;
            using UdpClient outside = new();
            outside.Send([1, 2, 3], new IPEndPoint(IPAddress.Parse(address), 53));
            Assert.True(datagrams.Poll(TimeSpan.FromMinutes(1), SelectMode.SelectRead));

            Socket Bind(SocketType type, ProtocolType protocol) => Within(asker.ProcessId!.Value, () =>
            {
                Socket socket = new(AddressFamily.InterNetwork, type, protocol);
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                socket.Bind(new IPEndPoint(own, 53));
                return socket;
            });
        }

    });

    private static void RequireDig() => Assert.SkipUnless(File.Exists("/usr/bin/dig"), "needs dig, which is not installed");

    private static string DigAll(Container container, params string[] arguments)
        => TryTool("nsenter", ["-n", "-t", $"{container.ProcessId}", "dig", "@127.0.0.11", "+tries=1", "+time=120", .. arguments]).Output;

    private static string Dig(Container container, params string[] arguments)
        => TryTool("nsenter", ["-n", "-t", $"{container.ProcessId}", "dig", "@127.0.0.11", "+short", "+tries=1", "+time=120", .. arguments]).Output;
}
