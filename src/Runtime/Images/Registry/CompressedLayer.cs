using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>What a layer of the store became when it was compressed for a registry.</summary>
/// <param name="Layer">The digest in the store.</param>
/// <param name="Compression">How it was compressed.</param>
/// <param name="Digest">The digest of the result.</param>
/// <param name="Size">The size of the result.</param>
internal sealed record CompressedLayer(
    [property: JsonPropertyName("layer")] string Layer,
    [property: JsonPropertyName("compression"), JsonConverter(typeof(JsonStringEnumConverter<ArchiveCompression>))] ArchiveCompression Compression,
    [property: JsonPropertyName("digest")] string Digest,
    [property: JsonPropertyName("size")] long Size);
