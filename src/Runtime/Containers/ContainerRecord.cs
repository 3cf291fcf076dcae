using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// container.json: all that was asked for, image defaults applied; with the image's layers, all that is needed to make the OCI
/// configuration again. Written by the engine under the container's lock.
/// </summary>
internal sealed record ContainerRecord
{
    /// <summary>Version of this document's form.</summary>
    public int Version { get; init; } = 1;
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }
    /// <summary>The name; the link of that name must point back here, or the name is not this container's.</summary>
    public required string Name { get; init; }
    /// <summary>
    /// A name that may have a link to this container besides <see cref="Name"/>: the one before or after it, written down before the link is
    /// made or removed, so that a rename that dies leaves no link that nobody knows of.
    /// </summary>
    public string? OtherName { get; init; }
    /// <summary>The image as the user named it.</summary>
    public required string Image { get; init; }
    /// <summary>The digest of the image's configuration.</summary>
    public required string ImageId { get; init; }
    /// <summary>The unpacked layers, uppermost first: relative to the engine's folder of layers, or absolute where they are elsewhere.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];
    /// <summary>The storage driver that made the writable layer.</summary>
    public string StorageDriver { get; init; } = "overlay";
    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>The labels, image's and container's together.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    /// <summary>Everything else that was asked for.</summary>
    public required ContainerConfiguration Configuration { get; init; }
    /// <summary>Names of the volumes that were made for this container alone; removed with it where that is asked for.</summary>
    public IReadOnlyList<string> AnonymousVolumes { get; init; } = [];
    /// <summary>What is wrong with the document on disk; never written.</summary>
    [JsonIgnore] public string? Damage { get; init; }
    /// <summary>Fields that a later version wrote.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>Whether it mounts a volume.</summary>
    public bool Mounts(string volume) => Configuration.Mounts.Any(mount => mount.Type == ContainerMountType.Volume && mount.Source == volume);

    /// <summary>Stands in a list for a container whose document cannot be read, so that it is seen and can be removed by force.</summary>
    public static ContainerRecord Damaged(string id, string damage) => new()
    {
        Id = id,
        Name = id[..Math.Min(12, id.Length)],
        Image = "",
        ImageId = "",
        CreatedAt = DateTimeOffset.UnixEpoch,
        Configuration = new ContainerConfiguration(),
        Damage = damage,
    };
}
