namespace ContainerTools.Module.Completion;

/// <summary>Completes names of networks.</summary>
public sealed class NetworkCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(string command, string word)
    {
        List<ContainerNetwork> all = [];
        Task reading = Task.Run(async () =>
        {
            await foreach (ContainerNetwork network in ContainerCmdlet.Engine.Networks.ListAsync(CancellationToken.None)) all.Add(network);
        });
        reading.GetAwaiter().GetResult();
        return all.Where(network => network.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(static network => new Candidate(network.Name, $"{network.Driver} {string.Join(' ', network.Subnets)}"));
    }
}
