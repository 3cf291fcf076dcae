using ContainerTools.Integration.Tests.Containers;
using ContainerTools.Runtime;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>Two engines with their states in different folders, on one machine.</summary>
public sealed class TwoEngineTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public Task Each_has_bridges_and_subnets_of_its_own() => RunAsync(async () =>
    {
        await using LocalContainerEngine other = await OtherAsync();
        Container mine = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", Ports = PortMapping.Parse("8080:80") });
        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
        ContainerNetwork red = await other.Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
        Container theirs = await StartAsync(other, "bridge");
        try
        {
            ContainerNetwork[] all = [.. await NetworksAsync(engine.Engine), .. await NetworksAsync(other)];
            Assert.Equal(4, all.Select(static network => network.Interface).Distinct().Count());
            Assert.Equal(4, all.Select(static network => network.Subnets[0].Subnet).Distinct().Count());
            Assert.Contains("ct-bridge", all.Select(static network => network.Interface));
            Assert.NotEqual(mine.Endpoints[0].Addresses[0], theirs.Endpoints[0].Addresses[0]);
            foreach (Container container in (Container[])[mine, theirs]) Assert.True(Reaches($"{container.ProcessId}", $"{container.Endpoints[0].Gateways[0]}"));

            // What one removes takes nothing away from the other.
            await other.Networks.RemoveAsync("red", Cancel);
            Assert.DoesNotContain(red.Interface, Ip("link"), StringComparison.Ordinal);
            Assert.Contains("ct-red", Ip("link"), StringComparison.Ordinal);
            // The other's port is in use for this one as well.
            Container late = await other.Containers.CreateAsync(engine.Options("sleep", "10000") with { NetworkMode = "bridge", Ports = PortMapping.Parse("8080:80") }, Cancel);
            Assert.Equal(ErrorCode.PortInUse, (await Assert.ThrowsAsync<ContainerException>(() => other.Containers.StartAsync(late.Id, Cancel))).Code);
        }
        finally
        {
            await EndAsync(other);
        }
    });

    [Fact]
    public Task Bridges_that_both_have_on_record_are_the_firsts() => RunAsync(async () =>
    {
        await using LocalContainerEngine other = await OtherAsync();
        try
        {
            await other.Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
            Container theirs = await StartAsync(other, "bridge");
            await other.Containers.RemoveAsync(theirs.Id, new ContainerRemoveOptions { Force = true }, Cancel);
            // As after a restart of the machine: the records are there, the devices are not.
            foreach (string device in (string[])["ct-bridge", "ct-red"]) Ip("link", "del", device);
            ContainerNetwork red = await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
            Container mine = await engine.StartAsync(engine.Options("sleep", "10000") with { Networks = [NetworkAttachment.Parse("bridge"), NetworkAttachment.Parse("red")] });

            theirs = await StartAsync(other, "bridge");
            Assert.DoesNotContain(theirs.Endpoints[0].Addresses[0], mine.Endpoints.Select(static endpoint => endpoint.Addresses[0]));
            Assert.True(Reaches($"{theirs.ProcessId}", $"{theirs.Endpoints[0].Gateways[0]}"));
            Assert.NotEqual("ct-bridge", (await NetworksAsync(other)).Single(static network => network.Name == "bridge").Interface);

            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => StartAsync(other, "red"));
            Assert.Equal(ErrorCode.NetworkNameInUse, error.Code);
            Assert.Contains(engine.Paths.Root, error.Message, StringComparison.Ordinal);
            await other.Networks.RemoveAsync("red", Cancel);
            Assert.Contains(red.Interface, Tool("nft", "list", "set", "inet", "containertools", "bridges"), StringComparison.Ordinal);
            Assert.True(Reaches($"{mine.ProcessId}", $"{red.Subnets[0].Gateway}"));
            await other.Networks.CreateAsync(new NetworkCreateOptions { Name = "red" }, Cancel);
            Assert.NotEqual(mine.Endpoints[1].Addresses[0], (await StartAsync(other, "red")).Endpoints[0].Addresses[0]);
        }
        finally
        {
            await EndAsync(other);
        }
    });

    private async Task<LocalContainerEngine> OtherAsync()
    {
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        LocalContainerEngine other = new(new EnginePaths(Path.Combine(engine.Scratch, "other/root"), Path.Combine(engine.Scratch, "other/run")));
        ImageImportOptions image = new() { Path = Path.Combine(engine.Scratch, "busybox.tar"), Reference = EngineFixture.ImageName, Configuration = new ImageConfiguration { Command = ["sh"] } };
        await other.Images.ImportAsync(image, null, Cancel);
        return other;
    }

    private async Task<Container> StartAsync(LocalContainerEngine other, string network)
    {
        Container made = await other.Containers.CreateAsync(engine.Options("sleep", "10000") with { NetworkMode = network }, Cancel);
        return await other.Containers.StartAsync(made.Id, Cancel);
    }

    private static async Task<ContainerNetwork[]> NetworksAsync(LocalContainerEngine engine)
        => [.. (await engine.Networks.ListAsync(Cancel).ToListAsync(Cancel)).Where(static network => network.Interface.Length > 0)];

    private static async Task EndAsync(LocalContainerEngine other)
    {
        foreach (Container container in await other.Containers.ListAsync(ContainerFilter.All, CancellationToken.None).ToListAsync(CancellationToken.None))
        {
            await other.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, CancellationToken.None);
        }
    }
}
