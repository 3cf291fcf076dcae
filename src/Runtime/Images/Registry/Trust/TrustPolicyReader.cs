using System.Text.Json;

namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>Reads policy.json. What is not known in it is refused: a condition that nobody reads is one that nobody checks.</summary>
internal static class TrustPolicyReader
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a document.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>.</exception>
    public static TrustPolicy Read(byte[] json, string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Strict);
            JsonElement root = document.RootElement;
            Known(root, file, "the policy", "default", "transports");
            if (!root.TryGetProperty("default", out JsonElement defaults)) throw Invalid(file, "it has no 'default'");
            Dictionary<string, IReadOnlyDictionary<string, IReadOnlyList<TrustRequirement>>> transports = [];
            if (root.TryGetProperty("transports", out JsonElement given))
            {
                foreach (JsonProperty transport in Object(given, file, "'transports'").EnumerateObject())
                {
                    Dictionary<string, IReadOnlyList<TrustRequirement>> scopes = [];
                    foreach (JsonProperty scope in Object(transport.Value, file, $"'{transport.Name}'").EnumerateObject()) scopes[scope.Name] = Requirements(scope.Value, file);
                    transports[transport.Name] = scopes;
                }
            }

            return new TrustPolicy(file, Requirements(defaults, file), transports);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The latter for a text that is not UTF-8, or the half of a character.
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"{file} is not valid JSON: {error.Message}", file, error);
        }
    }

    private static IReadOnlyList<TrustRequirement> Requirements(JsonElement list, string file)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0) throw Invalid(file, "a list of requirements is empty or no list");
        return [.. list.EnumerateArray().Select(item => Requirement(Object(item, file, "a requirement"), file))];
    }

    private static TrustRequirement Requirement(JsonElement item, string file)
    {
        string type = Text(item, "type", file) ?? throw Invalid(file, "a requirement has no 'type'");
        switch (type)
        {
            case "insecureAcceptAnything":
                Known(item, file, type, "type");
                return new TrustRequirement();
            case "reject":
                Known(item, file, type, "type");
                return new TrustRequirement { Rejects = true };
            case "sigstoreSigned":
                return SigstoreSigned(item, file);
            case "signedBy":
                return SignedBy(item, file);
            default:
                return new TrustRequirement { Unsupported = $"wants '{RegistryText.Clean(type)}', which is not known here" };
        }
    }

    private static TrustRequirement SigstoreSigned(JsonElement item, string file)
    {
        Known(item, file, "sigstoreSigned", "type", "keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki", "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas", "signedIdentity");
        foreach (string name in (ReadOnlySpan<string>)["fulcio", "pki", "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"])
        {
            if (item.TryGetProperty(name, out _)) return new TrustRequirement { Unsupported = $"wants sigstoreSigned with '{name}', which is not verified here; keys are" };
        }

        return Signed(item, "sigstoreSigned", ["keyPath", "keyPaths", "keyData", "keyDatas"], file);
    }

    private static TrustRequirement SignedBy(JsonElement item, string file)
    {
        Known(item, file, "signedBy", "type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity");
        // The other kinds that the manual page names (keys that sign keys, X.509) are not to be had from anybody.
        string kind = Text(item, "keyType", file) ?? throw Invalid(file, "signedBy has no 'keyType'");
        if (kind != "GPGKeys") return new TrustRequirement { Unsupported = $"wants signedBy with keys of the type '{RegistryText.Clean(kind)}', which is not verified here; GPGKeys are" };
        return Signed(item, "signedBy", ["keyPath", "keyPaths", "keyData"], file) with { IsGnuPg = true };
    }

    /// <summary>The keys, from exactly one of the members that may have them, and the name.</summary>
    private static TrustRequirement Signed(JsonElement item, string type, string[] names, string file)
    {
        List<TrustKey> keys =
        [
            .. Texts(item, "keyPath", "keyPaths", file).Select(path => new TrustKey(path, null)),
            .. Texts(item, "keyData", "keyDatas", file).Select(data => new TrustKey(null, Decode(data, file))),
        ];
        if (names.Count(name => item.TryGetProperty(name, out _)) != 1 || keys.Count == 0)
        {
            throw Invalid(file, $"{type} needs exactly one of {string.Join(", ", names[..^1])} and {names[^1]}");
        }

        return new TrustRequirement
        {
            Keys = keys,
            Identity = item.TryGetProperty("signedIdentity", out JsonElement identity) ? Identity(Object(identity, file, "'signedIdentity'"), file) : SignedIdentity.Default,
        };
    }

    private static SignedIdentity Identity(JsonElement item, string file)
    {
        string type = Text(item, "type", file) ?? "";
        string Named(string name) => Text(item, name, file) ?? throw Invalid(file, $"{type} needs '{name}'");
        switch (type)
        {
            case "matchExact":
                Known(item, file, type, "type");
                return new SignedIdentity(SignedIdentityKind.MatchExact);
            case "matchRepoDigestOrExact":
                Known(item, file, type, "type");
                return SignedIdentity.Default;
            case "matchRepository":
                Known(item, file, type, "type");
                return new SignedIdentity(SignedIdentityKind.MatchRepository);
            case "exactReference":
                Known(item, file, type, "type", "dockerReference");
                return new SignedIdentity(SignedIdentityKind.ExactReference, Named("dockerReference"));
            case "exactRepository":
                Known(item, file, type, "type", "dockerRepository");
                return new SignedIdentity(SignedIdentityKind.ExactRepository, Named("dockerRepository"));
            case "remapIdentity":
                Known(item, file, type, "type", "prefix", "signedPrefix");
                return new SignedIdentity(SignedIdentityKind.RemapIdentity, Named("prefix"), Named("signedPrefix"));
            default:
                throw Invalid(file, $"the identity '{RegistryText.Clean(type)}' is not known");
        }
    }

    private static IEnumerable<string> Texts(JsonElement item, string one, string several, string file)
    {
        if (Text(item, one, file) is { } single) yield return single;
        if (!item.TryGetProperty(several, out JsonElement list)) yield break;
        if (list.ValueKind != JsonValueKind.Array) throw Invalid(file, $"'{several}' is no list");
        foreach (JsonElement text in list.EnumerateArray())
        {
            yield return text.ValueKind == JsonValueKind.String ? text.GetString()! : throw Invalid(file, $"'{several}' has something else than text in it");
        }
    }

    private static byte[] Decode(string data, string file)
    {
        try
        {
            return Convert.FromBase64String(data);
        }
        catch (FormatException)
        {
            throw Invalid(file, "the data of a key is no base64");
        }
    }

    private static string? Text(JsonElement item, string name, string file)
    {
        if (!item.TryGetProperty(name, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid(file, $"'{name}' is no text");
    }

    private static JsonElement Object(JsonElement element, string file, string what)
        => element.ValueKind == JsonValueKind.Object ? element : throw Invalid(file, $"{what} is no object");

    private static void Known(JsonElement element, string file, string what, params ReadOnlySpan<string> names)
    {
        foreach (JsonProperty property in Object(element, file, what).EnumerateObject())
        {
            if (!names.Contains(property.Name)) throw Invalid(file, $"{what} has '{RegistryText.Clean(property.Name)}', which is not known");
        }
    }

    private static ContainerException Invalid(string file, string what) => new(ErrorCode.InvalidConfiguration, $"{file} is not valid: {what}.", file);
}
