using Xunit;

namespace ContainerTools.Runtime.Tests;

public sealed class EnginePathsTests
{
    [Theory]
    [InlineData("/data/engine", "/run/engine")]
    [InlineData("/data/engine/", "/run/engine/")]
    [InlineData("/data//other/../engine//", "/run/./engine//")]
    public void Folders_are_the_same_however_they_are_spelled(string root, string run)
    {
        EnginePaths paths = new(root, run);
        Assert.Equal(("/data/engine", "/run/engine"), (paths.Root, paths.Run));
        Assert.Equal("/data/engine/volumes", paths.Volumes);
    }
}
