namespace ContainerTools;

/// <summary>What takes up room.</summary>
public enum ContainerStorageKind
{
    /// <summary>An image: its documents, its layers as they came, and its unpacked layers.</summary>
    Image,
    /// <summary>An unpacked layer, which images and containers share.</summary>
    Layer,
    /// <summary>A container: its writable layer and its log.</summary>
    Container,
    /// <summary>A volume.</summary>
    Volume,
    /// <summary>The beginning of a layer that a pull has left, by a cut connection or its end; the next pull of the image goes on from there.</summary>
    Download,
}

/// <summary>Something of the engine that takes up room on the disk.</summary>
public sealed record ContainerStorageItem
{
    /// <summary>What it is.</summary>
    public required ContainerStorageKind Kind { get; init; }
    /// <summary>Its id: of an image, layer or download a digest; of a volume its name.</summary>
    public required string Id { get; init; }
    /// <summary>Of an image the digest of its manifest; several manifests may have one configuration, and so one id.</summary>
    public string? Digest { get; init; }
    /// <summary>What people call it, of an image its first name; where it has none, the beginning of its id.</summary>
    public required string Name { get; init; }
    /// <summary>All names of an image; empty where it has none, and for anything else.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
    /// <summary>Bytes in all.</summary>
    public required long Size { get; init; }
    /// <summary>Bytes that others use as well, and that would stay.</summary>
    public long SharedSize { get; init; }
    /// <summary>Bytes that would be free without it.</summary>
    public long OwnSize => Size - SharedSize;
    /// <summary>When it was made; null where that is not known.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
    /// <summary>Whether something needs it: an image a container, a container that runs, a volume a container, a layer an image, a download a pull.</summary>
    public bool InUse { get; init; }
    /// <summary>An image without a name, or a volume that was made for one container.</summary>
    public bool Dangling { get; init; }
    /// <summary>Names of the containers that need it: of an image or a volume.</summary>
    public IReadOnlyList<string> UsedBy { get; init; } = [];
    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Name}";
}

/// <summary>One thing that a removal of what nobody uses takes away.</summary>
public sealed record ContainerStorageStep
{
    /// <summary>What is removed.</summary>
    public required ContainerStorageItem Item { get; init; }
    /// <summary>Bytes that this frees once everything before it in the plan is gone: what several share counts with the last of them.</summary>
    public required long FreedSize { get; init; }
    /// <summary>Bytes thereof in blobs and layers, which are free after <see cref="IStorageOperations.RemoveUnusedAsync"/>.</summary>
    public long SharedFreedSize { get; init; }
}

/// <summary>What <c>Clear-ContainerStorage</c> would do: read from the disk, and nothing done yet.</summary>
public sealed record ContainerStoragePlan
{
    /// <summary>What is to be removed, in this order: containers first, because what only they use goes with them.</summary>
    public required IReadOnlyList<ContainerStorageStep> Steps { get; init; }
    /// <summary>Bytes of blobs and layers that nothing needs already now, and that are removed as well.</summary>
    public long UnusedSize { get; init; }
    /// <summary>Bytes that are free when all is done.</summary>
    public long FreedSize => Steps.Sum(step => step.FreedSize) + UnusedSize;
}

/// <summary>How much room one kind of things takes up.</summary>
public sealed record ContainerStorageUsage
{
    /// <summary>The kind.</summary>
    public required ContainerStorageKind Kind { get; init; }
    /// <summary>How many there are.</summary>
    public required int Count { get; init; }
    /// <summary>How many are in use.</summary>
    public required int InUse { get; init; }
    /// <summary>Bytes in all; what several share counts once.</summary>
    public required long Size { get; init; }
    /// <summary>Bytes that would be free without all that is not in use.</summary>
    public required long Reclaimable { get; init; }
}

/// <summary>Something wrong in the engine's storage.</summary>
public sealed record ContainerStorageProblem
{
    /// <summary>What it is about: an image, a layer, a container, a blob, a folder.</summary>
    public required string Subject { get; init; }
    /// <summary>What is wrong, in a sentence.</summary>
    public required string Problem { get; init; }
    /// <summary>Whether a repair can put it right without anything from elsewhere.</summary>
    public required bool Repairable { get; init; }
    /// <summary>Whether it has been put right.</summary>
    public bool Repaired { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Subject}: {Problem}";
}
