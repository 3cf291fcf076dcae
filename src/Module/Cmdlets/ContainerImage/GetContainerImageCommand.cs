using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerImage: images in the local store, all of them or those that fit; or one in a registry.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerImage", DefaultParameterSetName = "Local")]
[OutputType(typeof(ContainerImage), ParameterSetName = ["Local"])]
[OutputType(typeof(RemoteContainerImage), ParameterSetName = [RemoteSet])]
public sealed class GetContainerImageCommand : ContainerCmdlet
{
    private const string RemoteSet = "Remote";

    private ImageResolver? _resolver;

    /// <summary>References, ids, unique id prefixes, or patterns; everything where omitted. With -Remote, references.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "Reference", "Image")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Read what the registry says about the image, without receiving it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RemoteSet)]
    public SwitchParameter Remote { get; set; }

    /// <summary>The platform to describe, of a multi-platform image.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>The user and the password, instead of what Connect-ContainerRegistry keeps.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Speak plain HTTP with a registry that does not speak TLS.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    public SwitchParameter AllowUnencrypted { get; set; }

    /// <summary>A folder with the registry's certificates, instead of the one in certs.d.</summary>
    [Parameter(ParameterSetName = RemoteSet)]
    [ValidateNotNullOrEmpty]
    public string? CertificateFolder { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _resolver ??= new ImageResolver(this);
        foreach (string name in Name)
        {
            if (ParameterSetName == RemoteSet)
            {
                Inspect(name);
                continue;
            }

            foreach (ContainerImage image in _resolver.Find(name)) WriteObject(image);
        }
    }

    private void Inspect(string name)
    {
        RemoteImageOptions options = new()
        {
            Reference = name,
            Platform = Platform,
            Access = RegistryCmdlet.MakeAccess(this, Credential, AllowUnencrypted, CertificateFolder),
        };
        RemoteContainerImage? image = null;
        if (Attempt(name, () => image = Await(Engine.Registries.InspectAsync(options, Cancellation)))) WriteObject(image);
    }
}
