using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerLimit: the limits in force, as the kernel reports them, or those a container will start with.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerLimit", DefaultParameterSetName = NameSet)]
[OutputType(typeof(ContainerLimit))]
public sealed class GetContainerLimitCommand : ContainerTargetCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        ContainerLimit? limit = null;
        if (Attempt(container, () => limit = Await(Engine.Containers.GetLimitAsync(container.Id, Cancellation))))
        {
            WriteObject(LimitObject.Of(container, limit!));
        }
    }
}
