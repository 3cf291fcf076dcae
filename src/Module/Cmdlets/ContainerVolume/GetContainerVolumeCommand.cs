using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerVolume: the named volumes, and which containers use them.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerVolume")]
[OutputType(typeof(ContainerVolume))]
public sealed class GetContainerVolumeCommand : VolumeTargetCmdlet
{
    /// <summary>Names or patterns; everything where omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "Volume")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(VolumeCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Only volumes that no container uses.</summary>
    [Parameter]
    public SwitchParameter Unused { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            foreach (ContainerVolume volume in Find(name))
            {
                if (!Unused || volume.Containers.Count == 0) WriteObject(volume);
            }
        }
    }
}
