using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Suspend-Container: freezes all processes of running containers.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class SuspendContainerCommand : PassThruCmdlet
{
    private protected override string Action => "Suspend container";

    private protected override Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
        => Engine.Containers.PauseAsync(container.Id, cancellationToken);
}
