namespace ContainerTools.Module.Completion;

/// <summary>Completes from a fixed list of words.</summary>
public abstract class WordCompleter : ValueCompleter
{
    /// <summary>The words, each with a line about it.</summary>
    private protected abstract IReadOnlyList<(string Word, string Hint)> Words { get; }

    /// <summary>A beginning that may be left out, such as SIG.</summary>
    private protected virtual string Prefix => "";

    private protected override IEnumerable<Candidate> Candidates(string command, string word)
        => Words
            .Where(entry => entry.Word.StartsWith(word, StringComparison.OrdinalIgnoreCase)
                || (Prefix.Length > 0 && entry.Word.StartsWith(Prefix + word, StringComparison.OrdinalIgnoreCase)))
            .Select(static entry => new Candidate(entry.Word, entry.Hint));
}
