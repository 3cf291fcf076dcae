using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>A container's state as <c>ctrun state</c> prints it and hooks read it (runtime.md, State).</summary>
internal sealed record OciState
{
    /// <summary>The version of the specification.</summary>
    public string OciVersion { get; init; } = "1.2.0";
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }
    /// <summary><c>creating</c>, <c>created</c>, <c>running</c>, <c>stopped</c>; and <c>paused</c>, as runc says.</summary>
    public required string Status { get; init; }
    /// <summary>The first process on the host; 0 when stopped.</summary>
    public int Pid { get; init; }
    /// <summary>Absolute path of the bundle.</summary>
    public required string Bundle { get; init; }
    /// <summary>Absolute path of the root file system.</summary>
    public string? Rootfs { get; init; }
    /// <summary>When it was created.</summary>
    public DateTimeOffset? Created { get; init; }
    /// <summary>The configuration's annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>Source-generated JSON of the OCI runtime documents.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciSpec))]
[JsonSerializable(typeof(OciProcess))]
[JsonSerializable(typeof(OciResources))]
[JsonSerializable(typeof(OciSeccomp))]
[JsonSerializable(typeof(OciState))]
[JsonSerializable(typeof(IReadOnlyList<OciState>))]
internal sealed partial class OciJson : JsonSerializerContext;
