using System.Net;
using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Networks;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks;

/// <summary>network.json.</summary>
public sealed class NetworkPlanFormatTests : IDisposable
{
    private static readonly NetworkPlan s_plan = new()
    {
        Id = "0123",
        NetworksRun = "/run/containertools/networks",
        Endpoints =
        [
            new EndpointPlan
            {
                Network = "red", Driver = "bridge", Parent = "ct-red", Device = "eth0", HostDevice = "ve0123456789", Addresses = ["10.7.0.2/24", "fd00::2/64"],
                Gateways = ["10.7.0.1", "fd00::1"], Mtu = 1400, Internal = true, Names = ["web", "0123", "www"],
            },
            new EndpointPlan { Network = "lan", Driver = "macvlan", Parent = "eth1", Device = "eth1", Addresses = ["fd01::2/64"] },
        ],
        Ports =
        [
            new PortMapping { HostPort = 8080, ContainerPort = 80 },
            new PortMapping { HostAddress = IPAddress.IPv6Any, HostPort = 53, ContainerPort = 5353, Protocol = PortProtocol.Udp },
            new PortMapping { HostAddress = IPAddress.Loopback, ContainerPort = 132, Protocol = PortProtocol.Sctp },
        ],
        Servers = ["192.0.2.53", "fd00::53"],
        ServerTimeout = 1,
        ServerAttempts = 3,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-plan-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_plan_is_read_as_it_was_written()
    {
        Assert.Null(NetworkPlanFormat.TryLoad(_folder));
        NetworkPlanFormat.Save(_folder, s_plan);
        NetworkPlan read = NetworkPlanFormat.TryLoad(_folder)!;
        Assert.Equivalent(s_plan with { Endpoints = [], Ports = [] }, read with { Endpoints = [], Ports = [] }, strict: true);
        Assert.Equivalent(s_plan.Endpoints, read.Endpoints, strict: true);
        Assert.Equal(s_plan.Ports, read.Ports);
        Assert.Equal("10.7.0.2", read.Endpoints[0].AddressOf(ipv6: false)!.ToString());
        Assert.Null(read.Endpoints[1].AddressOf(ipv6: false));
        Assert.Equal([0x02, 0x42, 10, 7, 0, 2], read.Endpoints[0].HardwareAddress());
    }

    [Fact]
    public void A_shared_network_is_kept()
    {
        NetworkPlan read = NetworkPlanFormat.Read(NetworkPlanFormat.Write(new NetworkPlan { Id = "1", NetworksRun = "/r", SharedRun = "/run/containers/2" }).Span);
        Assert.Equal("/run/containers/2", read.SharedRun);
        Assert.Empty(read.Endpoints);
    }

    [Fact]
    public void What_is_not_known_is_passed_over_and_what_is_missing_has_its_usual_value()
    {
        NetworkPlan read = NetworkPlanFormat.Read("""{"later":{"a":[1,2]},"id":"1","networksRun":"/r","ports":[{"hostPort":1,"containerPort":2,"later":null}]}"""u8);
        Assert.Equal((4, 2, 0), (read.ServerTimeout, read.ServerAttempts, read.Endpoints.Count));
        Assert.Equal(new PortMapping { HostPort = 1, ContainerPort = 2 }, Assert.Single(read.Ports));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"id":"1"}""")]
    [InlineData("""{"id":"1","networksRun":7}""")]
    [InlineData("""{"id":"1","networksRun":"/r","endpoints":[{}]}""")]
    [InlineData("""{"id":"1","networksRun":"/r","endpoints":[{"network":"n","driver":"bridge","parent":"p","device":"d","addresses":[]}]}""")]
    [InlineData("""{"id":"1","networksRun":"/r","ports":[{"hostAddress":"here"}]}""")]
    [InlineData("""{"id":"1","networksRun":"/r"}}""")]
    public void A_damaged_plan_is_an_error_with_a_code(string document)
    {
        File.WriteAllText(Path.Combine(_folder, NetworkPlan.FileName), document);
        ContainerException error = Assert.Throws<ContainerException>(() => NetworkPlanFormat.TryLoad(_folder));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
    }

    [Fact]
    public void A_plan_that_is_cut_anywhere_is_refused()
    {
        byte[] document = NetworkPlanFormat.Write(s_plan).ToArray();
        for (int length = 0; length < document.Length; length++)
        {
            int cut = length;
            Exception? error = Record.Exception(() => NetworkPlanFormat.Read(document.AsSpan(0, cut)));
            Assert.True(error is JsonException, $"{Encoding.UTF8.GetString(document, 0, cut)}: {error}");
        }
    }
}
