using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Keeps what a later version of the engine wrote when an earlier one rewrites a document: fields that the types do not know, at
/// any depth of nested objects. Lists and dictionaries are values of their own and are replaced as a whole.
/// </summary>
internal static class UnknownFields
{
    /// <summary>Adds to <paramref name="next"/> what <paramref name="previous"/> has and the type does not know.</summary>
    public static void Carry(JsonElement previous, JsonObject next, JsonTypeInfo type)
    {
        foreach (JsonProperty old in previous.EnumerateObject())
        {
            JsonPropertyInfo? known = type.Properties.FirstOrDefault(property => property.Name == old.Name);
            if (known is null || known.IsExtensionData)
            {
                if (!next.ContainsKey(old.Name)) next.Add(old.Name, JsonNode.Parse(old.Value.GetRawText()));
            }
            else if (old.Value.ValueKind == JsonValueKind.Object
                && next[old.Name] is JsonObject nested
                && type.Options.GetTypeInfo(known.PropertyType) is { Kind: JsonTypeInfoKind.Object } nestedType)
            {
                Carry(old.Value, nested, nestedType);
            }
        }
    }
}
