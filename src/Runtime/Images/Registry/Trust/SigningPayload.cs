using System.Text.Json;

namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>
/// What is signed, whoever signs it: a JSON document that names the digest of a manifest and the image that it is ("simple signing",
/// containers-signature(5); cosign has taken it over with another type).
/// </summary>
internal static class SigningPayload
{
    /// <summary>The type that cosign writes.</summary>
    public const string Cosign = "cosign container image signature";

    /// <summary>The type of what is signed with GnuPG.</summary>
    public const string Atomic = "atomic container signature";

    /// <summary>Whether a payload is about this digest, and under a name that it must have.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="type">The type that it must have: what was signed for one purpose proves nothing for another.</param>
    /// <param name="digest">The digest.</param>
    /// <param name="fits">Whether a name will do; null where any does.</param>
    public static bool IsAbout(ReadOnlySpan<byte> payload, string type, string digest, Func<string, bool>? fits = null)
    {
        try
        {
            Utf8JsonReader reader = new(payload);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("critical", out JsonElement critical) && critical.ValueKind == JsonValueKind.Object
                && Text(critical, "type") == type
                && critical.TryGetProperty("image", out JsonElement image) && image.ValueKind == JsonValueKind.Object
                && Text(image, "docker-manifest-digest") == digest
                && (fits is null || (critical.TryGetProperty("identity", out JsonElement identity) && identity.ValueKind == JsonValueKind.Object
                    && Text(identity, "docker-reference") is { } name && fits(name)));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // No JSON, or a text in it that is not UTF-8.
            return false;
        }
    }

    private static string? Text(JsonElement item, string name)
        => item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
