namespace ContainerTools.Module.Completion;

/// <summary>Completes registries that credentials are kept for.</summary>
public sealed class RegistryCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(string command, string word)
    {
        List<ContainerRegistry> all = [];
        Task reading = Task.Run(async () =>
        {
            await foreach (ContainerRegistry registry in ContainerCmdlet.Engine.Registries.ListConnectionsAsync(CancellationToken.None)) all.Add(registry);
        });
        reading.GetAwaiter().GetResult();
        return all.Where(registry => registry.Registry.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(static registry => new Candidate(registry.Registry, registry.UserName is null ? registry.Source : $"{registry.UserName}, {registry.Source}"));
    }
}
