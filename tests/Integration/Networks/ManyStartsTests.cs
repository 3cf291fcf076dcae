using System.Net;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>Very many starts on one network at the same time.</summary>
public sealed class ManyStartsTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private const int Many = 200;
    private const int Room = 197;
    private const int Usable = 253;

    [Fact]
    public Task Of_two_hundred_parallel_starts_each_has_an_address_of_its_own_or_a_clear_error() => RunAsync(async () =>
    {
        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.99.0.0/24")] }, Cancel);
        string taken = Path.Combine(engine.Paths.NetworkRun("red"), "addresses");
        // There are addresses for all but three: of the 253 that are left beside the gateway, one container that runs has all others.
        Container owner = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "red" });
        for (int place = 254; place > 254 - (Usable - 1 - Room); place--) File.CreateSymbolicLink(Path.Combine(taken, $"10.99.0.{place}"), $"{owner.Id} {owner.Name}");

        Task<Container>[] starts = [.. Enumerable.Range(0, Many).Select(_ => Task.Run(() => engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "red" })))];
        await Task.WhenAll(starts).ContinueWith(static _ => { }, TaskScheduler.Default);

        Container[] started = [.. starts.Where(static start => start.IsCompletedSuccessfully).Select(static start => start.Result)];
        Assert.Equal(Room, started.Length);
        Assert.Equal(Room, started.Select(static container => container.Endpoints[0].Addresses[0]).Distinct().Count());
        foreach (Task<Container> failed in starts.Where(static start => start.IsFaulted))
        {
            ContainerException error = Assert.IsType<ContainerException>(failed.Exception!.InnerException);
            Assert.Equal(ErrorCode.AddressInUse, error.Code);
            Assert.Contains("10.99.0.0/24", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(Usable, Directory.GetFileSystemEntries(taken).Length);
        Assert.All((Container[])[started[0], started[^1]], container => Assert.True(Reaches($"{container.ProcessId}", "10.99.0.1")));
        await Task.WhenAll(started.Select(container => engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel)));
        await engine.Containers.RemoveAsync(owner.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.Empty(Directory.GetFileSystemEntries(taken));
        await EngineFixture.UntilAsync(static () => !Ip("link").Contains(": ve", StringComparison.Ordinal));
    });
}
