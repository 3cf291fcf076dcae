using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>
/// Where signatures of GnuPG lie, which registries do not keep: in a folder or on a web server beside them, named by the files of registries.d
/// (containers-registries.d(5)).
/// </summary>
internal sealed class SignatureLookaside
{
    /// <summary>More signatures of one image than anybody needs.</summary>
    private const int MaximumSignatures = 50;

    private const int MaximumSize = 4 * 1024 * 1024;

    private readonly RegistrySession _session;
    private readonly Dictionary<string, Uri> _scopes = [];
    private Uri? _default;

    private SignatureLookaside(RegistrySession session) => _session = session;

    /// <summary>Reads the files of the first folder that exists.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>, <see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static SignatureLookaside Load(RegistrySession session)
    {
        SignatureLookaside lookaside = new(session);
        if (session.Settings.LookasideFolders.FirstOrDefault(Directory.Exists) is not { } folder) return lookaside;
        foreach (string file in Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal))
        {
            try
            {
                using StreamReader reader = new(file);
                lookaside.Add(reader, file);
            }
            catch (YamlException error)
            {
                throw new ContainerException(ErrorCode.InvalidConfiguration, $"{file} is not valid YAML: {error.Message}", file, error);
            }
            catch (UnauthorizedAccessException error)
            {
                throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {file}, which says where signatures are.", file, error);
            }
        }

        return lookaside;
    }

    /// <summary>The place of an image's signatures: the narrowest scope that has one.</summary>
    public Uri Place(ImageReference image)
    {
        foreach (string scope in TrustPolicy.ScopesOf(image))
        {
            if (_scopes.TryGetValue(scope, out Uri? place)) return place;
        }

        return _default ?? new Uri("file://" + _session.Settings.Lookaside);
    }

    /// <summary>The signatures of a manifest, in their order; none where there are none.</summary>
    /// <param name="image">The image.</param>
    /// <param name="digest">The manifest's digest.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.SizeLimitExceeded"/>, <see cref="ErrorCode.PermissionDenied"/>, and those of a registry for a server.
    /// </exception>
    public async IAsyncEnumerable<byte[]> ReadAsync(ImageReference image, string digest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Uri place = Place(image);
        string folder = $"{place.AbsoluteUri.TrimEnd('/')}/{image.Path}@{digest.Replace(':', '=')}";
        for (int number = 1; number <= MaximumSignatures; number++)
        {
            Uri address = new(string.Create(CultureInfo.InvariantCulture, $"{folder}/signature-{number}"));
            byte[]? signature = address.IsFile ? ReadFile(address.LocalPath) : await FetchAsync(address, cancellationToken);
            if (signature is null) yield break;
            yield return signature;
        }
    }

    private static byte[]? ReadFile(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > MaximumSize) throw new ContainerException(ErrorCode.SizeLimitExceeded, $"{path} is larger than any signature.", path);
            byte[] content = new byte[file.Length];
            file.ReadExactly(content);
            return content;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read the signature {path}.", path, error);
        }
    }

    private async Task<byte[]?> FetchAsync(Uri address, CancellationToken cancellationToken)
    {
        RegistryConnection server = _session.Plain(address.Authority);
        using HttpResponseMessage response = await server.SendAsync(HttpMethod.Get, address.AbsoluteUri, null, null, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound) return null;
        if (response.StatusCode != HttpStatusCode.OK) throw await server.ErrorAsync(response, "the signature " + address.AbsolutePath, cancellationToken);
        try
        {
            return await server.ReadAsync(response, MaximumSize, "a signature", cancellationToken);
        }
        catch (RegistryTransferException error)
        {
            throw server.Unreachable(error);
        }
    }

    private void Add(TextReader reader, string file)
    {
        YamlStream yaml = [];
        yaml.Load(reader);
        if (yaml.Documents is not [{ RootNode: YamlMappingNode root }, ..]) return;
        if (Child(root, "default-docker") is YamlMappingNode defaults && Lookaside(defaults, file) is { } place)
        {
            if (_default is not null) throw Invalid(file, "'default-docker' is in another file as well");
            _default = place;
        }

        if (Child(root, "docker") is not YamlMappingNode scopes) return;
        foreach ((YamlNode scope, YamlNode settings) in scopes.Children)
        {
            if (settings is not YamlMappingNode members || Lookaside(members, file) is not { } address) continue;
            if (!_scopes.TryAdd(scope.ToString(), address)) throw Invalid(file, $"'{RegistryText.Clean(scope.ToString())}' is in another file as well");
        }
    }

    /// <summary><c>sigstore</c> is what <c>lookaside</c> was called; where signatures are written (<c>-staging</c>) is of no interest here.</summary>
    private static Uri? Lookaside(YamlMappingNode settings, string file)
    {
        if ((Child(settings, "lookaside") ?? Child(settings, "sigstore")) is not YamlScalarNode { Value: { Length: > 0 } text }) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? place) && place.Scheme is "file" or "http" or "https"
            ? place
            : throw Invalid(file, $"'{RegistryText.Clean(text)}' is no address of a place with signatures (file://, http:// or https://)");
    }

    private static YamlNode? Child(YamlMappingNode node, string name) => node.Children.TryGetValue(new YamlScalarNode(name), out YamlNode? child) ? child : null;

    private static ContainerException Invalid(string file, string what) => new(ErrorCode.InvalidConfiguration, $"{file} is not valid: {what}.", file);
}
