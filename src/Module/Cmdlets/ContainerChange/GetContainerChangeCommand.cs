using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerChange: what containers have changed in their root file systems.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerChange", DefaultParameterSetName = NameSet)]
[OutputType(typeof(ContainerChange))]
public sealed class GetContainerChangeCommand : ContainerTargetCmdlet
{
    /// <summary>Only changes of these kinds.</summary>
    [Parameter]
    public ContainerChangeKind[] Kind { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        IReadOnlyList<ContainerChange> changes = [];
        Attempt(container, () => changes = Await(Engine.Containers.GetChangesAsync(container.Id, Cancellation)));
        WriteObject(changes.Where(change => Kind.Length == 0 || Kind.Contains(change.Kind)), enumerateCollection: true);
    }
}
