using System.Text.Json;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>What a document says that it is, without reading all of it into objects.</summary>
internal readonly record struct ManifestKind(int SchemaVersion, string? MediaType, bool HasManifests, bool HasLayers, bool HasConfig)
{
    /// <summary>Looks at the members of the outermost object.</summary>
    /// <exception cref="JsonException">When it is no JSON object.</exception>
    public static ManifestKind Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return ReadObject(json);
        }
        catch (InvalidOperationException error)
        {
            // A text that is not UTF-8, or the half of a character.
            throw new JsonException("The document has a text that is none.", error);
        }
    }

    private static ManifestKind ReadObject(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        ManifestKind kind = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("The document is no object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == "schemaVersion" && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int version)) kind = kind with { SchemaVersion = version };
            if (name == "mediaType" && reader.TokenType == JsonTokenType.String) kind = kind with { MediaType = reader.GetString() };
            if (name == "manifests" && reader.TokenType == JsonTokenType.StartArray) kind = kind with { HasManifests = true };
            if (name is "layers" or "fsLayers" && reader.TokenType == JsonTokenType.StartArray) kind = kind with { HasLayers = true };
            if (name == "config" && reader.TokenType == JsonTokenType.StartObject) kind = kind with { HasConfig = true };
            reader.Skip();
        }

        return kind;
    }
}
