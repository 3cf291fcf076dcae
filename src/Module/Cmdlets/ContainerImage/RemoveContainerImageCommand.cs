using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Remove-ContainerImage: removes references, and the images with them when they were the last.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerImage", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(ContainerImage))]
public sealed class RemoveContainerImageCommand : ImageTargetCmdlet
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

    /// <summary>Remove all names of an image, and also when stopped containers use it.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit what was removed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ContainerTargetCmdlet.InputObjectSet)
        {
            foreach (ContainerImage image in InputObject)
            {
                if (Take(image)) Remove(image, image.Reference ?? image.Id);
            }

            return;
        }

        foreach (string name in Name)
        {
            // An id means the image under whatever name, a reference that name alone: the engine tells them apart by the word given.
            bool exact = !WildcardPattern.ContainsWildcardCharacters(name);
            foreach (ContainerImage image in Find(name)) Remove(image, exact ? name : image.Reference ?? image.Id);
        }
    }

    private void Remove(ContainerImage image, string name)
    {
        if (!ShouldProcess(image.ToString(), "Remove image")) return;
        IReadOnlyList<ContainerImage> removed = [];
        if (!Attempt(image, () => removed = Await(Engine.Images.RemoveAsync(name, new ImageRemoveOptions { Force = Force }, Cancellation)))) return;
        foreach (ContainerImage gone in removed) WriteVerbose($"Removed {gone} ({gone.ShortId}).");
        if (PassThru) WriteObject(removed, enumerateCollection: true);
    }
}
