using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Back to the remembered place.</summary>
[Management]
[Cmdlet(VerbsCommon.Pop, "Location")]
public sealed class PopLocationCommand : PSCmdlet
{
    [Parameter]
    public string? StackName { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        PathInfo? location = SessionState.Path.PopLocation(StackName);
        if (PassThru && location is not null)
            WriteObject(location);
    }
}
