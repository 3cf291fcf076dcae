using ContainerTools.Runtime.Images.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

public sealed class ImagePlatformSelectorTests
{
    [Theory]
    [InlineData("linux/amd64", "linux", "amd64", null, true)]
    [InlineData("linux/amd64", "linux", "arm64", null, false)]
    [InlineData("amd64", "linux", "amd64", null, true)]
    [InlineData("linux/x86_64", "linux", "amd64", null, true)]
    [InlineData("linux/arm64", "linux", "arm64", "v8", true)]
    [InlineData("linux/arm64/v8", "linux", "arm64", null, true)]
    [InlineData("linux/arm/v7", "linux", "arm", "v6", false)]
    [InlineData("linux/arm", "linux", "arm", "v6", true)]
    [InlineData("linux/amd64", "windows", "amd64", null, false)]
    public void Platforms_match(string wanted, string os, string architecture, string? variant, bool matches)
        => Assert.Equal(matches, ImagePlatformSelector.Parse(wanted).Matches(os, architecture, variant));

    [Theory]
    [InlineData("linux/")]
    [InlineData("/amd64")]
    [InlineData("a/b/c/d")]
    public void What_is_no_platform_is_refused(string text)
        => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(() => ImagePlatformSelector.Parse(text)).Code);

    [Fact]
    public void No_platform_means_this_machine() => Assert.Same(ImagePlatformSelector.Host, ImagePlatformSelector.Parse(null));
}
