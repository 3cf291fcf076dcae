using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Writes objects as lines of values in quotes.</summary>
[Cmdlet(VerbsData.ConvertTo, "Csv")]
[OutputType(typeof(string))]
public sealed class ConvertToCsvCommand : PSCmdlet
{
    private string[]? _names;

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = null!;

    [Parameter(Position = 1)]
    public char Delimiter { get; set; } = ',';

    [Parameter]
    [Alias("NTI")]
    public SwitchParameter NoTypeInformation { get; set; }

    [Parameter]
    public SwitchParameter NoHeader { get; set; }

    protected override void ProcessRecord()
    {
        if (_names is null)
        {
            _names = [.. InputObject.Properties.Select(p => p.Name)];
            if (!NoHeader)
                WriteObject(string.Join(Delimiter, _names.Select(Quote)));
        }
        WriteObject(string.Join(Delimiter, _names.Select(n => InputObject.Properties[n]?.Value is { } value ? Quote(LanguagePrimitives.ConvertTo<string>(value)) : "")));
    }

    private static string Quote(string value) => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
