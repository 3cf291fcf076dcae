using ContainerTools.Module.Parameters;
using Xunit;

namespace ContainerTools.Module.Tests.Parameters;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("512b", 512)]
    [InlineData("64k", 64L << 10)]
    [InlineData("512m", 512L << 20)]
    [InlineData("512MB", 512L << 20)]
    [InlineData("512 MiB", 512L << 20)]
    [InlineData("1.5g", 3L << 29)]
    [InlineData(" 2T ", 2L << 40)]
    [InlineData("1E+15", 1_000_000_000_000_000)]
    [InlineData("-1", -1)]
    [InlineData("Unlimited", -1)]
    public void Reads_what_people_write(string text, long expected)
    {
        Assert.True(ByteSize.TryParse(text, out long bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("lots")]
    [InlineData("m")]
    [InlineData("1.2.3")]
    [InlineData("-5m")]
    [InlineData("5x")]
    [InlineData("9999999999999g")]
    [InlineData("1,5g")]
    [InlineData("0x10")]
    public void Refuses_everything_else(string text) => Assert.False(ByteSize.TryParse(text, out _));
}
