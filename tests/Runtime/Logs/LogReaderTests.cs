using System.Text;
using ContainerTools.Runtime.Logs;
using Xunit;

namespace ContainerTools.Runtime.Tests.Logs;

public sealed class LogReaderTests : IDisposable
{
    private static readonly DateTime s_time = new(2024, 5, 1, 10, 0, 0, DateTimeKind.Utc);
    private readonly string _folder = Directory.CreateTempSubdirectory("log-").FullName;

    private string Log => Path.Combine(_folder, "log");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_log_without_a_file_is_empty() => Assert.Empty(await ReadAsync(new ContainerLogOptions()));

    [Fact]
    public async Task Lines_come_in_order_over_all_files()
    {
        WriteLines(200, maximumSize: 2000, files: 50);
        Assert.True(Directory.GetFiles(_folder).Length > 5);
        List<ContainerLogEntry> lines = await ReadAsync(new ContainerLogOptions());
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"line {i}"), lines.Select(line => line.Message));
        Assert.Equal(new DateTimeOffset(s_time.AddSeconds(7)), lines[7].Timestamp);
        Assert.Equal(OutputStream.StandardError, lines[3].Stream);
        Assert.Equal(OutputStream.StandardOutput, lines[4].Stream);
        Assert.All(lines, line => Assert.Equal("web", line.Container));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(60)]
    [InlineData(200)]
    [InlineData(1000)]
    public async Task Tail_is_the_last_lines_over_all_files(int tail)
    {
        WriteLines(200, maximumSize: 2000, files: 50);
        List<ContainerLogEntry> lines = await ReadAsync(new ContainerLogOptions { Tail = tail });
        int count = Math.Min(tail, 200);
        Assert.Equal(Enumerable.Range(200 - count, count).Select(i => $"line {i}"), lines.Select(line => line.Message));
    }

    [Fact]
    public async Task Filters_hold_together()
    {
        WriteLines(200, maximumSize: 2000, files: 50);
        ContainerLogOptions options = new()
        {
            Stream = OutputStream.StandardError,
            Since = s_time.AddSeconds(50),
            Until = s_time.AddSeconds(150),
            Tail = 4,
        };
        List<ContainerLogEntry> lines = await ReadAsync(options);
        Assert.Equal(["line 138", "line 141", "line 144", "line 147"], lines.Select(line => line.Message));

        lines = await ReadAsync(options with { Tail = null });
        Assert.Equal(Enumerable.Range(50, 100).Where(i => i % 3 == 0).Select(i => $"line {i}"), lines.Select(line => line.Message));

        lines = await ReadAsync(options with { Tail = 1000 });
        Assert.Equal(Enumerable.Range(50, 100).Where(i => i % 3 == 0).Select(i => $"line {i}"), lines.Select(line => line.Message));
    }

    [Fact]
    public async Task Pieces_of_long_lines_are_joined_by_stream()
    {
        string first = new('a', 50_000);
        string second = string.Concat(Enumerable.Repeat("€uro ", 9000));
        using (JsonLogWriter writer = new(Log, 40_000, 20))
        {
            Write(writer, OutputStream.StandardOutput, "before\n");
            Write(writer, OutputStream.StandardOutput, first[..30_000]);
            Write(writer, OutputStream.StandardError, second);
            Write(writer, OutputStream.StandardOutput, first[30_000..] + "\r\n");
            Write(writer, OutputStream.StandardError, "\nunfinished");
            writer.Finish(s_time);
        }

        string[] expected = ["before", first, second, "unfinished"];
        Assert.Equal(expected, (await ReadAsync(new ContainerLogOptions())).Select(line => line.Message));
        for (int tail = 0; tail <= 4; tail++)
        {
            List<ContainerLogEntry> lines = await ReadAsync(new ContainerLogOptions { Tail = tail });
            Assert.Equal(expected[^tail..], lines.Select(line => line.Message));
        }
    }

    [Fact]
    public async Task Damage_is_passed_over()
    {
        const string Good = "{\"log\":\"good\\n\",\"stream\":\"stdout\",\"time\":\"2024-05-01T10:00:00Z\"}\n";
        File.WriteAllText(Log, "garbage\n" + Good + new string('\0', 3_000_000) + "\n" + Good + "{\"log\":\"no time\\n\"}\n" + Good + "{\"log\":\"torn");
        Assert.Equal(["good", "good", "good"], (await ReadAsync(new ContainerLogOptions())).Select(line => line.Message));
        Assert.Equal(["good", "good"], (await ReadAsync(new ContainerLogOptions { Tail = 2 })).Select(line => line.Message));
        Assert.Equal(["good", "good", "good"], (await ReadAsync(new ContainerLogOptions { Tail = 9 })).Select(line => line.Message));
    }

    [Fact]
    public async Task Entries_of_docker_with_attributes_are_read()
    {
        File.WriteAllText(
            Log, "{\"log\":\"x\\n\",\"stream\":\"stderr\",\"attrs\":{\"tag\":\"a\"},\"time\":\"2024-05-01T10:00:00.123456789Z\"}\n");
        ContainerLogEntry line = Assert.Single(await ReadAsync(new ContainerLogOptions()));
        Assert.Equal(new DateTimeOffset(s_time).AddTicks(1234567), line.Timestamp);
        Assert.Equal(OutputStream.StandardError, line.Stream);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(5, 1)]
    [InlineData(null, 4)]
    [InlineData(0, 20)]
    public async Task Following_misses_nothing_while_the_log_is_rotated(int? tail, int files)
    {
        const int Lines = 3000;
        using JsonLogWriter writer = new(Log, 3000, files);
        for (int i = 0; i < 10; i++) Write(writer, OutputStream.StandardOutput, $"line {i}\n");
        writer.Flush();

        TaskCompletionSource end = new();
        SemaphoreSlim read = new(0);
        List<string> messages = [];
        Task reading = Task.Run(
            async () =>
            {
                await foreach (ContainerLogEntry line in new LogReader(Log, "web").ReadAsync(
                    new ContainerLogOptions { Follow = true, Tail = tail }, end.Task, Cancelled))
                {
                    messages.Add(line.Message);
                    read.Release();
                }
            },
            Cancelled);

        int expected = tail ?? 10;
        for (int i = 0; i < expected; i++) await read.WaitAsync(Cancelled);
        // With a tail of none nothing tells that the reader has begun, but a line that it gives out.
        int next = 10;
        while (expected == 0)
        {
            Write(writer, OutputStream.StandardOutput, $"line {next++}\n");
            writer.Flush();
            if (await read.WaitAsync(100, Cancelled)) expected = 1;
        }

        int begun = messages.Count;
        int firstLine = int.Parse(messages[0].AsSpan(5), System.Globalization.CultureInfo.InvariantCulture);
        for (int i = next; i < Lines; i++)
        {
            Write(writer, OutputStream.StandardOutput, $"line {i}\n");
            writer.Flush();
            // A reader that falls more than all files behind misses lines, as it must: so it is waited for.
            if (i % 20 == 0) await WaitUntilAsync(() => messages.Count >= i - firstLine);
        }

        writer.Finish(s_time);
        end.SetResult();
        await reading;
        Assert.Equal(Enumerable.Range(firstLine, Lines - firstLine).Select(i => $"line {i}"), messages);

        async Task WaitUntilAsync(Func<bool> condition)
        {
            while (!condition()) await read.WaitAsync(Cancelled);
        }
    }

    [Fact]
    public async Task Following_begins_before_the_log_does()
    {
        TaskCompletionSource end = new();
        await using IAsyncEnumerator<ContainerLogEntry> lines = new LogReader(Log, "web")
            .ReadAsync(new ContainerLogOptions { Follow = true }, end.Task, Cancelled).GetAsyncEnumerator(Cancelled);
        Task<bool> next = lines.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        using JsonLogWriter writer = new(Log, 0, 1);
        Write(writer, OutputStream.StandardOutput, "first\n");
        writer.Flush();
        Assert.True(await next);
        Assert.Equal("first", lines.Current.Message);

        next = lines.MoveNextAsync().AsTask();
        Write(writer, OutputStream.StandardOutput, "unfinished");
        writer.Finish(s_time);
        end.SetResult();
        Assert.True(await next);
        Assert.Equal("unfinished", lines.Current.Message);
        Assert.False(await lines.MoveNextAsync());
    }

    [Fact]
    public async Task Following_can_be_cancelled()
    {
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        TaskCompletionSource end = new();
        await using IAsyncEnumerator<ContainerLogEntry> lines = new LogReader(Log, "web")
            .ReadAsync(new ContainerLogOptions { Follow = true }, end.Task, source.Token).GetAsyncEnumerator(Cancelled);
        Task<bool> next = lines.MoveNextAsync().AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    [Fact]
    public async Task Following_ends_when_the_time_is_over()
    {
        TaskCompletionSource end = new();
        ContainerLogOptions options = new() { Follow = true, Until = DateTimeOffset.UtcNow.AddMilliseconds(200) };
        Assert.Empty(await ReadAsync(options, end.Task));
    }

    [Fact]
    public async Task A_log_emptied_by_hand_is_followed_from_its_new_beginning()
    {
        using JsonLogWriter writer = new(Log, 0, 1);
        Write(writer, OutputStream.StandardOutput, "a long first line\n");
        writer.Flush();
        TaskCompletionSource end = new();
        await using IAsyncEnumerator<ContainerLogEntry> lines = new LogReader(Log, "web")
            .ReadAsync(new ContainerLogOptions { Follow = true }, end.Task, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await lines.MoveNextAsync());
        Task<bool> next = lines.MoveNextAsync().AsTask();
        using (FileStream file = new(Log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(0);
        Write(writer, OutputStream.StandardOutput, "short\n");
        writer.Flush();
        Assert.True(await next);
        Assert.Equal("short", lines.Current.Message);
    }

    [Fact]
    public void A_scanner_stops_at_a_position()
    {
        using JsonLogWriter writer = new(Log, 300, 20);
        for (int i = 0; i < 10; i++) Write(writer, OutputStream.StandardOutput, $"line {i}\n");
        writer.Flush();
        LogPosition position = writer.Position;
        for (int i = 10; i < 20; i++) Write(writer, OutputStream.StandardOutput, $"line {i}\n");
        writer.Flush();
        Assert.Equal(10, Scan(position));
        Assert.Equal(0, Scan(default));

        int Scan(LogPosition end)
        {
            using JsonLogScanner scanner = new(Log, end);
            int count = 0;
            while (scanner.TryRead(out JsonLogRecord record)) Assert.Equal($"line {count++}\n", Encoding.UTF8.GetString(record.Text.Span));
            return count;
        }
    }

    private async Task<List<ContainerLogEntry>> ReadAsync(ContainerLogOptions options, Task? end = null)
    {
        List<ContainerLogEntry> lines = [];
        await foreach (ContainerLogEntry line in new LogReader(Log, "web").ReadAsync(options, end, Cancelled)) lines.Add(line);
        return lines;
    }

    private void WriteLines(int count, long maximumSize, int files)
    {
        using JsonLogWriter writer = new(Log, maximumSize, files);
        for (int i = 0; i < count; i++)
        {
            writer.Write(
                i % 3 == 0 ? OutputStream.StandardError : OutputStream.StandardOutput, Encoding.UTF8.GetBytes($"line {i}\n"), s_time.AddSeconds(i));
        }

        writer.Finish(s_time);
    }

    private static void Write(JsonLogWriter writer, OutputStream stream, string text) => writer.Write(stream, Encoding.UTF8.GetBytes(text), s_time);
}
