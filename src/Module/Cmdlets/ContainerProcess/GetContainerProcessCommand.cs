using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerProcess: the processes of running containers, as the host sees them.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerProcess", DefaultParameterSetName = NameSet)]
[OutputType(typeof(ContainerProcess))]
public sealed class GetContainerProcessCommand : ContainerTargetCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        IReadOnlyList<ContainerProcess> processes = [];
        Attempt(container, () => processes = Await(Engine.Containers.GetProcessesAsync(container.Id, Cancellation)));
        WriteObject(processes, enumerateCollection: true);
    }
}
