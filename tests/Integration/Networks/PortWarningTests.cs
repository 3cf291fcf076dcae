using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>Published ports that lead nowhere: refused where they never can, else said at the start.</summary>
public sealed class PortWarningTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private INetworkOperations Networks => engine.Engine.Networks;

    [Fact]
    public Task On_the_hosts_network_ports_are_discarded_with_a_warning() => RunAsync(async () =>
    {
        ContainerCreateOptions options = engine.Options("sleep", "10000") with { NetworkMode = "host", Ports = PortMapping.Parse("8080:80") };
        Container first = await engine.StartAsync(options);
        Assert.Equal(["Published ports are discarded when using host network mode."], first.Warnings);
        Assert.Empty(first.Ports);
        // They are nobody's.
        Container second = await engine.StartAsync(options);
        Assert.Single(second.Warnings);
        using System.Net.Sockets.TcpListener service = new(System.Net.IPAddress.Any, 8080);
        service.Start();
        Assert.Empty((await engine.StartAsync(options with { Ports = [] })).Warnings);
    });

    [Fact]
    public Task Where_no_port_can_ever_lead_none_is_taken() => RunAsync(async () =>
    {
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "inner", Internal = true }, Cancel);
        foreach (string mode in (string[])["none", "inner"])
        {
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(
                () => engine.Containers.CreateAsync(engine.Options("sleep", "10000") with { NetworkMode = mode, Ports = PortMapping.Parse("8080:80") }, Cancel));
            Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        }
    });

    [Fact]
    public Task A_start_outside_of_networks_that_ports_lead_to_says_so() => RunAsync(async () =>
    {
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "inner", Internal = true }, Cancel);
        Container web = await engine.Containers.CreateAsync(engine.Options("sleep", "10000") with { Name = "web", NetworkMode = "red", Ports = PortMapping.Parse("8080:80") }, Cancel);
        Assert.Empty((await engine.Containers.StartAsync(web.Id, Cancel)).Warnings);
        await Networks.ConnectAsync(web.Id, NetworkAttachment.Parse("inner"), Cancel);
        await Networks.DisconnectAsync(web.Id, "red", Cancel);
        string warning = Assert.Single((await engine.Containers.RestartAsync(web.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel)).Warnings);
        Assert.Contains("'web' lead nowhere", warning, StringComparison.Ordinal);
        await Networks.ConnectAsync(web.Id, NetworkAttachment.Parse("red"), Cancel);
        Assert.Empty((await engine.Containers.RestartAsync(web.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel)).Warnings);
    });
}
