using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerImageHistory: how images came about, step by step, the last one first.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerImageHistory", DefaultParameterSetName = ContainerTargetCmdlet.NameSet)]
[OutputType(typeof(ContainerImageHistory))]
public sealed class GetContainerImageHistoryCommand : ImageTargetCmdlet
{
    /// <summary>References, ids, unique id prefixes, or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ContainerTargetCmdlet.NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "Reference", "Image")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Images as Get-ContainerImage returns them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerTargetCmdlet.InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public ContainerImage[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<ContainerImage> images = ParameterSetName == ContainerTargetCmdlet.InputObjectSet ? InputObject.Where(Take) : Name.SelectMany(Find);
        foreach (ContainerImage image in images)
        {
            IReadOnlyList<ContainerImageHistory> history = [];
            if (Attempt(image, () => history = Await(Engine.Images.GetHistoryAsync(image.Reference ?? image.Id, Cancellation))))
            {
                WriteObject(history, enumerateCollection: true);
            }
        }
    }
}
