using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Remove-ContainerImageTag: takes names of images away; the images stay.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerImageTag", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(ContainerImage))]
public sealed class RemoveContainerImageTagCommand : ImageTargetCmdlet
{
    /// <summary>References, or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ContainerTargetCmdlet.NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "Reference")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Images as Get-ContainerImage returns them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerTargetCmdlet.InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public ContainerImage[] InputObject { get; set; } = [];

    /// <summary>Emit the image as it is without the name.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<ContainerImage> images = ParameterSetName == ContainerTargetCmdlet.InputObjectSet ? InputObject.Where(Take) : Name.SelectMany(Find);
        foreach (ContainerImage image in images) Remove(image);
    }

    private void Remove(ContainerImage image)
    {
        if (image.Reference is null)
        {
            WriteFailure(new ContainerException(ErrorCode.InvalidArgument, $"The image {image.ShortId} has no name that could be removed.", image.Id), image);
            return;
        }

        if (!ShouldProcess(image.Reference, "Remove the name")) return;
        ContainerImage? left = null;
        if (Attempt(image, () => left = Await(Engine.Images.RemoveTagAsync(image.Reference, Cancellation))) && PassThru) WriteObject(left);
    }
}
