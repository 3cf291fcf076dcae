using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>One image for one platform: its configuration and its layers, base first (manifest.md, and Docker's schema 2).</summary>
internal sealed record ImageManifest
{
    /// <summary>Always 2.</summary>
    public int SchemaVersion { get; set; } = 2;
    /// <summary>The document's own type.</summary>
    public string? MediaType { get; set; }
    /// <summary>What an artifact is about; null for images.</summary>
    public string? ArtifactType { get; set; }
    /// <summary>The configuration.</summary>
    public ImageDescriptor? Config { get; set; }
    /// <summary>The layers, base first.</summary>
    public IReadOnlyList<ImageDescriptor> Layers { get; set => field = ImageDocument.List(value); } = [];
    /// <summary>Free annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; set; }
    /// <summary>Fields this store does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}
