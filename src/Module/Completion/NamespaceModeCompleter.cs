namespace ContainerTools.Module.Completion;

/// <summary>Completes the modes of a namespace.</summary>
public sealed class NamespaceModeCompleter : WordCompleter
{
    private protected override IReadOnlyList<(string Word, string Hint)> Words { get; } =
    [
        ("private", "a namespace of its own"),
        ("host", "the host's namespace"),
    ];
}
