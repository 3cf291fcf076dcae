namespace ContainerTools.Module.Completion;

/// <summary>Completes references of images; a word that fits none completes to an id.</summary>
public sealed class ImageCompleter : ValueCompleter
{
    private protected override IEnumerable<Candidate> Candidates(string command, string word)
    {
        List<ContainerImage> all = [];
        Task reading = Task.Run(async () =>
        {
            await foreach (ContainerImage image in ContainerCmdlet.Engine.Images.ListAsync(CancellationToken.None)) all.Add(image);
        });
        reading.GetAwaiter().GetResult();
        List<Candidate> named =
        [
            .. all.Where(image => image.Reference?.StartsWith(word, StringComparison.OrdinalIgnoreCase) ?? false)
                .OrderBy(static image => image.Reference, StringComparer.OrdinalIgnoreCase)
                .Select(static image => new Candidate(image.Reference!, Hint(image))),
        ];
        return named.Count > 0 || word.Length == 0
            ? named
            : all.Where(image => image.ShortId.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                .DistinctBy(static image => image.Id)
                .Select(static image => new Candidate(image.ShortId, Hint(image)));
    }

    private static string Hint(ContainerImage image) => $"{image.ShortId}, {HumanUnits.Size(image.Size)}";
}
