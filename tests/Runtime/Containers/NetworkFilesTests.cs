using System.Text;
using ContainerTools.Runtime.Containers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed class NetworkFilesTests
{
    private const string One = "10.0.0.2\tweb", Two = "10.1.0.2\tweb", Three = "10.2.0.2\tweb";

    [Theory]
    // Only what is new is written, behind all else.
    [InlineData("127.0.0.1\tlocalhost\n10.0.0.2\tweb\n", One, One + ";" + Two, 33, Two + "\n")]
    [InlineData("127.0.0.1\tlocalhost", "", One, 19, "\n" + One + "\n")]
    [InlineData("", "", One, 0, One + "\n")]
    // What is there already is not written again.
    [InlineData("10.0.0.2\tweb\n", "", One, 13, "")]
    [InlineData("10.0.0.2\tweb", "", One, 12, "")]
    // What comes before the line that goes is not touched; what comes after it stays as it is.
    [InlineData("a\n\n10.0.0.2\tweb\n\n# b \n", One, "", 3, "\n# b \n")]
    [InlineData("a\n10.0.0.2\tweb\nb\n10.1.0.2\tweb\nc", One + ";" + Two, Three, 2, "b\nc\n" + Three + "\n")]
    // A line of a program's own that only begins like one of the engine's.
    [InlineData("10.0.0.2\tweb x\n", One, "", 15, "")]
    public void Only_the_engines_own_lines_come_and_go(string content, string before, string wanted, int start, string end)
    {
        (int place, byte[] rest) = NetworkFiles.Change(Encoding.UTF8.GetBytes(content), Lines(before), Lines(wanted));
        Assert.Equal((start, end), (place, Encoding.UTF8.GetString(rest)));
    }

    [Fact]
    public void Bytes_that_are_no_text_stay()
    {
        byte[] content = [.. "10.0.0.2\tweb\n"u8, 0xFF, 0xFE, 0x00, (byte)'\r', (byte)'\n'];
        (int place, byte[] rest) = NetworkFiles.Change(content, [One], []);
        Assert.Equal(0, place);
        Assert.Equal(content[13..], rest);
    }

    private static string[] Lines(string text) => text.Split(';', StringSplitOptions.RemoveEmptyEntries);
}
