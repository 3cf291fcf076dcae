using System.Management.Automation;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Receive-ContainerImage: brings images from registries into the local store.</summary>
[Cmdlet(VerbsCommunications.Receive, "ContainerImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[Alias("Pull-ContainerImage")]
[OutputType(typeof(ContainerImage))]
public sealed class ReceiveContainerImageCommand : RegistryCmdlet
{
    /// <summary>Names with a tag or a digest.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Image")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completion.ImageCompleter))]
    public string[] Reference { get; set; } = [];

    /// <summary>The platform to take from a multi-platform image, linux/arm64 for example.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completion.PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Take all of a multi-platform image, to publish it elsewhere.</summary>
    [Parameter]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>Refuse names without a digest.</summary>
    [Parameter]
    public SwitchParameter RequireDigest { get; set; }

    /// <summary>A PEM file with the public key that the image must be signed with.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VerifyKey { get; set; }

    /// <summary>The most bytes that a layer may have once it is decompressed, 20gb for example; -1 for no limit.</summary>
    [Parameter]
    [Limit(LimitUnit.Bytes)]
    public long? MaximumLayerSize { get; set; }

    /// <summary>The user and the password, instead of what Connect-ContainerRegistry keeps.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string reference in Reference)
        {
            if (!ShouldProcess(reference, "Receive image")) continue;
            ContainerImage? image = null;
            using (ProgressWriter progress = new(this, "Receiving " + reference))
            {
                Attempt(reference, () => image = Await(Engine.Registries.PullAsync(Options(reference), progress, Cancellation)));
            }

            if (image is null) continue;
            WriteVerbose($"Received {image} ({image.ShortId}, {HumanUnits.Size(image.Size)}).");
            WriteObject(image);
        }
    }

    private ImagePullOptions Options(string reference) => new()
    {
        Reference = reference,
        Platform = Platform,
        AllPlatforms = AllPlatforms,
        RequireDigest = RequireDigest,
        VerifyKey = VerifyKey is null ? null : ResolveHostPath(VerifyKey),
        MaximumLayerSize = LimitAttribute.Check(nameof(MaximumLayerSize), MaximumLayerSize) is { } size ? size < 0 ? long.MaxValue : size : null,
        Access = Access(Credential),
    };
}
