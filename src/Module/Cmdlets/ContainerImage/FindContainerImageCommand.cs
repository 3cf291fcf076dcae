using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Find-ContainerImage: the tags of a repository, or the repositories of a registry.</summary>
[Cmdlet(VerbsCommon.Find, "ContainerImage", DefaultParameterSetName = "Repository")]
[OutputType(typeof(RemoteImageTag))]
public sealed class FindContainerImageCommand : RegistryCmdlet
{
    /// <summary>Repositories, with their registry.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Repository", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Repository { get; set; } = [];

    /// <summary>Only tags that fit one of these patterns.</summary>
    [Parameter(Position = 1, ParameterSetName = "Repository")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = ["*"];

    /// <summary>Registries whose repositories are listed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Registry")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completion.RegistryCompleter))]
    public string[] Registry { get; set; } = [];

    /// <summary>Only repositories whose path fits one of these patterns.</summary>
    [Parameter(ParameterSetName = "Registry")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Filter { get; set; } = ["*"];

    /// <summary>The user and the password, instead of what Connect-ContainerRegistry keeps.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        RegistryAccess access = Access(Credential);
        if (ParameterSetName == "Registry")
        {
            WildcardPattern[] filters = Patterns(Filter);
            foreach (string registry in Registry)
            {
                Attempt(registry, () =>
                {
                    foreach (string path in Enumerate(Engine.Registries.ListRepositoriesAsync(registry, access, Cancellation)))
                    {
                        if (Fits(filters, path)) WriteObject(new RemoteImageTag { Registry = registry, Repository = $"{registry}/{path}" });
                    }
                });
            }

            return;
        }

        WildcardPattern[] tags = Patterns(Tag);
        foreach (string repository in Repository)
        {
            Attempt(repository, () =>
            {
                foreach (string tag in Enumerate(Engine.Registries.ListTagsAsync(repository, access, Cancellation)))
                {
                    if (Fits(tags, tag)) WriteObject(new RemoteImageTag { Registry = RegistryOf(repository), Repository = repository, Tag = tag });
                }
            });
        }
    }

    private static WildcardPattern[] Patterns(string[] texts)
        => [.. texts.Select(static text => WildcardPattern.Get(text, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant))];

    private static bool Fits(WildcardPattern[] patterns, string text) => Array.Exists(patterns, pattern => pattern.IsMatch(text));

    private static string RegistryOf(string repository)
    {
        int slash = repository.IndexOf('/');
        string first = slash < 0 ? "" : repository[..slash];
        return first.Contains('.') || first.Contains(':') || first == "localhost" ? first : "docker.io";
    }
}
