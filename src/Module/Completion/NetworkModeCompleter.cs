namespace ContainerTools.Module.Completion;

/// <summary>Completes network modes.</summary>
public sealed class NetworkModeCompleter : WordCompleter
{
    private protected override IReadOnlyList<(string Word, string Hint)> Words { get; } =
    [
        ("bridge", "the default network"),
        ("none", "a network namespace with nothing but loopback"),
        ("host", "the host's own network"),
    ];
}
