using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Tests.Images;
using Xunit;

namespace ContainerTools.Runtime.Tests;

public sealed class EngineConfigurationTests : IDisposable
{
    private readonly TemporaryStore _local = new();

    public void Dispose() => _local.Dispose();

    [Fact]
    public void Without_a_file_nothing_is_said()
        => Assert.Equal(new EngineConfiguration(), EngineConfiguration.Load(Path.Combine(_local.Folder, "none.json")));

    [Fact]
    public void Comments_and_commas_are_for_people()
    {
        EngineConfiguration configuration = Load("{\n // only what was looked at\n \"requireDigest\": true,\n \"storageDriver\": \"vfs\", }");
        Assert.Equal(new EngineConfiguration { RequireDigest = true, StorageDriver = "vfs" }, configuration);
    }

    [Theory]
    [InlineData("{\"requireDigests\":true}")]
    [InlineData("{\"RequireDigest\":true}")]
    [InlineData("{\"requireDigest\":\"yes\"}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("{")]
    public void What_is_not_known_is_refused(string text)
    {
        ContainerException error = Assert.ThrowsAny<ContainerException>(() => Load(text));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Contains("engine.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("overlay", "overlay")]
    [InlineData("overlay2", "overlay")]
    [InlineData("btrfs", "btrfs")]
    [InlineData("vfs", "vfs")]
    public void The_driver_is_the_one_that_is_configured(string configured, string expected)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(StorageDrivers.Variable) is null, $"{StorageDrivers.Variable} is set, and counts for more");
        Assert.Equal(expected, StorageDrivers.Select(_local.Paths, configured).Name);
    }

    [Fact]
    public void An_unknown_driver_is_refused()
        => Assert.Equal(ErrorCode.InvalidConfiguration, Assert.ThrowsAny<ContainerException>(() => StorageDrivers.Select(_local.Paths, "zfs")).Code);

    private EngineConfiguration Load(string text) => EngineConfiguration.Load(_local.Write("engine.json", System.Text.Encoding.UTF8.GetBytes(text)));
}
