using System.Globalization;
using System.Management.Automation;

namespace ContainerTools.Module.Parameters;

/// <summary>
/// Lets a TimeSpan parameter be given as a number of seconds (which PowerShell itself would take for 100 ns ticks), a TimeSpan, or text:
/// <c>90</c>, <c>1.5</c>, <c>1m30s</c>, <c>500ms</c>, <c>00:01:30</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <summary>A bare number is refused: where a misunderstanding would cost something.</summary>
    public bool NeedsUnit { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? data = Given(inputData);
        TimeSpan? value = data switch
        {
            null => null,
            TimeSpan span => span,
            string text when TryParse(text, out TimeSpan parsed) && !(NeedsUnit && IsNumber(text)) => parsed,
            _ when NeedsUnit => throw new ArgumentTransformationMetadataException($"'{data}' is not a duration with a unit; write 90m, 24h, 30d, 1d12h, or a TimeSpan such as 1.12:00:00."),
            sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal
                => FromSeconds(Convert.ToDouble(data, CultureInfo.InvariantCulture)),
            _ => throw Refuse(data),
        };
        return value < TimeSpan.Zero ? throw Refuse(data!) : value;
    }

    /// <summary>
    /// What was given. A literal such as <c>30d</c> or <c>10s</c> is a number to PowerShell (its own suffixes for decimal and short); a number that was
    /// written on the command line has its text with it, and that is what was meant.
    /// </summary>
    internal static object? Given(object? input)
    {
        if (input is not PSObject wrapper) return input;
        bool isNumber = wrapper.BaseObject is decimal || wrapper.BaseObject.GetType().IsPrimitive;
        return isNumber && wrapper.ToString() is { } text && TryParse(text, out _) ? text : wrapper.BaseObject;
    }

    /// <summary>Reads seconds, a sequence of numbers with units (d, h, m, s, ms), or .NET's form of a time span.</summary>
    internal static bool TryParse(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        text = text.Trim();
        if (text.Contains(':', StringComparison.Ordinal)) return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);
        double seconds = 0;
        int position = 0;
        while (position < text.Length)
        {
            int start = position;
            while (position < text.Length && (char.IsAsciiDigit(text[position]) || text[position] == '.')) position++;
            int unitStart = position;
            while (position < text.Length && char.IsAsciiLetter(text[position])) position++;
            if (!double.TryParse(text.AsSpan(start, unitStart - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                || UnitSeconds(text[unitStart..position]) is not { } unit)
            {
                return false;
            }

            seconds += number * unit;
        }

        if (text.Length == 0 || seconds > TimeSpan.MaxValue.TotalSeconds) return false;
        value = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static bool IsNumber(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static double? UnitSeconds(string unit) => unit.ToLowerInvariant() switch
    {
        "" or "s" => 1,
        "ms" => 0.001,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => null,
    };

    private static TimeSpan? FromSeconds(double seconds)
        => double.IsNaN(seconds) || seconds < 0 || seconds > TimeSpan.MaxValue.TotalSeconds ? throw Refuse(seconds) : TimeSpan.FromSeconds(seconds);

    private static ArgumentTransformationMetadataException Refuse(object data) => new(
        string.Create(CultureInfo.InvariantCulture, $"'{data}' is not a duration; use seconds (10), a TimeSpan, or text such as 1m30s or 00:01:30."));
}
