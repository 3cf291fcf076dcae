using System.Globalization;
using System.Management.Automation;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Counts, adds and compares values; counts lines, words and characters of text.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "Object", DefaultParameterSetName = "GenericMeasure")]
[OutputType(typeof(GenericMeasureInfo), typeof(TextMeasureInfo))]
public sealed class MeasureObjectCommand : PSCmdlet
{
    private readonly List<PSObject> _items = [];

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Sum { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Average { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Maximum { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Minimum { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter StandardDeviation { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter AllStats { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Line { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Word { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Character { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            _items.Add(InputObject);
    }

    protected override void EndProcessing()
    {
        if (Property is null)
        {
            Report(null, [.. _items.Select(i => (object?)i.BaseObject)]);
            return;
        }
        foreach (PropertySelector selector in PropertySelector.Parse(Property))
        {
            List<object?> values = [];
            foreach (PSObject item in _items)
            {
                if (selector.TryGet(item, out object? value) && value is not null)
                    values.Add(value);
            }
            if (values.Count == 0 && _items.Count > 0)
            {
                WriteError(new ErrorRecord(
                    new PSArgumentException($"The property \"{selector}\" cannot be found in the input for any objects."),
                    "GenericMeasurePropertyNotFound", ErrorCategory.InvalidArgument, null));
                continue;
            }
            Report(selector.ToString(), values);
        }
    }

    private void Report(string? property, List<object?> values)
    {
        if (ParameterSetName == "TextMeasure")
        {
            string[] texts = [.. values.Select(v => v?.ToString() ?? "")];
            WriteObject(new TextMeasureInfo
            {
                Property = property,
                Lines = Line ? texts.Sum(t => t.Length == 0 ? 0 : t.Split('\n').Length) : null,
                Words = Word ? texts.Sum(t => t.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length) : null,
                Characters = Character ? texts.Sum(t => t.Length) : null,
            });
            return;
        }
        bool isNumeric = Sum || Average || StandardDeviation || AllStats;
        double[] numbers = isNumeric ? [.. values.Select(Number).OfType<double>()] : [];
        ValueComparer comparer = new(caseSensitive: false, CultureInfo.CurrentCulture);
        double? mean = numbers.Length > 0 ? numbers.Sum() / numbers.Length : null;
        WriteObject(new GenericMeasureInfo
        {
            Count = isNumeric ? numbers.Length : values.Count,
            Property = property,
            Sum = (Sum || AllStats) && numbers.Length > 0 ? numbers.Sum() : null,
            Average = Average || AllStats ? mean : null,
            Maximum = (Maximum || AllStats) && values.Count > 0 ? AsNumber(values.Max(comparer)) : null,
            Minimum = (Minimum || AllStats) && values.Count > 0 ? AsNumber(values.Min(comparer)) : null,
            StandardDeviation = (StandardDeviation || AllStats) && numbers.Length > 0
                ? Math.Sqrt(numbers.Sum(n => (n - mean!.Value) * (n - mean.Value)) / Math.Max(1, numbers.Length - 1))
                : null,
        });
    }

    private double? Number(object? value)
    {
        if (LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out double number))
            return number;
        WriteError(new ErrorRecord(
            new PSInvalidCastException($"Input object \"{value}\" is not numeric."), "NonNumericInputObject", ErrorCategory.InvalidType, value));
        return null;
    }

    // The extremes of numbers are doubles, as in pwsh; those of other values keep their type.
    private static object? AsNumber(object? value) =>
        value is not null && (value.GetType().IsPrimitive || value is decimal) && value is not (bool or char)
            ? Convert.ToDouble(value, CultureInfo.InvariantCulture)
            : value;
}
