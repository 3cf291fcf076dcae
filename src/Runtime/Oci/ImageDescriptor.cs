using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>Points at a blob (OCI image specification 1.1, descriptor.md).</summary>
internal sealed record ImageDescriptor
{
    /// <summary>What the blob is.</summary>
    public string MediaType { get; set => field = value ?? ""; } = "";
    /// <summary>Its digest, <c>sha256:…</c>.</summary>
    public string Digest { get; set => field = value ?? ""; } = "";
    /// <summary>Its size in bytes.</summary>
    public long Size { get; set; }
    /// <summary>Free annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; set; }
    /// <summary>In an index: which platform the manifest is for.</summary>
    public ImagePlatform? Platform { get; set; }
    /// <summary>What an artifact manifest is about.</summary>
    public string? ArtifactType { get; set; }
    /// <summary>Fields this store does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>A platform (image-index.md).</summary>
internal sealed record ImagePlatform
{
    /// <summary>In Go's words, <c>amd64</c>.</summary>
    public string? Architecture { get; set; }
    /// <summary><c>linux</c>.</summary>
    public string? Os { get; set; }
    /// <summary><c>v8</c>.</summary>
    public string? Variant { get; set; }
    /// <summary>Fields this store does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}
