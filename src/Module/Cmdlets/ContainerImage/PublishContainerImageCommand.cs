using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Publish-ContainerImage: brings images of the local store to registries.</summary>
[Cmdlet(VerbsData.Publish, "ContainerImage", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true)]
[Alias("Push-ContainerImage")]
[OutputType(typeof(RemoteContainerImage))]
public sealed class PublishContainerImageCommand : RegistryCmdlet
{
    private readonly List<ContainerImage> _images = [];
    private ImageResolver? _resolver;

    /// <summary>References, ids, unique id prefixes, or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ContainerTargetCmdlet.NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "Image")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Images as Get-ContainerImage returns them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerTargetCmdlet.InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public ContainerImage[] InputObject { get; set; } = [];

    /// <summary>The name that the image gets in the registry, instead of its own.</summary>
    [Parameter(Position = 1)]
    [Alias("Destination")]
    [ValidateNotNullOrEmpty]
    public string? Reference { get; set; }

    /// <summary>The platform to bring of a multi-platform image, linux/arm64 for example, instead of all of it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Bring all of a multi-platform image, or nothing where the store lacks some of it.</summary>
    [Parameter]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>How layers are compressed that the store has uncompressed; gzip where omitted.</summary>
    [Parameter]
    public ArchiveCompression? Compression { get; set; }

    /// <summary>The user and the password, instead of what Connect-ContainerRegistry keeps.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Emit the image as it is in the registry.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _resolver ??= new ImageResolver(this);
        IEnumerable<ContainerImage> images = ParameterSetName == ContainerTargetCmdlet.InputObjectSet
            ? InputObject.Where(_resolver.Take)
            : Name.SelectMany(_resolver.Find);
        // A name of its own has to be for one image: that is known when all have been named.
        if (Reference is not null) _images.AddRange(images);
        else foreach (ContainerImage image in images.ToList()) Publish(image);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Names of the same image are the same to be published.
        List<ContainerImage> different = [.. _images.DistinctBy(image => (image.Id, image.Digest))];
        if (different.Count == 1) Publish(different[0]);
        if (different.Count < 2) return;
        string names = string.Join(", ", different.Take(5).Select(image => image.Reference ?? image.ShortId)) + (different.Count > 5 ? ", …" : "");
        WriteFailure(
            new ContainerException(ErrorCode.InvalidArgument, $"{different.Count} images cannot be published under the one name '{Reference}': {names}.", Reference), Reference);
    }

    private void Publish(ContainerImage image)
    {
        string name = image.Reference ?? image.Id;
        if (!ShouldProcess(Reference is null ? name : $"{name} as {Reference}", "Publish image")) return;
        RemoteContainerImage? remote = null;
        using (ProgressWriter progress = new(this, "Publishing " + (Reference ?? name)))
        {
            Attempt(image, () => remote = Await(Engine.Registries.PushAsync(
                new ImagePushOptions
                {
                    Image = name,
                    Destination = Reference,
                    Platform = Platform,
                    AllPlatforms = AllPlatforms,
                    Compression = Compression,
                    Access = Access(Credential),
                },
                progress, Cancellation)));
        }

        if (remote is null) return;
        WriteVerbose($"Published {remote} ({remote.Digest}).");
        if (PassThru) WriteObject(remote);
    }
}
