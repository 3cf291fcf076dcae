namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// registries.conf, version 2, and the files of registries.conf.d (containers-registries.conf(5)): what short names mean, which mirrors are asked,
/// which registries are blocked or without TLS.
/// </summary>
internal sealed class RegistriesConfiguration
{
    private const string Hub = "docker.io";

    private readonly Dictionary<string, RegistryRule> _rules = [];
    private readonly Dictionary<string, string> _aliases = [];
    private List<string>? _search;

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
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public IReadOnlyList<ImageReference> Resolve(string name)
    {
        ImageReference reference = ImageReference.Parse(name);
        if (!IsShort(name)) return [reference];
        int end = name.AsSpan().IndexOfAny(':', '@');
        string bare = end < 0 ? name : name[..end];
        string suffix = end < 0 ? "" : name[end..];
        if (_aliases.TryGetValue(bare, out string? alias)) return [ImageReference.Parse(alias + suffix)];
        if (_search is not { Count: > 0 }) return [reference];
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

    /// <summary>Whether a name leaves out its registry.</summary>
    internal static bool IsShort(string name)
    {
        int slash = name.IndexOf('/');
        if (slash < 0) return true;
        ReadOnlySpan<char> first = name.AsSpan(0, slash);
        return !first.ContainsAny('.', ':') && !first.SequenceEqual("localhost") && !first.ContainsAnyInRange('A', 'Z');
    }

    private static RegistryEndpoint Endpoint(string repository, bool insecure)
    {
        int slash = repository.IndexOf('/');
        return slash > 0
            ? new RegistryEndpoint(repository[..slash], repository[(slash + 1)..], insecure)
            : throw new ContainerException(ErrorCode.InvalidConfiguration, $"registries.conf turns a name into '{repository}', which is no repository.", repository);
    }

    private void Add(Dictionary<string, object> document, string file)
    {
        if (document.TryGetValue("unqualified-search-registries", out object? search)) _search = [.. List(search, file).Select(item => Text(item, file))];
        if (document.TryGetValue("aliases", out object? aliases))
        {
            foreach ((string name, object target) in Table(aliases, file))
            {
                // An empty target takes an alias away that an earlier file has made.
                if (Text(target, file) is { Length: > 0 } whole) _aliases[name] = whole;
                else _aliases.Remove(name);
            }
        }

        if (!document.TryGetValue("registry", out object? registries)) return;
        foreach (object item in List(registries, file))
        {
            Dictionary<string, object> table = Table(item, file);
            string location = Text(table.GetValueOrDefault("location", ""), file);
            string prefix = Text(table.GetValueOrDefault("prefix", location), file);
            if (prefix.Length == 0) prefix = location;
            if (prefix.Length == 0) throw Invalid(file, "a [[registry]] has neither 'prefix' nor 'location'");
            _rules[prefix] = new RegistryRule
            {
                Prefix = prefix,
                Location = location,
                Insecure = Flag(table, "insecure", file),
                Blocked = Flag(table, "blocked", file),
                MirrorByDigestOnly = Flag(table, "mirror-by-digest-only", file),
                Mirrors = [.. List(table.GetValueOrDefault("mirror", new List<object>()), file).Select(mirror => Mirror(Table(mirror, file), file))],
            };
        }
    }

    private static RegistryMirror Mirror(Dictionary<string, object> table, string file)
    {
        string location = Text(table.GetValueOrDefault("location", ""), file);
        if (location.Length == 0) throw Invalid(file, "a [[registry.mirror]] has no 'location'");
        return new RegistryMirror(location, Flag(table, "insecure", file), Text(table.GetValueOrDefault("pull-from-mirror", "all"), file));
    }

    private static string Text(object value, string file) => value as string ?? throw Invalid(file, "something else stands where a string is due");

    private static bool Flag(Dictionary<string, object> table, string key, string file)
        => table.GetValueOrDefault(key, false) is bool value ? value : throw Invalid(file, $"'{key}' is neither true nor false");

    private static List<object> List(object value, string file) => value as List<object> ?? throw Invalid(file, "something else stands where a list is due");

    private static Dictionary<string, object> Table(object value, string file)
        => value as Dictionary<string, object> ?? throw Invalid(file, "something else stands where a table is due");

    private static ContainerException Invalid(string file, string what) => new(ErrorCode.InvalidConfiguration, $"{file} is not valid: {what}.", file);
}
