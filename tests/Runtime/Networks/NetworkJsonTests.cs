using System.Net;
using System.Text.Json;
using ContainerTools.Runtime.Networks;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks;

/// <summary>A network's record.</summary>
public sealed class NetworkJsonTests
{
    [Theory]
    [InlineData("""{"x":"10.1.2.3"}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    public void Who_is_in_a_network_is_not_on_its_record(string containers)
    {
        ContainerNetwork network = JsonSerializer.Deserialize(
            $$"""{"name":"red","driver":"bridge","interface":"ct-red","subnets":[{"subnet":"10.1.2.0/24","gateway":"10.1.2.1"}],"containers":{{containers}},"internal":true}""", NetworkJson.Default.ContainerNetwork)!;
        Assert.Empty(network.Containers);
        Assert.True(network.Internal);
        string written = JsonSerializer.Serialize(network with { Containers = [new NetworkContainer { Id = "x", Name = "web", IPv4Address = IPAddress.Loopback }] }, NetworkJson.Default.ContainerNetwork);
        Assert.DoesNotContain("web", written, StringComparison.Ordinal);
        Assert.Equal(network.Subnets, JsonSerializer.Deserialize(written, NetworkJson.Default.ContainerNetwork)!.Subnets);
    }
}
