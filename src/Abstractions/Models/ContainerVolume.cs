namespace ContainerTools;

/// <summary>A named volume: files that outlive the containers that use them.</summary>
public sealed record ContainerVolume
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }
    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    /// <summary>What is mounted instead of a folder of the engine: <c>type</c>, <c>device</c>, <c>o</c>; empty for such a folder.</summary>
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();
    /// <summary>The folder with its files on the host, which appears when it is first used; null where something else is mounted.</summary>
    public string? MountPoint { get; init; }
    /// <summary>It was made for one container, without a name of the user's.</summary>
    public bool Anonymous { get; init; }
    /// <summary>What is wrong with its record, so that labels and driver options are not known and no container can use it; null where nothing is.</summary>
    public string? Damage { get; init; }
    /// <summary>Names of the containers that use it.</summary>
    public IReadOnlyList<string> Containers { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => Name;
}
