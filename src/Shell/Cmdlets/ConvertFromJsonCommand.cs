using System.Management.Automation;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Reads JSON.</summary>
[Cmdlet(VerbsData.ConvertFrom, "Json")]
public sealed class ConvertFromJsonCommand : PSCmdlet
{
    private readonly List<string> _lines = [];

    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    [AllowEmptyString]
    public string InputObject { get; set; } = "";

    [Parameter]
    public SwitchParameter AsHashtable { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Depth { get; set; } = 1024;

    [Parameter]
    public SwitchParameter NoEnumerate { get; set; }

    [Parameter]
    [ValidateSet("Default", "Local", "Utc", "Offset", "String")]
    public string DateKind { get; set; } = "Default";

    protected override void ProcessRecord() => _lines.Add(InputObject);

    protected override void EndProcessing()
    {
        if (_lines.Count == 0)
            return;
        // Lines that are documents of their own are read one by one, other lines together: as pwsh does it.
        if (_lines.Count > 1 && TryRead(_lines[0], out _))
        {
            foreach (string line in _lines)
                Emit(line);
            return;
        }
        Emit(string.Join(Environment.NewLine, _lines));
    }

    private void Emit(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return;
        try
        {
            WriteObject(Json.Read(text, AsHashtable, Depth, DateKind != "String"), !NoEnumerate);
        }
        catch (Newtonsoft.Json.JsonException e)
        {
            ThrowTerminatingError(new ErrorRecord(
                new ArgumentException("Conversion from JSON failed with error: " + e.Message, e), "System.ArgumentException", ErrorCategory.NotSpecified, null));
        }
        catch (InvalidOperationException e)
        {
            ThrowTerminatingError(new ErrorRecord(e, "KeysWithDifferentCasingInJsonString", ErrorCategory.InvalidOperation, null));
        }
    }

    private bool TryRead(string text, out object? value)
    {
        try
        {
            value = Json.Read(text, AsHashtable, Depth, convertDates: true);
            return true;
        }
        catch (Exception e) when (e is Newtonsoft.Json.JsonException or InvalidOperationException)
        {
            value = null;
            return false;
        }
    }
}
