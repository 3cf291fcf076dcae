using System.Management.Automation;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Sets variables to null.</summary>
[Cmdlet(VerbsCommon.Clear, "Variable", SupportsShouldProcess = true)]
public sealed class ClearVariableCommand : VariableCommand
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            foreach (PSVariable variable in Find(name))
            {
                if (ShouldProcess("Name: " + variable.Name, "Clear variable"))
                    variable.Value = null;
            }
        }
    }
}
