using System.Diagnostics;
using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Kills processes.</summary>
[Management]
[Cmdlet(VerbsLifecycle.Stop, "Process", DefaultParameterSetName = "Id", SupportsShouldProcess = true)]
public sealed class StopProcessCommand : ProcessCommand
{
    [Parameter(Position = 0, ParameterSetName = "Id", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public override int[] Id { get; set; } = [];

    [Parameter(ParameterSetName = "Name", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("ProcessName")]
    public string[] Name { get; set; } = [];

    [Parameter(Position = 0, ParameterSetName = "InputObject", Mandatory = true, ValueFromPipeline = true)]
    public override Process[] InputObject { get; set; } = [];

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        foreach (Process process in Find(Name))
        {
            try
            {
                if (process.HasExited || !ShouldProcess($"{process.ProcessName} ({process.Id})", "Stop-Process"))
                    continue;
                process.Kill();
            }
            catch (Exception e) when (IsGone(e))
            {
                continue;
            }
            if (PassThru)
                WriteObject(process);
        }
    }
}
