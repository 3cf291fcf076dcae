using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerRegistry: the registries that credentials are kept for.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerRegistry")]
[OutputType(typeof(ContainerRegistry))]
public sealed class GetContainerRegistryCommand : ContainerCmdlet
{
    /// <summary>The registries' hosts, or patterns; everything where omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completion.RegistryCompleter))]
    public string[] Registry { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        List<ContainerRegistry> all = [];
        if (!Attempt(null, () => all.AddRange(Enumerate(Engine.Registries.ListConnectionsAsync(Cancellation))))) return;
        foreach (string registry in Registry)
        {
            WildcardPattern pattern = WildcardPattern.Get(registry, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            bool exact = !WildcardPattern.ContainsWildcardCharacters(registry);
            List<ContainerRegistry> found = [.. all.Where(known => exact ? known.Registry == registry : pattern.IsMatch(known.Registry))];
            if (exact && found.Count == 0)
            {
                WriteFailure(new ContainerException(ErrorCode.RegistryNotFound, $"There are no credentials for {registry}.", registry), registry);
            }

            WriteObject(found, enumerateCollection: true);
        }
    }
}
