using System.Net;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>What neighbours hear of a container that starts: gratuitous ARP and an unsolicited neighbour advertisement.</summary>
public sealed class AnnouncementTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private const string Address = "10.99.0.50", Address6 = "fd00:99::50", Before = "02:00:00:00:00:99";

    [Fact]
    public Task Who_remembers_another_hardware_address_is_told_of_the_new_one() => RunAsync(async () =>
    {
        ContainerNetwork red = await engine.Engine.Networks.CreateAsync(
            new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.99.0.0/24"), IPNetwork.Parse("fd00:99::/64")] }, Cancel);
        // One that stays: a bridge that loses its carrier forgets its neighbours.
        Container other = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "red" });
        for (int round = 0; round < 5; round++)
        {
            Ip("neigh", "replace", Address, "lladdr", Before, "dev", red.Interface, "nud", "stale");
            Ip("-6", "neigh", "replace", Address6, "lladdr", Before, "dev", red.Interface, "nud", "stale");
            Container container = await engine.StartAsync(engine.Options("sleep", "10000") with { Networks = [NetworkAttachment.Parse($"name=red,ip={Address},ip6={Address6}")] });
            await EngineFixture.UntilAsync(() => Neighbour("-4", Address, red.Interface).Contains("02:42:0a:63:00:32", StringComparison.Ordinal));
            await EngineFixture.UntilAsync(() => Neighbour("-6", Address6, red.Interface).Contains("02:42:0a:63:00:32", StringComparison.Ordinal));
            await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        }

        await engine.Containers.RemoveAsync(other.Id, new ContainerRemoveOptions { Force = true }, Cancel);
    });

    private static string Neighbour(string family, string address, string device) => Ip(family, "neigh", "show", "to", address, "dev", device);
}
