using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>What an image is: its platform, its layers' diff ids, its history, and defaults for containers (config.md).</summary>
internal sealed record ImageConfig
{
    /// <summary>When it was built, RFC 3339.</summary>
    public string? Created { get; set; }
    /// <summary>Who built it.</summary>
    public string? Author { get; set; }
    /// <summary>In Go's words, <c>amd64</c>.</summary>
    public string? Architecture { get; set; }
    /// <summary><c>v8</c>.</summary>
    public string? Variant { get; set; }
    /// <summary><c>linux</c>.</summary>
    public string? Os { get; set; }
    /// <summary>Defaults for containers.</summary>
    public ImageConfigDefaults? Config { get; set; }
    /// <summary>The layers.</summary>
    public ImageRootFileSystem? Rootfs { get; set; }
    /// <summary>How the layers came about.</summary>
    public IReadOnlyList<ImageHistory>? History { get; set => field = value is null ? null : ImageDocument.List(value); }
    /// <summary>Fields this store does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>Defaults for containers (config.md, the <c>config</c> object; the names are Docker's).</summary>
internal sealed record ImageConfigDefaults
{
    /// <summary>User or user:group.</summary>
    [JsonPropertyName("User")] public string? User { get; set; }
    /// <summary>The keys are ports, <c>80/tcp</c>.</summary>
    [JsonPropertyName("ExposedPorts")] public IReadOnlyDictionary<string, JsonElement>? ExposedPorts { get; set; }
    /// <summary><c>NAME=value</c>.</summary>
    [JsonPropertyName("Env")] public IReadOnlyList<string>? Env { get; set => field = value is null ? null : ImageDocument.List(value); }
    /// <summary>The program and its first arguments.</summary>
    [JsonPropertyName("Entrypoint")] public IReadOnlyList<string>? Entrypoint { get; set => field = value is null ? null : ImageDocument.List(value); }
    /// <summary>Default arguments.</summary>
    [JsonPropertyName("Cmd")] public IReadOnlyList<string>? Cmd { get; set => field = value is null ? null : ImageDocument.List(value); }
    /// <summary>The keys are paths.</summary>
    [JsonPropertyName("Volumes")] public IReadOnlyDictionary<string, JsonElement>? Volumes { get; set; }
    /// <summary>The working directory.</summary>
    [JsonPropertyName("WorkingDir")] public string? WorkingDir { get; set; }
    /// <summary>Labels.</summary>
    [JsonPropertyName("Labels")] public IReadOnlyDictionary<string, string>? Labels { get; set; }
    /// <summary>The signal that asks for an orderly end.</summary>
    [JsonPropertyName("StopSignal")] public string? StopSignal { get; set; }
    /// <summary>Fields this store does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>The layers of an image (config.md, <c>rootfs</c>).</summary>
internal sealed record ImageRootFileSystem
{
    /// <summary>Always <c>layers</c>.</summary>
    public string Type { get; set; } = "layers";
    /// <summary>Digests of the uncompressed layers, base first.</summary>
    [JsonPropertyName("diff_ids")] public IReadOnlyList<string> DiffIds { get; set => field = ImageDocument.List(value); } = [];
}

/// <summary>A step of an image's history.</summary>
internal sealed record ImageHistory
{
    /// <summary>When, RFC 3339.</summary>
    public string? Created { get; set; }
    /// <summary>By which command.</summary>
    [JsonPropertyName("created_by")] public string? CreatedBy { get; set; }
    /// <summary>By whom.</summary>
    public string? Author { get; set; }
    /// <summary>A word about it.</summary>
    public string? Comment { get; set; }
    /// <summary>Whether it made no layer.</summary>
    [JsonPropertyName("empty_layer"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool EmptyLayer { get; set; }
}
