using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime;

/// <summary>What the administrator says for the whole machine: <see cref="DefaultPath"/>, JSON with comments. Without the file, nothing.</summary>
internal sealed record EngineConfiguration
{
    /// <summary>Where it is.</summary>
    public const string DefaultPath = "/etc/containertools/engine.json";

    /// <summary>Receive no image by a name without a digest, whoever asks for it.</summary>
    public bool RequireDigest { get; init; }

    /// <summary>The storage driver of new containers; null for the first that works.</summary>
    public string? StorageDriver { get; init; }

    /// <summary>Reads the file.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>, <see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static EngineConfiguration Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), EngineConfigurationJson.Default.EngineConfiguration) ?? throw new JsonException("It is null.");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return new EngineConfiguration();
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"{path} is not valid: {error.Message}", path, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {path}.", path, error);
        }
    }
}

/// <summary>Source-generated JSON. A setting that is not known is an error: a misspelt one would not be in force, and nobody would know.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true)]
[JsonSerializable(typeof(EngineConfiguration))]
internal sealed partial class EngineConfigurationJson : JsonSerializerContext;
