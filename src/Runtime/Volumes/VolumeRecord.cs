using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Volumes;

/// <summary>volume.json: what was asked for. A volume that a container's creation has made on the way has none.</summary>
internal sealed record VolumeRecord
{
    /// <summary>Version of this document's form.</summary>
    public int Version { get; init; } = 1;
    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }
    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    /// <summary>What is mounted instead of the volume's folder.</summary>
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();
    /// <summary>Fields that a later version wrote.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>Source-generated JSON of <see cref="VolumeRecord"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(VolumeRecord))]
internal sealed partial class VolumeJson : JsonSerializerContext;
