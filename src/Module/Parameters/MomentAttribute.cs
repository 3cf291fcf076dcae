using System.Globalization;
using System.Management.Automation;

namespace ContainerTools.Module.Parameters;

/// <summary>
/// Lets a point in time be given as a date, as text with a date, or as how long ago: a TimeSpan, or text such as <c>10m</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MomentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? data = DurationAttribute.Given(inputData);
        return data switch
        {
            null => null,
            DateTimeOffset moment => moment,
            DateTime date => new DateTimeOffset(date),
            TimeSpan ago => DateTimeOffset.Now - ago,
            string text when DurationAttribute.TryParse(text, out TimeSpan ago) && !text.Contains(':', StringComparison.Ordinal) => DateTimeOffset.Now - ago,
            string text when DateTimeOffset.TryParse(text, CultureInfo.CurrentCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset moment) => moment,
            _ => throw new ArgumentTransformationMetadataException(
                $"'{data}' is not a point in time; use a date, or how long ago: a TimeSpan, or text such as 10m."),
        };
    }
}
