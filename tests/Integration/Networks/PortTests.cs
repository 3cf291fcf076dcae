using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>Published ports of every kind, asked from another machine and seen from inside the container.</summary>
public sealed class PortTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public Task Ports_of_every_kind_lead_to_the_container_and_the_clients_address_arrives_unchanged() => RunAsync(async () =>
    {
        using SecondMachine second = new();
        second.Join("192.0.2");
        try
        {
            await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.62.0.0/24"), IPNetwork.Parse("fd00:62::/64")] }, Cancel);
            Container web = await engine.StartAsync(engine.Options("sleep", "10000") with
            {
                NetworkMode = "red",
                Ports =
                [
                    .. PortMapping.Parse("5000:53/udp"), .. PortMapping.Parse("5000:80/tcp"), .. PortMapping.Parse("5000:90/sctp"), .. PortMapping.Parse("6000-6002:7000-7002/udp"),
                    .. PortMapping.Parse("[fd00:2::1]:5100:53/udp"), .. PortMapping.Parse("192.0.2.1:5200:53/udp"),
                ],
            });
            int process = web.ProcessId!.Value, client = int.Parse(second.ProcessId, System.Globalization.CultureInfo.InvariantCulture);
            foreach ((string to, int port, int inside) in ((string, int, int)[])
            [
                ("192.0.2.1", 5000, 53), ("fd00:2::1", 5000, 53), ("192.0.2.1", 6002, 7002), ("fd00:2::1", 5100, 53), ("192.0.2.1", 5200, 53),
            ])
            {
                IPAddress address = IPAddress.Parse(to);
                using UdpClient server = Within(process, () => new UdpClient(inside, address.AddressFamily));
                using UdpClient asker = Within(client, () => new UdpClient(address.AddressFamily));
                await asker.SendAsync((byte[])[1, 2, 3], new IPEndPoint(address, port), Cancel);
                UdpReceiveResult query = await server.ReceiveAsync(Cancel);
                // No masquerading on the way in.
                Assert.Equal(to.Contains(':', StringComparison.Ordinal) ? "fd00:2::2" : "192.0.2.2", query.RemoteEndPoint.Address.ToString());
                // The answer comes from where the question went to.
                await server.SendAsync((byte[])[4], query.RemoteEndPoint, Cancel);
                Assert.Equal(new IPEndPoint(address, port), (await asker.ReceiveAsync(Cancel)).RemoteEndPoint);
            }

            using (TcpListener server = Within(process, () => new TcpListener(IPAddress.IPv6Any, 80)))
            {
                server.Server.DualMode = true;
                server.Start();
                foreach (string to in (string[])["192.0.2.1", "fd00:2::1"])
                {
                    using TcpClient asker = Within(client, () => new TcpClient(IPAddress.Parse(to).AddressFamily));
                    await asker.ConnectAsync(IPAddress.Parse(to), 5000, Cancel);
                    using TcpClient accepted = await server.AcceptTcpClientAsync(Cancel);
                    IPAddress from = ((IPEndPoint)accepted.Client.RemoteEndPoint!).Address;
                    Assert.Equal(to[..^1] + "2", (from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from).ToString());
                }
            }

            // What nft shows is what was asked for, and nothing else.
            Assert.Equal(["sctp 5000", "tcp 5000", "udp 5000", "udp 6000", "udp 6001", "udp 6002"], Keys("ports4"));
            Assert.Equal(Keys("ports4"), Keys("ports6"));
            Assert.Equal(["udp 192.0.2.1 5200"], Keys("bound4"));
            Assert.Equal(["udp fd00:2::1 5100"], Keys("bound6"));
            Assert.Equal(["ct-red"], Keys("bridges"));

            // Each of them is taken, in its own protocol, and a stop gives them back.
            foreach (string text in (string[])["5000:1/udp", "5000:1/tcp", "5000:1/sctp", "6001:1/udp", "[fd00:2::1]:5100:1/udp", "192.0.2.1:5200:1/udp"])
            {
                Container late = await engine.Containers.CreateAsync(engine.Options("sleep", "1") with { NetworkMode = "red", Ports = PortMapping.Parse(text) }, Cancel);
                ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(late.Id, Cancel));
                Assert.True(error.Code == ErrorCode.PortInUse, $"{text}: {error.Message}");
            }

            await engine.Containers.StopAsync(web.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
            foreach (string map in (string[])["ports4", "ports6", "bound4", "bound6"]) Assert.Empty(Keys(map));
        }
        finally
        {
            TryTool("ip", "link", "del", "up0");
        }
    });

    [Fact]
    public Task A_random_port_is_free_in_both_families_and_ports_that_lead_nowhere_are_refused() => RunAsync(async () =>
    {
        // Two numbers to choose from, of which IPv6 has one.
        await File.WriteAllTextAsync("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001", Cancel);
        using (Socket taken = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp))
        {
            taken.DualMode = false;
            taken.Bind(new IPEndPoint(IPAddress.IPv6Any, 40000));
            for (int i = 0; i < 4; i++)
            {
                Container web = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", Ports = PortMapping.Parse("80") });
                Assert.Equal(40001, web.Ports[0].HostPort);
                await engine.Containers.RemoveAsync(web.Id, new ContainerRemoveOptions { Force = true }, Cancel);
            }

            taken.Close();
            using Socket both = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
            both.Bind(new IPEndPoint(IPAddress.IPv6Any, 40000));
            using Socket other = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
            other.Bind(new IPEndPoint(IPAddress.IPv6Any, 40001));
            Container none = await engine.Containers.CreateAsync(engine.Options("sleep", "1") with { NetworkMode = "bridge", Ports = PortMapping.Parse("80") }, Cancel);
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(none.Id, Cancel));
            Assert.Equal(ErrorCode.PortInUse, error.Code);
            Assert.Contains("no free port", error.Message, StringComparison.Ordinal);
        }

        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "inner", Internal = true }, Cancel);
        foreach ((string network, string port, string words) in ((string, string, string)[])
        [
            ("bridge", "[fd00::1]:80:80", "IPv6"), ("bridge", "[::]:80:80", "IPv6"), ("bridge", "[::1]:80:80", "127.0.0.1"), ("bridge", "[::ffff:127.0.0.1]:80:80", "127.0.0.1"),
            ("inner", "80:80", "internal"), ("none", "80:80", "'none'"),
        ])
        {
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(
                () => engine.Containers.CreateAsync(engine.Options("sleep", "1") with { NetworkMode = network, Ports = PortMapping.Parse(port) }, Cancel));
            Assert.Equal(ErrorCode.InvalidArgument, error.Code);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }

        // An address that the host does not have.
        Container absent = await engine.Containers.CreateAsync(engine.Options("sleep", "1") with { NetworkMode = "bridge", Ports = PortMapping.Parse("192.0.2.77:80:80") }, Cancel);
        ContainerException refused = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(absent.Id, Cancel));
        Assert.Equal(ErrorCode.InvalidArgument, refused.Code);
        Assert.Contains("192.0.2.77", refused.Message, StringComparison.Ordinal);
    });

    // The keys of a set's or map's elements, by nft's own JSON.
    private static string[] Keys(string set)
    {
        using JsonDocument ruleset = JsonDocument.Parse(Tool("nft", "-j", "list", "ruleset"));
        JsonElement found = ruleset.RootElement.GetProperty("nftables").EnumerateArray()
            .SelectMany(item => item.EnumerateObject()).Single(item => item.Name is "set" or "map" && item.Value.GetProperty("name").GetString() == set).Value;
        Assert.Equal("containertools", found.GetProperty("table").GetString());
        if (!found.TryGetProperty("elem", out JsonElement elements)) return [];
        return [.. elements.EnumerateArray().Select(element => element.ValueKind == JsonValueKind.Array ? element[0] : element).Select(Text).Order(StringComparer.Ordinal)];
    }

    private static string Text(JsonElement key) => key.ValueKind == JsonValueKind.Object && key.TryGetProperty("concat", out JsonElement parts)
        ? string.Join(' ', parts.EnumerateArray().Select(part => part.ToString()))
        : key.ToString();
}
