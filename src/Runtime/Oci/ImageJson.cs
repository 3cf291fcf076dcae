using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Layers;

namespace ContainerTools.Runtime.Oci;

/// <summary>Source-generated JSON of image documents.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    // Documents of other programs may say null where a list is meant.
    RespectNullableAnnotations = false)]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(ImageLayoutVersion))]
[JsonSerializable(typeof(LayerRecord))]
[JsonSerializable(typeof(DockerArchiveImage[]))]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, string>>))]
internal sealed partial class ImageJson : JsonSerializerContext
{
    /// <summary>For writing: <c>+</c> and the like as they are, not as <c>\u002B</c>. The documents are no part of a web page.</summary>
    public static ImageJson Plain
        => field ??= new ImageJson(new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>The file oci-layout (image-layout.md).</summary>
/// <param name="ImageLayoutVersionText">1.0.0.</param>
internal sealed record ImageLayoutVersion([property: JsonPropertyName("imageLayoutVersion")] string? ImageLayoutVersionText);
