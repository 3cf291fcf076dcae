using System.Management.Automation;
using ContainerTools.Module.Parameters;
using Xunit;

namespace ContainerTools.Module.Tests.Parameters;

public sealed class DurationTests
{
    public static TheoryData<object, double> Readable => new()
    {
        { 10, 10 },
        { 1.5, 1.5 },
        { 0L, 0 },
        { "90", 90 },
        { "1m30s", 90 },
        { "500ms", 0.5 },
        { "1.5h", 5400 },
        { "2d", 172800 },
        { "00:01:30", 90 },
        { TimeSpan.FromSeconds(7), 7 },
    };

    public static TheoryData<object> Unreadable => ["", "soon", "5x", "-3", -1, double.NaN, double.PositiveInfinity, TimeSpan.FromSeconds(-1), true];

    [Theory]
    [MemberData(nameof(Readable))]
    public void Reads_seconds_spans_and_text(object input, double seconds)
        => Assert.Equal(TimeSpan.FromSeconds(seconds), new DurationAttribute().Transform(null!, input));

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void Refuses_everything_else(object input)
        => Assert.Throws<ArgumentTransformationMetadataException>(() => new DurationAttribute().Transform(null!, input));

    [Theory]
    [InlineData("24h", 24)]
    [InlineData("1d12h", 36)]
    [InlineData("1.00:00:00", 24)]
    public void A_unit_can_be_asked_for(string input, double hours)
        => Assert.Equal(TimeSpan.FromHours(hours), new DurationAttribute { NeedsUnit = true }.Transform(null!, input));

    [Theory]
    [InlineData(30)]
    [InlineData("30")]
    [InlineData(1.5)]
    public void A_bare_number_is_refused_then(object input)
        => Assert.Contains("30d", Assert.Throws<ArgumentTransformationMetadataException>(() => new DurationAttribute { NeedsUnit = true }.Transform(null!, input)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_object_of_the_pipeline_is_what_it_wraps()
        => Assert.Equal(TimeSpan.FromSeconds(3), new DurationAttribute().Transform(null!, PSObject.AsPSObject(3)));

    [Fact]
    public void Null_stays_null() => Assert.Null(new DurationAttribute().Transform(null!, null!));
}
