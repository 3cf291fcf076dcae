using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Containers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

/// <summary>The documents that the monitor reads and writes by hand are those of the serializer, which the engine uses.</summary>
public sealed class MonitorFormatTests
{
    private static readonly MonitorRecord s_record = new()
    {
        Id = "a",
        ContainerFolder = "/ü \"quoted\"",
        NameLink = "/names/n",
        LogPath = "/log",
        LogMaxSize = long.MaxValue,
        LogMaxFiles = 3,
        Interactive = true,
        AutoRemove = true,
        RestartCondition = RestartCondition.UnlessStopped,
        RestartMaximum = 4,
        StopSignal = 9,
        OwnedFolders = ["/v1", "/v2"],
    };

    private static readonly ExitRecord s_exit = new() { ExitCode = -1, FinishedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1) };

    [Fact]
    public void A_full_monitor_record_is_read()
    {
        MonitorRecord read = MonitorRecordFormat.Read(JsonSerializer.SerializeToUtf8Bytes(s_record, RunJson.Default.MonitorRecord));
        Assert.Equal(s_record.OwnedFolders, read.OwnedFolders);
        Assert.Equal(s_record, read with { OwnedFolders = s_record.OwnedFolders });
    }

    [Fact]
    public void What_a_monitor_record_leaves_out_has_its_default()
    {
        MonitorRecord small = new() { Id = "a", ContainerFolder = "/f" };
        MonitorRecord read = MonitorRecordFormat.Read("""{"id":"a","new":{"x":[1]},"containerFolder":"/f"}"""u8);
        Assert.Equal(small, read with { OwnedFolders = small.OwnedFolders });
        Assert.Empty(read.OwnedFolders);
    }

    [Fact]
    public void Every_restart_condition_is_read()
    {
        foreach (RestartCondition condition in Enum.GetValues<RestartCondition>())
        {
            MonitorRecord record = s_record with { RestartCondition = condition };
            Assert.Equal(condition, MonitorRecordFormat.Read(JsonSerializer.SerializeToUtf8Bytes(record, RunJson.Default.MonitorRecord)).RestartCondition);
        }
    }

    [Theory]
    [InlineData("{}", "the document: id is missing")]
    [InlineData("""{"id":"a"}""", "the document: containerFolder is missing")]
    [InlineData("""{"id":"a","restartCondition":"Sometimes"}""", "restartCondition: expected a restart condition")]
    public void A_damaged_monitor_record_is_told(string document, string message)
        => Assert.Equal(message, Assert.Throws<JsonException>(() => MonitorRecordFormat.Read(Encoding.UTF8.GetBytes(document))).Message);

    [Fact]
    public void How_it_ended_is_written_as_the_serializer_writes_it()
    {
        ExitRecord full = s_exit with { StartedAt = s_exit.FinishedAt.AddDays(-1), OomKilled = true, Error = "ö \"x\"", RestartCount = 2 };
        foreach (ExitRecord exit in new[] { s_exit, full })
        {
            Assert.Equal(exit, JsonSerializer.Deserialize(ExitRecordFormat.Write(exit).Span, RunJson.Default.ExitRecord));
            AssertSame(JsonSerializer.Serialize(exit, RunJson.Default.ExitRecord), ExitRecordFormat.Write(exit).Span);
        }
    }

    [Fact]
    public void A_report_is_one_line_as_the_serializer_writes_it()
    {
        MonitorReport running = new() { Status = "running", ProcessId = 12 };
        MonitorReport failed = new() { Status = "failed", Code = ErrorCode.CommandNotFound, Message = "no\nsuch", ExitCode = 127 };
        foreach (MonitorReport report in new[] { running, failed })
        {
            ReadOnlySpan<byte> line = MonitorReportFormat.WriteLine(report).Span;
            Assert.Equal(line.Length - 1, line.IndexOf((byte)'\n'));
            AssertSame(JsonSerializer.Serialize(report, RunJson.Default.MonitorReport), line);
        }
    }

    private static void AssertSame(string expected, ReadOnlySpan<byte> actual)
    {
        string text = Encoding.UTF8.GetString(actual);
        using JsonDocument one = JsonDocument.Parse(expected), other = JsonDocument.Parse(text);
        Assert.True(JsonElement.DeepEquals(one.RootElement, other.RootElement), $"{expected}\n{text}");
    }
}
