using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Logs;
using Xunit;

namespace ContainerTools.Runtime.Tests.Logs;

public sealed class JsonLogWriterTests : IDisposable
{
    private static readonly DateTime s_time = new(2024, 5, 1, 10, 0, 0, DateTimeKind.Utc);
    private readonly string _folder = Directory.CreateTempSubdirectory("log-").FullName;

    private string Log => Path.Combine(_folder, "log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_line_is_one_entry()
    {
        using (JsonLogWriter writer = new(Log, 0, 1))
        {
            Write(writer, OutputStream.StandardOutput, "one\ntwo\n");
            Write(writer, OutputStream.StandardError, "three\n");
            writer.Flush();
        }

        Assert.Equal([("stdout", "one\n"), ("stdout", "two\n"), ("stderr", "three\n")], Entries(Log));
        Assert.StartsWith("{\"log\":\"one\\n\",\"stream\":\"stdout\",\"time\":\"2024-05-01T10:00:00Z\"}\n", File.ReadAllText(Log), StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_comes_in_pieces_is_one_entry()
    {
        using JsonLogWriter writer = new(Log, 0, 1);
        Write(writer, OutputStream.StandardOutput, "he");
        Write(writer, OutputStream.StandardError, "other\n");
        Write(writer, OutputStream.StandardOutput, "llo");
        writer.Flush();
        Assert.Equal("hello", Encoding.UTF8.GetString(writer.Unfinished(OutputStream.StandardOutput)));
        Write(writer, OutputStream.StandardOutput, "\nnext");
        writer.Finish(s_time);
        Assert.Equal([("stderr", "other\n"), ("stdout", "hello\n"), ("stdout", "next")], Entries(Log));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(16384)]
    [InlineData(100000)]
    public void A_long_line_is_cut_every_16_kilobytes(int chunk)
    {
        string line = new string('x', 40_000) + "\n";
        using JsonLogWriter writer = new(Log, 0, 1);
        for (int start = 0; start < line.Length; start += chunk)
        {
            Write(writer, OutputStream.StandardOutput, line[start..Math.Min(line.Length, start + chunk)]);
        }

        writer.Flush();
        Assert.Equal([16384, 16384, 40_001 - 32768], Entries(Log).Select(entry => entry.Text.Length));
    }

    [Theory]
    [InlineData(777)]
    [InlineData(100_000)]
    public void A_cut_leaves_characters_whole(int chunk)
    {
        byte[] line = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("€😀", 5000)) + "\n");
        using JsonLogWriter writer = new(Log, 0, 1);
        for (int start = 0; start < line.Length; start += chunk)
        {
            writer.Write(OutputStream.StandardOutput, line.AsSpan(start, Math.Min(chunk, line.Length - start)), s_time);
        }

        writer.Flush();
        Assert.Equal(Encoding.UTF8.GetString(line), string.Concat(Entries(Log).Select(entry => entry.Text)));
    }

    [Fact]
    public void Nothing_is_made_before_the_first_output()
    {
        using JsonLogWriter writer = new(Log, 0, 1);
        writer.Flush();
        writer.Finish(s_time);
        Assert.False(File.Exists(Log));
        Assert.Equal(default, writer.Position);
    }

    [Fact]
    public void An_existing_log_is_continued_and_a_torn_entry_ended()
    {
        File.WriteAllText(Log, "{\"log\":\"old\\n\",\"stream\":\"stdout\",\"time\":\"2024-05-01T10:00:00Z\"}\n{\"log\":\"to");
        using (JsonLogWriter writer = new(Log, 0, 1))
        {
            Write(writer, OutputStream.StandardOutput, "new\n");
            writer.Flush();
        }

        string[] lines = File.ReadAllLines(Log);
        Assert.Equal(3, lines.Length);
        Assert.Equal("{\"log\":\"to", lines[1]);
        Assert.Contains("\"new\\n\"", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_is_rotated_by_size_and_the_oldest_file_given_up()
    {
        using JsonLogWriter writer = new(Log, 1000, 3);
        for (int i = 0; i < 100; i++)
        {
            Write(writer, OutputStream.StandardOutput, $"line {i}\n");
            if (i % 7 == 0) writer.Flush();
        }

        writer.Finish(s_time);
        Assert.Equal(["log", "log.1", "log.2"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
        string[] kept = new[] { Log + ".2", Log + ".1", Log }.SelectMany(Entries).Select(entry => entry.Text).ToArray();
        Assert.Equal(Enumerable.Range(100 - kept.Length, kept.Length).Select(i => $"line {i}\n"), kept);
        Assert.All(Directory.GetFiles(_folder), file => Assert.InRange(new FileInfo(file).Length, 1, 1000));
        // Files are filled as far as they go.
        Assert.InRange(new FileInfo(Log + ".1").Length, 900, 1000);
    }

    [Fact]
    public void A_single_file_begins_anew_when_it_is_full()
    {
        using JsonLogWriter writer = new(Log, 500, 1);
        for (int i = 0; i < 20; i++) Write(writer, OutputStream.StandardOutput, $"line {i}\n");
        writer.Finish(s_time);
        Assert.Equal([Log], Directory.GetFiles(_folder));
        Assert.Equal("line 19\n", Entries(Log)[^1].Text);
        Assert.InRange(new FileInfo(Log).Length, 1, 500);
    }

    [Fact]
    public void An_entry_larger_than_the_limit_has_a_file_of_its_own()
    {
        using JsonLogWriter writer = new(Log, 100, 3);
        Write(writer, OutputStream.StandardOutput, "short\n");
        Write(writer, OutputStream.StandardOutput, new string('x', 500) + "\n");
        Write(writer, OutputStream.StandardOutput, "last\n");
        writer.Finish(s_time);
        Assert.Equal("short\n", Assert.Single(Entries(Log + ".2")).Text);
        Assert.Equal(501, Assert.Single(Entries(Log + ".1")).Text.Length);
        Assert.Equal("last\n", Assert.Single(Entries(Log)).Text);
    }

    [Fact]
    public void A_log_that_cannot_be_written_counts_its_losses_and_notes_them_when_it_can()
    {
        string folder = Path.Combine(_folder, "later");
        using JsonLogWriter writer = new(Path.Combine(folder, "log"), 0, 1);
        Write(writer, OutputStream.StandardOutput, "lost\nlost too\n");
        writer.Flush();
        Assert.Equal(2, writer.LostEntries);
        Write(writer, OutputStream.StandardOutput, "and this\n");
        writer.Flush();
        Assert.Equal(3, writer.LostEntries);

        Directory.CreateDirectory(folder);
        Write(writer, OutputStream.StandardOutput, "kept\n");
        writer.Flush();
        Assert.Equal(0, writer.LostEntries);
        Assert.Equal(
            [("stderr", "[log: 3 entries lost here, the log could not be written]\n"), ("stdout", "kept\n")], Entries(Path.Combine(folder, "log")));
    }

    [Fact]
    public void The_position_is_the_end_of_the_file()
    {
        using JsonLogWriter writer = new(Log, 0, 1);
        Write(writer, OutputStream.StandardOutput, "one\n");
        writer.Flush();
        Assert.Equal(new FileInfo(Log).Length, writer.Position.Offset);
        Assert.NotEqual(0UL, writer.Position.Inode);
    }

    private static void Write(JsonLogWriter writer, OutputStream stream, string text) => writer.Write(stream, Encoding.UTF8.GetBytes(text), s_time);

    private static (string Stream, string Text)[] Entries(string path) => File.ReadAllLines(path).Select(line =>
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return (document.RootElement.GetProperty("stream").GetString()!, document.RootElement.GetProperty("log").GetString()!);
    }).ToArray();
}
