namespace ContainerTools.Module.Completion;

/// <summary>
/// Completes names of containers: those in a state that the cmdlet can do something with come first. A word that fits no
/// name completes to an id.
/// </summary>
public sealed class ContainerNameCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(string command, string word)
    {
        List<Container> all = [];
        Task reading = Task.Run(async () =>
        {
            await foreach (Container container in ContainerCmdlet.Engine.Containers.ListAsync(ContainerFilter.All, CancellationToken.None)) all.Add(container);
        });
        reading.GetAwaiter().GetResult();
        List<Container> named = [.. all.Where(container => container.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))];
        if (named.Count == 0 && word.Length > 0)
        {
            return all.Where(container => container.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                .Select(static container => new Candidate(container.ShortId, Hint(container)));
        }

        return named.OrderBy(container => Fits(command, container.State) ? 0 : 1)
            .ThenBy(static container => container.Name, StringComparer.OrdinalIgnoreCase)
            .Select(static container => new Candidate(container.Name, Hint(container)));
    }

    private static bool Fits(string command, ContainerState state) => command.ToLowerInvariant() switch
    {
        "start-container" or "remove-container" => state is ContainerState.Created or ContainerState.Exited,
        "stop-container" or "restart-container" or "wait-container" => state is ContainerState.Running or ContainerState.Paused or ContainerState.Restarting,
        "suspend-container" or "invoke-containercommand" or "get-containerprocess" or "send-containersignal" or "test-containernetwork" => state is ContainerState.Running,
        "resume-container" => state is ContainerState.Paused,
        _ => true,
    };

    private static string Hint(Container container) => $"{container.Image}, {HumanUnits.Status(container)}";
}
