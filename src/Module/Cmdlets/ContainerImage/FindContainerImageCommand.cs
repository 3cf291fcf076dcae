using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Find-ContainerImage: the tags of a repository, or the repositories of a registry.</summary>
[Cmdlet(VerbsCommon.Find, "ContainerImage", DefaultParameterSetName = "Repository")]
[OutputType(typeof(RemoteImageTag))]
public sealed class FindContainerImageCommand : RegistryCmdlet
{
    /// <summary>Repositories, with or without their registry; a registry's host alone means its repositories.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Repository", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Repository { get; set; } = [];

    /// <summary>Only tags that fit one of these patterns; of a registry's host, only repositories.</summary>
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
            foreach (string registry in Registry) List(registry, Filter, access);
            return;
        }

        WildcardPattern[] tags = Patterns(Tag);
        foreach (string repository in Repository)
        {
            if (IsRegistry(repository))
            {
                List(repository, Tag, access);
                continue;
            }

            Attempt(repository, () =>
            {
                foreach (RemoteImageTag tag in Enumerate(Engine.Registries.ListTagsAsync(repository, access, Cancellation)))
                {
                    if (Fits(tags, tag.Tag!)) WriteObject(tag);
                }
            });
        }
    }

    private void List(string registry, string[] filter, RegistryAccess access)
    {
        WildcardPattern[] filters = Patterns(filter);
        Attempt(registry, () =>
        {
            foreach (string path in Enumerate(Engine.Registries.ListRepositoriesAsync(registry, access, Cancellation)))
            {
                if (Fits(filters, path)) WriteObject(new RemoteImageTag { Registry = registry, Repository = $"{registry}/{path}" });
            }
        });
    }

    private static WildcardPattern[] Patterns(string[] texts)
        => [.. texts.Select(static text => WildcardPattern.Get(text, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant))];

    private static bool Fits(WildcardPattern[] patterns, string text) => Array.Exists(patterns, pattern => pattern.IsMatch(text));

    /// <summary>Whether a word alone is a registry's host rather than a repository: what would make it one at the beginning of a reference.</summary>
    private static bool IsRegistry(string word)
    {
        if (word == "localhost") return true;
        int colon = word.IndexOf(':', StringComparison.Ordinal);
        string host = colon < 0 ? word : word[..colon];
        return !word.AsSpan().ContainsAny('/', '@')
            && (colon < 0 ? host.Contains('.', StringComparison.Ordinal) : word.Length > colon + 1 && word.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0)
            && host.Length > 0;
    }
}
