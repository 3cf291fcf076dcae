using System.Text.Json.Serialization;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>An image in the manifest.json of a <c>docker save</c> archive.</summary>
internal sealed record DockerArchiveImage
{
    /// <summary>The path of the configuration.</summary>
    [JsonPropertyName("Config")] public string? Config { get; set; }
    /// <summary>The names.</summary>
    [JsonPropertyName("RepoTags")] public IReadOnlyList<string>? RepoTags { get; set => field = value is null ? null : ImageDocument.List(value); }
    /// <summary>The paths of the layers, base first.</summary>
    [JsonPropertyName("Layers")] public IReadOnlyList<string>? Layers { get; set => field = value is null ? null : ImageDocument.List(value); }
}
