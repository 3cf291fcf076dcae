using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Gives a command another name that is not taken yet.</summary>
[Cmdlet(VerbsCommon.New, "Alias", SupportsShouldProcess = true)]
public sealed class NewAliasCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string Name { get; set; } = "";

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string Value { get; set; } = "";

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        if (!Force && InvokeProvider.Item.Exists("Alias:" + Name))
        {
            WriteError(new ErrorRecord(
                new SessionStateException($"The alias is not allowed, because an alias with the name '{Name}' already exists."),
                "AliasAlreadyExists", ErrorCategory.ResourceExists, Name));
            return;
        }
        if (ShouldProcess($"Name: {Name} Value: {Value}", "New Alias"))
            InvokeProvider.Item.Set("Alias:" + Name, Value);
    }
}
