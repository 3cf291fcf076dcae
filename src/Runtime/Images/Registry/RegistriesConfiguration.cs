namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// registries.conf, in both of its versions, and the files of registries.conf.d (containers-registries.conf(5)): what short names mean, which mirrors
/// are asked, which registries are blocked or without TLS.
/// </summary>
internal sealed partial class RegistriesConfiguration
{
    private const string Hub = "docker.io";
    private const string Enforcing = "enforcing";

    private readonly Dictionary<string, RegistryRule> _rules = [];
    private readonly Dictionary<string, string> _aliases = [];
    private List<string>? _search;
    private string _shortNameMode = "permissive";

    /// <summary>Who keeps credentials, in the order they are asked: programs, and <see cref="CredentialStore.Files"/> for the files.</summary>
    public IReadOnlyList<string> CredentialHelpers { get; private set; } = [CredentialStore.Files];

    /// <summary>Reads files in order; a later one replaces what it says anew.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>, <see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static RegistriesConfiguration Load(IEnumerable<string> files)
    {
        RegistriesConfiguration configuration = new();
        foreach (string file in files)
        {
            string text;
            try
            {
                text = File.ReadAllText(file);
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                continue;
            }
            catch (UnauthorizedAccessException error)
            {
                throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {file}.", file, error);
            }

            configuration.Add(TomlReader.Read(text, file), file);
        }

        return configuration;
    }

    /// <summary>The references that a name may mean, the likeliest first.</summary>
    /// <param name="name">As the user wrote it.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.InvalidArgument"/>; <see cref="ErrorCode.ImageNameAmbiguous"/> where the configuration wants short names to mean one image.
    /// </exception>
    public IReadOnlyList<ImageReference> Resolve(string name)
    {
        ImageReference reference = ImageReference.Parse(name);
        if (!ImageReference.IsShort(name)) return [reference];
        int end = name.AsSpan().IndexOfAny(':', '@');
        string bare = end < 0 ? name : name[..end];
        string suffix = end < 0 ? "" : name[end..];
        if (_aliases.TryGetValue(bare, out string? alias)) return [ImageReference.Parse(alias + suffix)];
        if (_search is not { Count: > 0 }) return [reference];
        if (_search.Count > 1 && _shortNameMode == Enforcing)
        {
            throw new ContainerException(
                ErrorCode.ImageNameAmbiguous,
                $"'{name}' may mean an image of {string.Join(", ", _search)}, and the configuration of registries allows no guess; write the registry, or make an alias.", name);
        }

        return [.. _search.Select(registry => registry == Hub ? reference : ImageReference.Parse($"{registry}/{name}"))];
    }

    /// <summary>The places to ask for an image: its mirrors, then its registry.</summary>
    /// <param name="reference">The image.</param>
    /// <param name="mirrors">False for a push: it goes to the registry itself.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.RegistryBlocked"/>.</exception>
    public IReadOnlyList<RegistryEndpoint> Endpoints(ImageReference reference, bool mirrors)
    {
        string repository = reference.Repository;
        RegistryRule? rule = _rules.Values.Where(rule => rule.Matches(repository)).MaxBy(rule => rule.Prefix.Length);
        if (rule is null) return [new RegistryEndpoint(reference.Domain, reference.Path, false)];
        if (rule.Blocked)
        {
            throw new ContainerException(
                ErrorCode.RegistryBlocked, $"The configuration of registries blocks '{rule.Prefix}', and with it {reference.Familiar}.", reference.Familiar);
        }

        List<RegistryEndpoint> endpoints = [];
        foreach (RegistryMirror mirror in mirrors ? rule.Mirrors : [])
        {
            bool wanted = reference.Digest is not null ? mirror.Use != "tag-only" : mirror.Use != "digest-only" && !rule.MirrorByDigestOnly;
            if (wanted) endpoints.Add(Endpoint(rule.Rewrite(repository, mirror.Location), mirror.Insecure) with { IsMirror = true });
        }

        endpoints.Add(Endpoint(rule.Rewrite(repository, rule.Location), rule.Insecure));
        return endpoints;
    }

    /// <summary>A registry as a whole: for its catalog, and for credentials.</summary>
    public RegistryEndpoint Registry(string host)
    {
        RegistryRule? rule = _rules.Values.Where(rule => rule.Matches(host)).MaxBy(rule => rule.Prefix.Length);
        if (rule is { Blocked: true })
        {
            throw new ContainerException(ErrorCode.RegistryBlocked, $"The configuration of registries blocks '{rule.Prefix}'.", host);
        }

        string place = rule?.Rewrite(host, rule.Location) ?? host;
        return new RegistryEndpoint(place.Split('/')[0], "", rule?.Insecure ?? false);
    }

    private static RegistryEndpoint Endpoint(string repository, bool insecure)
    {
        int slash = repository.IndexOf('/');
        return slash > 0
            ? new RegistryEndpoint(repository[..slash], repository[(slash + 1)..], insecure)
            : throw new ContainerException(ErrorCode.InvalidConfiguration, $"registries.conf turns a name into '{repository}', which is no repository.", repository);
    }
}
