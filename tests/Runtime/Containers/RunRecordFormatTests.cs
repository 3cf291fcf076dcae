using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Containers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed class RunRecordFormatTests
{
    private static readonly RunRecord s_small = new()
    {
        Id = "a",
        Status = RunStatus.Created,
        Bundle = "/b",
        MonitorProcessId = 0,
        MonitorStartTime = 0,
        BootId = "boot",
    };

    private static readonly RunRecord s_full = s_small with
    {
        Status = RunStatus.Restarting,
        ProcessId = 12,
        ProcessStartTime = ulong.MaxValue,
        Bundle = "/ü \"quoted\"",
        CgroupPath = "/c/d",
        CgroupIdentity = 77,
        CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(2)),
        MonitorProcessId = 34,
        MonitorStartTime = 56,
        StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 6, TimeSpan.Zero).AddTicks(1),
        KeepsKeyring = true,
        RestartCount = 7,
        ExitCode = -1,
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_ways_of_writing_and_reading_agree(bool full)
    {
        RunRecord record = full ? s_full : s_small;
        string expected = JsonSerializer.Serialize(record, RunJson.Default.RunRecord);
        string actual = Encoding.UTF8.GetString(RunRecordFormat.Write(record).Span);
        using JsonDocument one = JsonDocument.Parse(expected), other = JsonDocument.Parse(actual);
        Assert.True(JsonElement.DeepEquals(one.RootElement, other.RootElement), $"{expected}\n{actual}");
        Assert.Equal(record, RunRecordFormat.Read(Encoding.UTF8.GetBytes(expected)));
        Assert.Equal(record, JsonSerializer.Deserialize(actual, RunJson.Default.RunRecord));
    }

    [Fact]
    public void All_states_have_a_name()
    {
        foreach (RunStatus status in Enum.GetValues<RunStatus>())
        {
            Assert.Equal(status, RunRecordFormat.Read(RunRecordFormat.Write(s_small with { Status = status }).Span).Status);
        }
    }

    [Theory]
    [InlineData("{}", "the document: id is missing")]
    [InlineData("""{"id":"a","status":"Flying"}""", "status: expected a run's status")]
    [InlineData("""{"id":"a","status":"Running","bundle":"/b"}""", "the document: bootId is missing")]
    [InlineData("""{"id":"a","createdAt":"yesterday"}""", "createdAt: expected a time")]
    public void A_damaged_record_is_told(string document, string message)
        => Assert.Equal(message, Assert.Throws<JsonException>(() => RunRecordFormat.Read(Encoding.UTF8.GetBytes(document))).Message);
}
