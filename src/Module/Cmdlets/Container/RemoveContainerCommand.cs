using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Remove-Container: removes containers with their writable layers and logs; several at once.</summary>
[Cmdlet(VerbsCommon.Remove, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class RemoveContainerCommand : PassThruCmdlet
{
    /// <summary>Kill containers that run, instead of refusing to remove them.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <summary>Remove the containers' anonymous volumes as well.</summary>
    [Parameter]
    public SwitchParameter RemoveVolume { get; set; }

    private protected override int Concurrency => 8;

    private protected override string Action => "Remove container";

    private protected override async Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
    {
        await Engine.Containers.RemoveAsync(
            container.Id, new ContainerRemoveOptions { Force = Force, RemoveVolumes = RemoveVolume }, cancellationToken);
        return container;
    }
}
