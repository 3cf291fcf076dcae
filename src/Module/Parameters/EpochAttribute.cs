using System.Globalization;
using System.Management.Automation;

namespace ContainerTools.Module.Parameters;

/// <summary>Lets a point in time be given as the number of seconds since 1970, as <c>SOURCE_DATE_EPOCH</c> and <c>git log --format=%ct</c> have it; or as a date.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EpochAttribute : ArgumentTransformationAttribute
{
    /// <summary>The last second that a date can have: the end of the year 9999.</summary>
    private const long Last = 253_402_300_799;

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? data = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        return data switch
        {
            int or uint or long or ulong => Moment(Convert.ToString(data, CultureInfo.InvariantCulture)!),
            string text when text.Length > 0 && text.All(char.IsAsciiDigit) => Moment(text),
            // What is no date is told by PowerShell.
            _ => data,
        };
    }

    private static DateTimeOffset Moment(string text)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= Last
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new ArgumentTransformationMetadataException($"'{text}' is not a number of seconds since 1970.");
}
