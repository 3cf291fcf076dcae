namespace ContainerTools;

/// <summary>What is to be removed of all that nobody uses. All conditions that are set must hold.</summary>
public sealed record StorageClearOptions
{
    /// <summary>Containers, images, volumes, downloads; layers go with their images.</summary>
    public required IReadOnlyCollection<ContainerStorageKind> Kinds { get; init; }
    /// <summary>Also images and volumes that have a name.</summary>
    public bool All { get; init; }
    /// <summary>Only what was made longer ago than this; null for everything. What is of an unknown age is not older.</summary>
    public TimeSpan? OlderThan { get; init; }
    /// <summary>Only what has all of these labels: <c>key</c>, or <c>key=value</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}
