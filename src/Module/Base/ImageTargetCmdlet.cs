using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module;

/// <summary>A cmdlet that works on images, chosen by reference, id, pattern or object.</summary>
public abstract class ImageTargetCmdlet : ContainerCmdlet
{
    private ImageResolver? _resolver;

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
        _resolver ??= new ImageResolver(this);
        if (ParameterSetName == ContainerTargetCmdlet.InputObjectSet)
        {
            foreach (ContainerImage image in InputObject)
            {
                if (_resolver.Take(image)) ProcessImage(image, image.Reference ?? image.Id);
            }

            return;
        }

        foreach (string name in Name)
        {
            bool exact = !WildcardPattern.ContainsWildcardCharacters(name);
            foreach (ContainerImage image in _resolver.Find(name)) ProcessImage(image, exact ? name : image.Reference ?? image.Id);
        }
    }

    /// <summary>Works on one image; called once for each of its references that is meant.</summary>
    /// <param name="image">The image.</param>
    /// <param name="word">
    /// What the engine is told: the word that was given for this image alone, else its reference. An id means the image under whatever name, a reference that
    /// name alone.
    /// </param>
    protected abstract void ProcessImage(ContainerImage image, string word);
}
