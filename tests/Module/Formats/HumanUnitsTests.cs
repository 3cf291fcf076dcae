using Xunit;

namespace ContainerTools.Module.Tests.Formats;

public sealed class HumanUnitsTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData(-1L, "unlimited")]
    [InlineData(0L, "0 B")]
    [InlineData(1023L, "1023 B")]
    [InlineData(1024L, "1 KB")]
    [InlineData(1536L, "1.5 KB")]
    [InlineData(35_861_299L, "34.2 MB")]
    [InlineData((1L << 30) - 1, "1 GB")]
    [InlineData(long.MaxValue, "8 EB")]
    public void Sizes(long? bytes, string expected) => Assert.Equal(expected, HumanUnits.Size(bytes));

    [Theory]
    [InlineData(0.2, "less than a second")]
    [InlineData(1, "1 second")]
    [InlineData(59.9, "59 seconds")]
    [InlineData(60, "1 minute")]
    [InlineData(7200, "2 hours")]
    [InlineData(86400 * 3, "3 days")]
    [InlineData(86400 * 21, "3 weeks")]
    [InlineData(86400 * 100, "3 months")]
    [InlineData(86400 * 800, "2 years")]
    public void Durations(double seconds, string expected) => Assert.Equal(expected, HumanUnits.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, "0.00 ms")]
    [InlineData(0.214, "0.21 ms")]
    [InlineData(0.996, "1.0 ms")]
    [InlineData(9.96, "10 ms")]
    [InlineData(999.4, "999 ms")]
    [InlineData(999.6, "1.0 s")]
    [InlineData(5012, "5.0 s")]
    public void Latencies(double milliseconds, string expected) => Assert.Equal(expected, HumanUnits.Latency(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void What_did_not_happen_took_no_time() => Assert.Equal("", HumanUnits.Latency(null));

    [Fact]
    public void Command_lines_have_quotes_where_they_need_them()
    {
        Assert.Equal("sh -c \"echo hi\"", HumanUnits.CommandLine(new[] { "sh", "-c", "echo hi" }));
        Assert.Equal("a \"\" \"b\\\"c\"", HumanUnits.CommandLine(new[] { "a", "", "b\"c" }));
        Assert.Equal("", HumanUnits.CommandLine(null));
    }

    [Fact]
    public void The_status_says_where_a_container_is_and_since_when()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Container container = new FakeEngine().Add("web") with { StartedAt = now.AddHours(-2.5), FinishedAt = null };

        Assert.Equal("Created", HumanUnits.Status(container));
        Assert.Equal("Up 2 hours", HumanUnits.Status(container with { State = ContainerState.Running }));
        Assert.Equal("Up 2 hours (paused)", HumanUnits.Status(container with { State = ContainerState.Paused }));
        Container ended = container with { State = ContainerState.Exited, FinishedAt = now.AddMinutes(-3.5), ExitCode = 137 };
        Assert.Equal("Exited (137) 3 minutes ago", HumanUnits.Status(ended));
        Assert.Equal("Exited (137 OOM) 3 minutes ago", HumanUnits.Status(ended with { OomKilled = true }));
    }

    [Fact]
    public void What_was_just_now_is_said_so() => Assert.Equal("just now", HumanUnits.Ago(DateTimeOffset.UtcNow));

    [Theory]
    [InlineData("one two three four five six", 20, "one two three four\nfive six")]
    [InlineData("a-word-longer-than-any-line and more", 20, "a-word-longer-than-any-line\nand more")]
    [InlineData("first\nsecond", 20, "first\nsecond")]
    [InlineData("too narrow to break", 10, "too narrow to break")]
    [InlineData(null, 80, "")]
    public void Lines_break_between_words(string? text, int width, string expected) => Assert.Equal(expected, HumanUnits.Wrap(text, width));

    [Theory]
    [InlineData("busybox", 80, 60, "busybox")]
    [InlineData("registry.example.com:5000/team/application-server", 80, 60, "…/application-server")]
    [InlineData("registry.example.com:5000/team/application-server", 40, 60, "…lication-server")]
    [InlineData("registry.example.com:5000/team/application-server", 0, 60, "registry.example.com:5000/team/application-server")]
    public void A_long_name_leaves_room_for_the_columns_beside_it(string name, int width, int others, string shown)
        => Assert.Equal(shown, HumanUnits.Fit(name, width, others));
}
