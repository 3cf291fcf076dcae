using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Makes one string of many objects.</summary>
[Cmdlet(VerbsCommon.Join, "String", DefaultParameterSetName = "Default")]
[OutputType(typeof(string))]
public sealed class JoinStringCommand : PSCmdlet
{
    private readonly List<string> _parts = [];

    [Parameter(Position = 0)]
    public PSPropertyExpression? Property { get; set; }

    [Parameter(Position = 1)]
    [AllowEmptyString]
    public string Separator { get; set; } = "";

    [Parameter]
    [Alias("op")]
    public string OutputPrefix { get; set; } = "";

    [Parameter]
    [Alias("os")]
    public string OutputSuffix { get; set; } = "";

    [Parameter(ParameterSetName = "SingleQuote")]
    public SwitchParameter SingleQuote { get; set; }

    [Parameter(ParameterSetName = "DoubleQuote")]
    public SwitchParameter DoubleQuote { get; set; }

    [Parameter(ValueFromPipeline = true)]
    public PSObject[] InputObject { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (PSObject? item in InputObject)
        {
            if (item is null)
                continue;
            object? value = Property is null ? item : Property.GetValues(item).FirstOrDefault()?.Result;
            string text = value is null ? "" : LanguagePrimitives.ConvertTo<string>(value);
            _parts.Add(SingleQuote ? $"'{text}'" : DoubleQuote ? $"\"{text}\"" : text);
        }
    }

    protected override void EndProcessing() => WriteObject(OutputPrefix + string.Join(Separator, _parts) + OutputSuffix);
}
