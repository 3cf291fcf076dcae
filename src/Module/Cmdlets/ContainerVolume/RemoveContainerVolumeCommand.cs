using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Remove-ContainerVolume: removes volumes with all that is in them.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerVolume", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(ContainerVolume))]
public sealed class RemoveContainerVolumeCommand : VolumeTargetCmdlet
{
    /// <summary>Names or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ContainerTargetCmdlet.NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "Volume")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(VolumeCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Volumes as Get-ContainerVolume returns them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerTargetCmdlet.InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public ContainerVolume[] InputObject { get; set; } = [];

    /// <summary>Emit what was removed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<ContainerVolume> volumes = ParameterSetName == ContainerTargetCmdlet.InputObjectSet ? InputObject.Where(Take) : Name.SelectMany(Find);
        foreach (ContainerVolume volume in volumes)
        {
            if (!ShouldProcess(volume.Name, "Remove volume and all its files")) continue;
            if (Attempt(volume, () => Await(Engine.Volumes.RemoveAsync(volume.Name, Cancellation))) && PassThru) WriteObject(volume);
        }
    }
}
