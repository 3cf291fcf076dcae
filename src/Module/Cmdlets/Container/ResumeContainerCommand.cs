using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Resume-Container: lets the processes of suspended containers go on.</summary>
[Cmdlet(VerbsLifecycle.Resume, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class ResumeContainerCommand : PassThruCmdlet
{
    private protected override string Action => "Resume container";

    private protected override Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
        => Engine.Containers.ResumeAsync(container.Id, cancellationToken);
}
