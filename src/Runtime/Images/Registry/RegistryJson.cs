using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Source-generated JSON of what registries, token servers and credential helpers say.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNameCaseInsensitive = false)]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(TagsAnswer))]
[JsonSerializable(typeof(CatalogAnswer))]
[JsonSerializable(typeof(HelperCredentials))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(CompressedLayer[]))]
internal sealed partial class RegistryJson : JsonSerializerContext;

/// <summary>What a token server answers (distribution, "Token Authentication Specification").</summary>
internal sealed record TokenAnswer(
    [property: JsonPropertyName("token")] string? Token,
    [property: JsonPropertyName("access_token")] string? AccessToken,
    [property: JsonPropertyName("expires_in")] long? ExpiresIn);

/// <summary>What a registry says of an error (OCI distribution specification, "Error Codes").</summary>
internal sealed record ErrorAnswer([property: JsonPropertyName("errors")] IReadOnlyList<ErrorAnswerItem?>? Errors);

/// <summary>One of its errors.</summary>
internal sealed record ErrorAnswerItem([property: JsonPropertyName("code")] string? Code, [property: JsonPropertyName("message")] string? Message);

/// <summary>A page of a repository's tags.</summary>
internal sealed record TagsAnswer([property: JsonPropertyName("tags")] IReadOnlyList<string?>? Tags);

/// <summary>A page of a registry's repositories.</summary>
internal sealed record CatalogAnswer([property: JsonPropertyName("repositories")] IReadOnlyList<string?>? Repositories);

/// <summary>What a credential helper reads and writes.</summary>
internal sealed record HelperCredentials(
    [property: JsonPropertyName("ServerURL")] string? ServerUrl,
    [property: JsonPropertyName("Username")] string? UserName,
    [property: JsonPropertyName("Secret")] string? Secret);
