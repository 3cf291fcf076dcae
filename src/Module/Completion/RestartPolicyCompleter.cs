namespace ContainerTools.Module.Completion;

/// <summary>Completes restart policies.</summary>
public sealed class RestartPolicyCompleter : WordCompleter
{
    private protected override IReadOnlyList<(string Word, string Hint)> Words { get; } =
    [
        ("no", "never start again"),
        ("on-failure", "after an exit code other than 0"),
        ("on-failure:3", "after an exit code other than 0, at most three times in a row"),
        ("always", "after every exit"),
        ("unless-stopped", "after every exit, unless the user stopped it"),
    ];
}
