using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Where paths start from.</summary>
[Management]
[Cmdlet(VerbsCommon.Get, "Location", DefaultParameterSetName = "Location")]
[OutputType(typeof(PathInfo))]
public sealed class GetLocationCommand : PSCmdlet
{
    [Parameter(ParameterSetName = "Stack")]
    public SwitchParameter Stack { get; set; }

    protected override void ProcessRecord()
    {
        if (Stack)
            WriteObject(SessionState.Path.LocationStack(null));
        else
            WriteObject(SessionState.Path.CurrentLocation);
    }
}
