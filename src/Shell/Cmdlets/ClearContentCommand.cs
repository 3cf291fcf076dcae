using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Empties a file and leaves it.</summary>
[Management]
[Cmdlet(VerbsCommon.Clear, "Content", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class ClearContentCommand : PathCommand
{
    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord() => ForEachPath(path =>
    {
        if (ShouldProcess(path, "Clear Content"))
            InvokeProvider.Content.Clear([path], Force, IsLiteral);
    });
}
