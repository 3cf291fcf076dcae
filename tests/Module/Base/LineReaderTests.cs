using System.Text;
using Xunit;

namespace ContainerTools.Module.Tests.Base;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("one\ntwo\n", "one|two")]
    [InlineData("one\r\ntwo", "one|two")]
    [InlineData("\n\n", "|")]
    [InlineData("a\rb\n", "a\rb")]
    [InlineData("\u20ac\U0001F433 \u00e9\nx", "\u20ac\U0001F433 \u00e9|x")]
    [InlineData("", null)]
    public void However_it_is_cut_the_lines_are_the_same(string text, string? expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int size = 1; size <= Math.Max(1, bytes.Length); size++)
        {
            LineReader reader = new();
            List<string> lines = [];
            for (int at = 0; at < bytes.Length; at += size) lines.AddRange(reader.Read(bytes.AsMemory(at, Math.Min(size, bytes.Length - at))));
            lines.AddRange(reader.Finish());
            Assert.Equal(expected?.Split('|') ?? [], lines);
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_become_replacement_characters()
    {
        LineReader reader = new();
        List<string> lines = [.. reader.Read(new byte[] { 0x41, 0xff, 0x0a, 0xe2, 0x82 })];
        lines.AddRange(reader.Finish());

        Assert.Equal(["A\ufffd", "\ufffd"], lines);
    }
}
