using System.Globalization;
using System.Management.Automation;

namespace ContainerTools.Module.Parameters;

/// <summary>What a limit is counted in.</summary>
public enum LimitUnit
{
    /// <summary>Bytes; also 512MB, 512m, 1.5g; -1 or <c>unlimited</c> for no limit.</summary>
    Bytes,
    /// <summary>A whole number; -1 or <c>unlimited</c> for no limit.</summary>
    Count,
    /// <summary>A number with a fraction.</summary>
    Number,
}

/// <summary>
/// Reads a limit as people write it. What cannot be read does not stop the binding of parameters, which would end the whole
/// pipeline: it becomes a value that <see cref="Check(string, long?, LimitUnit)"/> turns into a <see cref="ErrorCode.LimitInvalid"/> error for each item.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LimitAttribute(LimitUnit unit) : ArgumentTransformationAttribute
{
    private const long Unreadable = long.MinValue;

    /// <summary>What the limit is counted in.</summary>
    public LimitUnit Unit { get; } = unit;

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? data = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        string? text = data switch
        {
            null => null,
            string words => words.Trim(),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => "",
        };
        if (text is null) return null;
        if (Unit == LimitUnit.Number)
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN;
        }

        if (Unit == LimitUnit.Bytes) return ByteSize.TryParse(text, out long bytes) ? bytes : Unreadable;
        if (text.Equals("unlimited", StringComparison.OrdinalIgnoreCase)) return -1L;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long count) ? count : Unreadable;
    }

    /// <summary>Passes a limit on, or throws if it could not be read.</summary>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="unit">What it is counted in.</param>
    internal static long? Check(string parameter, long? value, LimitUnit unit = LimitUnit.Bytes) => value != Unreadable
        ? value
        : throw new ContainerException(
            ErrorCode.LimitInvalid,
            unit == LimitUnit.Bytes
                ? $"The value of -{parameter} is not a size; use a number of bytes, a size such as 512MB, 512m or 1.5g, or -1 for no limit."
                : $"The value of -{parameter} is not a whole number.",
            parameter);

    /// <inheritdoc cref="Check(string, long?, LimitUnit)"/>
    internal static double? Check(string parameter, double? value) => value is null || double.IsFinite(value.Value)
        ? value
        : throw new ContainerException(
            ErrorCode.LimitInvalid, $"The value of -{parameter} is not a number; use 1.5 for one and a half processors, or 0 for no limit.", parameter);

    /// <summary>Passes a weight on as the engine takes it.</summary>
    internal static int? CheckWeight(string parameter, long? value) => Check(parameter, value, LimitUnit.Count) switch
    {
        null => null,
        >= int.MinValue and <= int.MaxValue and { } weight => (int)weight,
        _ => throw new ContainerException(ErrorCode.LimitInvalid, $"The value of -{parameter} is out of range; use 10 to 1000.", parameter),
    };
}
