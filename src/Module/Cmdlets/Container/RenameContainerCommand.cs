using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Rename-Container: gives a container another name.</summary>
[Cmdlet(VerbsCommon.Rename, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class RenameContainerCommand : ContainerCmdlet
{
    private const string NameSet = ContainerTargetCmdlet.NameSet;

    /// <summary>The container's name, id or unique id prefix.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    public string Name { get; set; } = "";

    /// <summary>A container as Get-Container returns it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerTargetCmdlet.InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Container? InputObject { get; set; }

    /// <summary>The new name.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string NewName { get; set; } = "";

    /// <summary>Emit the container.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Container? container = InputObject ?? new ContainerResolver(this).FindExact(Name);
        if (container is null || !ShouldProcess(container.Name, $"Rename container to {NewName}")) return;
        Container? after = null;
        if (Attempt(container, () => after = Await(Engine.Containers.RenameAsync(container.Id, NewName, Cancellation))) && PassThru)
        {
            WriteObject(after);
        }
    }
}
