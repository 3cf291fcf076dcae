using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>A list of manifests: an index.json, a multi-platform image, or Docker's manifest list (image-index.md).</summary>
internal sealed record ImageIndex
{
    /// <summary>Always 2.</summary>
    public int SchemaVersion { get; set; } = 2;
    /// <summary>The document's own type.</summary>
    public string? MediaType { get; set; }
    /// <summary>What it lists.</summary>
    public IReadOnlyList<ImageDescriptor> Manifests { get; set => field = ImageDocument.List(value); } = [];
    /// <summary>Free annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; set; }
    /// <summary>Fields this store does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}
