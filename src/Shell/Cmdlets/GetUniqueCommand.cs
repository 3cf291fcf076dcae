using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Leaves out what equals its predecessor.</summary>
[Cmdlet(VerbsCommon.Get, "Unique", DefaultParameterSetName = "AsString")]
public sealed class GetUniqueCommand : PSCmdlet
{
    private PSObject? _last;

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(ParameterSetName = "AsString")]
    public SwitchParameter AsString { get; set; }

    [Parameter]
    public SwitchParameter CaseInsensitive { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is null)
            return;
        bool isSame = _last is not null && (AsString
            ? string.Equals(_last.ToString(), InputObject.ToString(), CaseInsensitive ? StringComparison.CurrentCultureIgnoreCase : StringComparison.CurrentCulture)
            : LanguagePrimitives.Equals(_last, InputObject, CaseInsensitive));
        if (isSame)
            return;
        _last = InputObject;
        WriteObject(InputObject);
    }
}
