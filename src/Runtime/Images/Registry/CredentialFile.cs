using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// An auth.json or config.json: <c>auths</c> with base64 of <c>user:password</c>, <c>credHelpers</c> and <c>credsStore</c>
/// (containers-auth.json(5), and Docker's configuration file). What else is in it stays as it is.
/// </summary>
internal sealed class CredentialFile
{
    private readonly JsonObject _document;

    private CredentialFile(string path, JsonObject document)
    {
        Path = path;
        _document = document;
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Reads a file; one that does not exist is empty.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>, <see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static CredentialFile Read(string path)
    {
        try
        {
            byte[] json = File.ReadAllBytes(path);
            // An empty file is what `touch` leaves, and Podman accepts it.
            JsonNode? node = json.Length == 0 ? new JsonObject() : JsonNode.Parse(json);
            return new CredentialFile(path, node as JsonObject ?? throw new JsonException("no object"));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return new CredentialFile(path, []);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"The file of credentials {path} is not valid JSON.", path, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {path}.", path, error);
        }
    }

    /// <summary>The helper that keeps a registry's credentials, or null.</summary>
    public string? HelperFor(string registry) => Text(Member("credHelpers")?[registry]) ?? Text(_document["credsStore"]);

    /// <summary>The helpers that it names.</summary>
    public IEnumerable<(string? Registry, string Helper)> Helpers
    {
        get
        {
            foreach ((string registry, JsonNode? helper) in Member("credHelpers") ?? [])
            {
                if (Text(helper) is { } name) yield return (registry, name);
            }

            if (Text(_document["credsStore"]) is { } store) yield return (null, store);
        }
    }

    /// <summary>The registries, or repositories, that it has credentials for itself.</summary>
    public IEnumerable<(string Key, RegistryCredential Credential)> Entries
    {
        get
        {
            foreach ((string key, _) in Member("auths") ?? [])
            {
                if (Decode(key) is { } credential) yield return (key, credential);
            }
        }
    }

    /// <summary>The credentials under exactly this key; null where there are none.</summary>
    public RegistryCredential? Decode(string key)
    {
        if (Member("auths")?[key] is not JsonObject entry) return null;
        if (Text(entry["identitytoken"]) is { Length: > 0 } token) return new RegistryCredential("", token, true);
        if (Text(entry["auth"]) is not { Length: > 0 } encoded)
        {
            return Text(entry["username"]) is { Length: > 0 } user && Text(entry["password"]) is { } password ? new RegistryCredential(user, password, false) : null;
        }

        string text;
        try
        {
            text = Encoding.UTF8.GetString(Convert.FromBase64String(encoded)).TrimEnd('\0');
        }
        catch (FormatException error)
        {
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"The credentials for {key} in {Path} are not valid.", Path, error);
        }

        int colon = text.IndexOf(':');
        return colon > 0
            ? new RegistryCredential(text[..colon], text[(colon + 1)..], false)
            : throw new ContainerException(ErrorCode.InvalidConfiguration, $"The credentials for {key} in {Path} are not valid.", Path);
    }

    /// <summary>Puts credentials in.</summary>
    public void Set(string key, RegistryCredential credential)
    {
        if (_document["auths"] is not JsonObject auths) _document["auths"] = auths = [];
        auths[key] = new JsonObject { ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Secret}")) };
    }

    /// <summary>Takes credentials out; false where there were none.</summary>
    public bool Remove(string key) => Member("auths")?.Remove(key) ?? false;

    /// <summary>Writes the file, for its owner alone.</summary>
    public void Write()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // Not through a symbolic link, which the rename would replace: somebody keeps the real file elsewhere.
        string target = (File.Exists(Path) ? File.ResolveLinkTarget(Path, returnFinalTarget: true)?.FullName : null) ?? Path;
        AtomicFile.Write(target, Encoding.UTF8.GetBytes(_document.ToJsonString(Indented) + "\n"));
    }

    private static JsonSerializerOptions Indented => field ??= new JsonSerializerOptions(RegistryJson.Default.Options) { WriteIndented = true };

    private JsonObject? Member(string name) => _document[name] as JsonObject;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
