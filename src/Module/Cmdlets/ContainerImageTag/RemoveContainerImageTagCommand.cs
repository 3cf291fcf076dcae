using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Remove-ContainerImageTag: takes names of images away; the images stay.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerImageTag", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(ContainerImage))]
public sealed class RemoveContainerImageTagCommand : ImageTargetCmdlet
{
    /// <summary>Emit the image as it is without the name.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessImage(ContainerImage image, string word)
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
