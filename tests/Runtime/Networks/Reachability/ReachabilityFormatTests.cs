using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using ContainerTools.Runtime.Networks.Reachability;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks.Reachability;

/// <summary>What the engine and ctrun say to each other about a test.</summary>
public sealed class ReachabilityFormatTests
{
    [Fact]
    public void A_result_is_read_as_it_was_written()
    {
        ReachabilityResult full = new()
        {
            Port = 80,
            Round = 3,
            Status = NetworkTestStatus.Reached,
            Name = new ResolvedTarget
            {
                Addresses = [IPAddress.Parse("10.0.0.1"), IPAddress.Parse("fd00::1")],
                Source = NameSource.NameServer,
                Server = IPAddress.Parse("127.0.0.11"),
                FullName = "web.red",
                Elapsed = TimeSpan.FromTicks(1234),
            },
            Address = IPAddress.Parse("10.0.0.1"),
            Route = new NetworkRoute("eth0", IPAddress.Parse("10.0.0.2"), IPAddress.Parse("10.0.0.254")),
            Elapsed = TimeSpan.FromTicks(777),
        };
        ReachabilityResult read = ReachabilityFormat.Read(Line(writer => ReachabilityFormat.Write(writer, full)));
        Assert.Equal(full.Name.Addresses, read.Name.Addresses);
        Assert.Equal(full, read with { Name = read.Name with { Addresses = full.Name.Addresses } } with { Name = full.Name });
        Assert.Equal((full.Name.Server, full.Name.FullName, full.Name.Elapsed, full.Name.Source), (read.Name.Server, read.Name.FullName, read.Name.Elapsed, read.Name.Source));

        ReachabilityResult poor = new() { Status = NetworkTestStatus.NameNotFound, Name = new ResolvedTarget(), Error = "No \"such\" name." };
        read = ReachabilityFormat.Read(Line(writer => ReachabilityFormat.Write(writer, poor)));
        Assert.Equal((NetworkTestStatus.NameNotFound, null, null, null, null), (read.Status, read.Port, read.Address, read.Route, read.Elapsed));
        Assert.Equal((poor.Error, NameSource.None, 0), (read.Error, read.Name.Source, read.Name.Addresses.Count));
    }

    [Fact]
    public void A_failure_is_thrown_and_what_is_neither_is_refused()
    {
        string line = Line(writer => ReachabilityFormat.WriteFailure(writer, new ContainerException(ErrorCode.ContainerNotRunning, "It has ended.")));
        ContainerException failure = Assert.Throws<ContainerException>(() => ReachabilityFormat.Read(line));
        Assert.Equal((ErrorCode.ContainerNotRunning, "It has ended."), (failure.Code, failure.Message));
        foreach (string bad in (string[])["", "[]", "{}", "{\"status\":\"Fine\",\"source\":\"None\"}", "nonsense"]) Assert.ThrowsAny<JsonException>(() => ReachabilityFormat.Read(bad));
    }

    [Theory]
    [InlineData("80", new[] { 80 })]
    [InlineData("80-82,443", new[] { 80, 81, 82, 443 })]
    [InlineData("443,80-81", new[] { 443, 80, 81 })]
    [InlineData("65535", new[] { 65535 })]
    public void Ports_are_one_word(string text, int[] ports)
    {
        Assert.Equal(text, ReachabilityRequest.WritePorts(ports));
        Assert.Equal(ports, ReachabilityRequest.ReadPorts(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("80-")]
    [InlineData("82-80")]
    [InlineData("1-2-3")]
    [InlineData("80,,81")]
    [InlineData("+80")]
    public void What_is_no_list_of_ports_is_not_read(string text) => Assert.Null(ReachabilityRequest.ReadPorts(text));

    [Fact]
    public void What_is_asked_for_is_checked()
    {
        ReachabilityRequest request = NetworkTest.Check(new NetworkTestOptions { Target = "bücher.example", Ports = [80, 443, 80], Family = AddressFamily.InterNetworkV6, Timeout = TimeSpan.FromMilliseconds(0.5) });
        Assert.Equal(("xn--bcher-kva.example", NetworkTestProtocol.Tcp), (request.Target, request.Protocol));
        Assert.Equal([80, 443], request.Ports);
        Assert.Equal(
            ["--start-time", "0", "--target", "xn--bcher-kva.example", "--protocol", "Tcp", "--count", "1", "--delay", "1000", "--port", "80,443", "--timeout", "1", "--family", "6", "0"],
            request.ToArguments());
        request = NetworkTest.Check(new NetworkTestOptions { Target = "[fd00::1]" });
        Assert.Equal(("fd00::1", NetworkTestProtocol.Icmp), (request.Target, request.Protocol));
        Assert.Equal("web.", NetworkTest.Check(new NetworkTestOptions { Target = "web." }).Target);

        NetworkTestOptions good = new() { Target = "web", Ports = [80] };
        Refuse(good with { Ports = [0] }, "0 is no port");
        Refuse(good with { Ports = [65536] }, "65536 is no port");
        Refuse(good with { Protocol = NetworkTestProtocol.Icmp }, "goes to no port");
        Refuse(good with { Protocol = NetworkTestProtocol.Udp, Ports = [] }, "UDP needs a port");
        Refuse(good with { Timeout = TimeSpan.Zero }, "more than nothing");
        Refuse(good with { Timeout = TimeSpan.MaxValue }, "at most a day");
        Refuse(good with { Delay = TimeSpan.MaxValue }, "at most a day");
        Refuse(good with { Count = 0 }, "no number of rounds");
        foreach (string target in (string[])["", ".", "a b", "a..b", "web:80", "http://web/", new string('a', 64), string.Join('.', Enumerable.Repeat("abcdefghi", 30)), new string('ü', 70), "a\n"])
        {
            Refuse(good with { Target = target }, "neither the name of a host nor an address");
        }
    }

    private static void Refuse(NetworkTestOptions options, string words)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => NetworkTest.Check(options));
        Assert.Equal((ErrorCode.InvalidArgument, options.Target), (error.Code, error.Target));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    private static string Line(Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer)) write(writer);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
