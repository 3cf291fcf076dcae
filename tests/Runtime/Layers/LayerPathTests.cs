using System.Text;
using ContainerTools.Runtime.Layers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Layers;

public sealed class LayerPathTests
{
    [Theory]
    [InlineData("etc/passwd", "etc/passwd")]
    [InlineData("./etc//passwd/", "etc/passwd")]
    [InlineData("/etc/passwd", "etc/passwd")]
    [InlineData("./", "")]
    [InlineData("/", "")]
    [InlineData("a/../b", "b")]
    [InlineData("a/b/../../c", "c")]
    [InlineData("...", "...")]
    [InlineData("..a/b", "..a/b")]
    public void Paths_are_cleaned(string name, string expected)
    {
        Assert.True(LayerPath.TryNormalize(Encoding.UTF8.GetBytes(name), out byte[] path));
        Assert.Equal(expected, Encoding.UTF8.GetString(path));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../etc/passwd")]
    [InlineData("/../etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("./.././a")]
    public void Paths_that_lead_outside_are_refused(string name) => Assert.False(LayerPath.TryNormalize(Encoding.UTF8.GetBytes(name), out _));

    [Fact]
    public void Parent_and_name()
    {
        Assert.Equal("a/b", Encoding.UTF8.GetString(LayerPath.Parent("a/b/c"u8)));
        Assert.Equal("c", Encoding.UTF8.GetString(LayerPath.Name("a/b/c"u8)));
        Assert.Equal("", Encoding.UTF8.GetString(LayerPath.Parent("c"u8)));
        Assert.Equal("c", Encoding.UTF8.GetString(LayerPath.Name("c"u8)));
    }
}
