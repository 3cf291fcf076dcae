using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ContainerTools.Integration.Tests.Containers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>Clients without connections, which keep sending from one port to a published one whatever becomes of the container behind it.</summary>
public sealed class KnownConnectionTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private const int Published = 5353;
    private const int Inside = 53;
    private const byte Udp = 17;
    private const byte Sctp = 132;
    private static readonly IPEndPoint s_client = new(IPAddress.Parse("192.0.2.2"), 40000);
    private static readonly IPAddress s_host = IPAddress.Parse("192.0.2.1");

    private INetworkOperations Networks => engine.Engine.Networks;

    [Fact]
    public Task A_client_that_keeps_sending_comes_to_the_next_container_and_never_to_a_stranger() => RunAsync(async () =>
    {
        await RememberAsync("udp_timeout", "udp_timeout_stream");
        using SecondMachine second = new();
        second.Join("192.0.2");
        using UdpClient client = Client(second, s_client);
        using UdpClient client6 = Client(second, new IPEndPoint(IPAddress.Parse("fd00:2::2"), 40000));
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.62.0.0/24"), IPNetwork.Parse("fd00:62::/64")] }, Cancel);

        // Before there is anybody: the kernel remembers that this leads to the host itself.
        Send(client, s_host, 0);
        Send(client6, IPAddress.Parse("fd00:2::1"), 0);
        await EngineFixture.UntilAsync(() => Known(ipv6: false).Length == 1 && Known(ipv6: true).Length == 1);
        Container first = await StartAsync("red");
        using (UdpClient server = Server(first, AddressFamily.InterNetwork), server6 = Server(first, AddressFamily.InterNetworkV6))
        {
            await AssertReachedAsync(client, s_host, server, 1);
            await AssertReachedAsync(client6, IPAddress.Parse("fd00:2::1"), server6, 1);
        }

        // It ends, and its address comes to one that publishes nothing, then its port to one that has another address.
        await engine.Containers.RemoveAsync(first.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.DoesNotContain(Known(ipv6: false), connection => connection.Reply.Source.Equals(first.Endpoints[0].Addresses[0]));
        Container stranger = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "red" });
        Assert.Equal(first.Endpoints[0].Addresses, stranger.Endpoints[0].Addresses);
        using UdpClient strange = Server(stranger, AddressFamily.InterNetwork);
        Send(client, s_host, 2);
        using UdpClient honest = new(AddressFamily.InterNetwork);
        await EngineFixture.UntilAsync(() =>
        {
            honest.Send([3], new IPEndPoint(stranger.Endpoints[0].Addresses[0], Inside));
            return strange.Available > 0;
        });
        // It was sent later, and comes first.
        Assert.Equal([3], (await strange.ReceiveAsync(Cancel)).Buffer);

        Container next = await StartAsync("red");
        Assert.NotEqual(first.Endpoints[0].Addresses[0], next.Endpoints[0].Addresses[0]);
        using UdpClient nextServer = Server(next, AddressFamily.InterNetwork), nextServer6 = Server(next, AddressFamily.InterNetworkV6);
        await AssertReachedAsync(client, s_host, nextServer, 4);
        await AssertReachedAsync(client6, IPAddress.Parse("fd00:2::1"), nextServer6, 4);
    });

    [Fact]
    public Task A_client_follows_a_container_into_another_network_and_is_not_interrupted_otherwise() => RunAsync(async () =>
    {
        await RememberAsync("udp_timeout", "udp_timeout_stream");
        using SecondMachine second = new();
        second.Join("192.0.2");
        using UdpClient client = Client(second, s_client);
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "blue" }, Cancel);
        // Another machine's service with the same number, which this one only routes to, is none of the engine's.
        second.Run("ip", "addr", "add", "198.51.100.2/32", "dev", "lo");
        Ip("route", "add", "198.51.100.2/32", "via", "192.0.2.2");
        Container asker = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "red" });
        using UdpClient outwards = Within(asker.ProcessId!.Value, () => new UdpClient(new IPEndPoint(IPAddress.Any, 40001)));
        await EngineFixture.UntilAsync(() =>
        {
            Send(outwards, IPAddress.Parse("198.51.100.2"), 1);
            return Known(ipv6: false).Length == 1;
        });
        byte[] routed = Known(ipv6: false).Single().Id;

        Container web = await StartAsync("red");
        using UdpClient server = Server(web, AddressFamily.InterNetwork);
        await AssertReachedAsync(client, s_host, server, 1);
        Assert.Contains(Known(ipv6: false), connection => connection.Id.SequenceEqual(routed));
        byte[] own = Of(s_client).Id;
        await Networks.RepairAsync("red", Cancel);
        await Networks.ConnectAsync(web.Id, NetworkAttachment.Parse("blue"), Cancel);
        Assert.Equal(own, Of(s_client).Id);

        // It has another address from here on.
        IPAddress before = Of(s_client).Reply.Source;
        await Networks.DisconnectAsync(web.Id, "red", Cancel);
        await AssertReachedAsync(client, s_host, server, 2);
        Assert.NotEqual(before, Of(s_client).Reply.Source);

        // Somebody takes the port out of the firewall, and what the client sends meanwhile is remembered as the host's own.
        Tool("nft", $"delete element inet containertools ports4 {{ udp . {Published} }}");
        using (ConntrackNetlink tracker = new()) tracker.Delete(Known(ipv6: false));
        Send(client, s_host, 3);
        await EngineFixture.UntilAsync(() => Known(ipv6: false).Any(static connection => connection.Reply.Source.Equals(s_host)));
        await Networks.RepairAsync("blue", Cancel);
        await AssertReachedAsync(client, s_host, server, 4);

        // The monitor is lost: what it leaves goes with its addresses.
        Tool("kill", "-9", web.MonitorProcessId!.Value.ToString(CultureInfo.InvariantCulture));
        await EngineFixture.UntilAsync(() => !Directory.Exists($"/proc/{web.MonitorProcessId}"));
        Assert.Equal(ContainerState.Exited, (await engine.Containers.GetAsync(web.Id, Cancel)).State);
        Assert.DoesNotContain(Known(ipv6: false), static connection => connection.Original.Source.Equals(s_client.Address));
    });

    [Fact]
    public Task A_client_of_an_sctp_port_comes_to_the_container_that_publishes_it() => RunAsync(async () =>
    {
        using SecondMachine second = new();
        second.Join("192.0.2");
        // The packets of this test have no checksum.
        await File.WriteAllTextAsync("/proc/sys/net/netfilter/nf_conntrack_checksum", "0", Cancel);
        await RememberAsync("sctp_timeout_cookie_wait", "sctp_timeout_closed");
        using Socket client = Within(Number(second), Raw);
        // The kernel follows connections from when the first rule asks for it.
        await Networks.RepairAsync("bridge", Cancel);
        client.SendTo(Initiation, new IPEndPoint(s_host, 0));
        await EngineFixture.UntilAsync(() => KnownOf(Sctp, ipv6: false).Length == 1);
        Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", Ports = PortMapping.Parse($"{Published}:{Inside}/sctp") });
        using Socket server = Within(web.ProcessId!.Value, Raw);
        for (int attempt = 0; attempt < Attempts && server.Available == 0; attempt++)
        {
            client.SendTo(Initiation, new IPEndPoint(s_host, 0));
            await Task.Delay(50, Cancel);
        }

        Assert.NotEqual(0, server.Available);
        Assert.Equal(web.Endpoints[0].Addresses[0], Assert.Single(KnownOf(Sctp, ipv6: false)).Reply.Source);
        await engine.Containers.RemoveAsync(web.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.Empty(KnownOf(Sctp, ipv6: false));
    });

    // The packets go on all the time, so that what the kernel knows does not become old meanwhile.
    private const int Attempts = 400;

    // RFC 9260: ports, tag, checksum, and a chunk INIT.
    private static byte[] Initiation
        => [s_clientPort[0], s_clientPort[1], Published >> 8, Published & 255, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1];

    private static readonly byte[] s_clientPort = [40000 >> 8, 40000 & 255];

    // The runtime's own way to make a socket knows no such protocol.
    private static Socket Raw()
    {
        using SafeFileHandle file = Libc.OpenNetworkSocket(ipv6: false, (int)SocketType.Raw, Sctp);
        Socket socket = new(new SafeSocketHandle(file.DangerousGetHandle(), ownsHandle: true));
        file.SetHandleAsInvalid();
        socket.Blocking = true;
        return socket;
    }

    // What the kernel has heard of once only it forgets after some seconds, which may be over before a busy machine has looked.
    private static async Task RememberAsync(params string[] times)
    {
        foreach (string time in times) await File.WriteAllTextAsync("/proc/sys/net/netfilter/nf_conntrack_" + time, "600", Cancel);
    }

    private Task<Container> StartAsync(string network)
        => engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = network, Ports = PortMapping.Parse($"{Published}:{Inside}/udp") });

    private static UdpClient Client(SecondMachine machine, IPEndPoint from) => Within(Number(machine), () => new UdpClient(from));

    private static UdpClient Server(Container container, AddressFamily family) => Within(container.ProcessId!.Value, () => new UdpClient(Inside, family));

    private static void Send(UdpClient client, IPAddress host, byte content)
    {
        try
        {
            client.Send([content], new IPEndPoint(host, Published));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // The answer to one before, to which nobody listened.
        }
    }

    private static async Task AssertReachedAsync(UdpClient client, IPAddress host, UdpClient server, byte content)
    {
        for (int attempt = 0; attempt < Attempts && server.Available == 0; attempt++)
        {
            Send(client, host, content);
            await Task.Delay(50, Cancel);
        }

        Assert.True(server.Available > 0, $"nothing comes from {client.Client.LocalEndPoint} by {host}; known: {string.Join(", ", Known(ipv6: false).Select(static one => $"{one.Original} answered as {one.Reply}"))}");
        while (server.Available > 0) Assert.Equal(content, (await server.ReceiveAsync(Cancel)).Buffer[0]);
    }

    private static TrackedConnection Of(IPEndPoint source) => Known(ipv6: false).Single(connection => source.Equals(new IPEndPoint(connection.Original.Source, connection.Original.SourcePort)));

    private static TrackedConnection[] Known(bool ipv6) => KnownOf(Udp, ipv6);

    private static TrackedConnection[] KnownOf(byte protocol, bool ipv6)
    {
        using ConntrackNetlink tracker = new();
        return [.. tracker.List(ipv6, protocol).Where(static connection => connection.Original.DestinationPort == Published)];
    }

    private static int Number(SecondMachine machine) => int.Parse(machine.ProcessId, CultureInfo.InvariantCulture);
}
