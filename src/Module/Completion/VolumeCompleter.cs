namespace ContainerTools.Module.Completion;

/// <summary>Completes names of volumes.</summary>
public sealed class VolumeCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(string command, string word)
    {
        Task<IReadOnlyList<ContainerVolume>> reading = Task.Run(() => ContainerCmdlet.Engine.Volumes.ListAsync(CancellationToken.None));
        return reading.GetAwaiter().GetResult()
            .Where(volume => volume.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(static volume => new Candidate(volume.Name, volume.Containers.Count == 0 ? "not in use" : string.Join(", ", volume.Containers)));
    }
}
