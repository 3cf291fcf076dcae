using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Logs;
using Xunit;

namespace ContainerTools.Runtime.Tests.Logs;

public sealed class JsonLogEncodingTests
{
    [Theory]
    [InlineData("hello\n", "{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n")]
    [InlineData("a\"b\\c\n", "{\"log\":\"a\\\"b\\\\c\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n")]
    [InlineData("a\tb\r\n", "{\"log\":\"a\\u0009b\\r\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n")]
    [InlineData("<a>&\u0001\u007f", "{\"log\":\"\\u003ca\\u003e\\u0026\\u0001\u007f\",\"stream\":\"stdout\",\"time\":\"T\"}\n")]
    [InlineData("grün €😀", "{\"log\":\"grün €😀\",\"stream\":\"stdout\",\"time\":\"T\"}\n")]
    [InlineData("a\u2028b\u2029c", "{\"log\":\"a\\u2028b\\u2029c\",\"stream\":\"stdout\",\"time\":\"T\"}\n")]
    [InlineData("", "{\"log\":\"\",\"stream\":\"stdout\",\"time\":\"T\"}\n")]
    public void Entry_is_written_as_docker_writes_it(string text, string expected)
        => Assert.Equal(expected, Encode(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(new byte[] { 0xFF, (byte)'a' }, "\\ufffda")]
    [InlineData(new byte[] { 0xC3 }, "\\ufffd")] // the first half of a character
    [InlineData(new byte[] { 0xE2, 0x82, (byte)'x' }, "\\ufffd\\ufffdx")] // two thirds of one: Go counts each byte
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "\\ufffd\\ufffd\\ufffd")] // a surrogate
    [InlineData(new byte[] { 0xC0, 0x80 }, "\\ufffd\\ufffd")] // an overlong zero
    public void Bytes_that_are_no_utf8_become_replacement_characters(byte[] text, string expected)
        => Assert.Equal($"{{\"log\":\"{expected}\",\"stream\":\"stdout\",\"time\":\"T\"}}\n", Encode(text));

    [Fact]
    public void Standard_error_is_named()
    {
        byte[] buffer = new byte[JsonLogEncoding.MaximumEntry];
        int length = JsonLogEncoding.WriteEntry(buffer, "x\n"u8, OutputStream.StandardError, "T"u8);
        Assert.Equal("{\"log\":\"x\\n\",\"stream\":\"stderr\",\"time\":\"T\"}\n", Encoding.UTF8.GetString(buffer, 0, length));
    }

    [Fact]
    public void The_worst_text_fits_into_the_largest_entry()
    {
        byte[] text = new byte[JsonLogEncoding.MaximumText];
        byte[] time = Encoding.UTF8.GetBytes("2024-05-01T10:00:00.1234567Z");
        byte[] buffer = new byte[JsonLogEncoding.MaximumEntry];
        int length = JsonLogEncoding.WriteEntry(buffer, text, OutputStream.StandardError, time);
        Assert.InRange(length, text.Length * 6, buffer.Length);
        using JsonDocument document = JsonDocument.Parse(buffer.AsMemory(0, length));
        Assert.Equal(text.Length, document.RootElement.GetProperty("log").GetString()!.Length);
    }

    [Theory]
    [InlineData("2024-05-01T10:00:00", 0, "2024-05-01T10:00:00Z")]
    [InlineData("2024-05-01T10:00:00", 1_000_000, "2024-05-01T10:00:00.1Z")]
    [InlineData("2024-12-31T23:59:59", 9_999_999, "2024-12-31T23:59:59.9999999Z")]
    [InlineData("0999-01-02T03:04:05", 100, "0999-01-02T03:04:05.00001Z")]
    public void Times_are_written_as_go_writes_them(string time, long ticks, string expected)
    {
        byte[] buffer = new byte[JsonLogEncoding.MaximumTime];
        int length = JsonLogEncoding.FormatTime(buffer, DateTime.Parse(time, System.Globalization.CultureInfo.InvariantCulture).AddTicks(ticks));
        Assert.Equal(expected, Encoding.UTF8.GetString(buffer, 0, length));
    }

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("ab€", 5)]
    [InlineData("€", 3)]
    public void A_text_of_whole_characters_is_not_cut(string text, int expected)
        => Assert.Equal(expected, JsonLogEncoding.WholeCharacters(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_text_is_cut_before_a_character_that_is_not_complete()
    {
        byte[] text = Encoding.UTF8.GetBytes("ab😀");
        Assert.Equal(2, JsonLogEncoding.WholeCharacters(text.AsSpan(0, 3)));
        Assert.Equal(2, JsonLogEncoding.WholeCharacters(text.AsSpan(0, 4)));
        Assert.Equal(2, JsonLogEncoding.WholeCharacters(text.AsSpan(0, 5)));
        Assert.Equal(6, JsonLogEncoding.WholeCharacters(text));
        Assert.Equal(4, JsonLogEncoding.WholeCharacters([0x80, 0x80, 0x80, 0x80]));
    }

    private static string Encode(byte[] text)
    {
        byte[] buffer = new byte[JsonLogEncoding.MaximumEntry];
        int length = JsonLogEncoding.WriteEntry(buffer, text, OutputStream.StandardOutput, "T"u8);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
