namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Reading the files.</summary>
internal sealed partial class RegistriesConfiguration
{
    /// <summary>What the second version has at its top; the first has <c>registries</c> alone.</summary>
    private static readonly string[] Current = ["unqualified-search-registries", "registry", "credential-helpers", "short-name-mode", "aliases"];

    private void Add(Dictionary<string, object> document, string file)
    {
        if (document.TryGetValue("registries", out object? first))
        {
            if (Current.FirstOrDefault(document.ContainsKey) is { } key) throw Invalid(file, $"it has both '{key}' and the 'registries' of the first version; one of them must go");
            AddFirstVersion(Table(first, file), file);
            return;
        }

        if (document.TryGetValue("short-name-mode", out object? mode))
        {
            _shortNameMode = Text(mode, file) is Enforcing or "permissive" or "disabled"
                ? (string)mode
                : throw Invalid(file, $"'short-name-mode' is '{mode}', and can be enforcing, permissive or disabled");
        }

        if (document.TryGetValue("credential-helpers", out object? helpers)) CredentialHelpers = [.. List(helpers, file).Select(item => Text(item, file))];
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
            if (prefix.StartsWith("*.", StringComparison.Ordinal) && (prefix.Length < 3 || prefix.AsSpan(2).ContainsAny('/', '*'))) throw Invalid(file, $"the prefix '{prefix}' is no domain");
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

    /// <summary>The first version, which older machines still have: three lists of registries.</summary>
    private void AddFirstVersion(Dictionary<string, object> lists, string file)
    {
        if (Registries(lists, "search", file) is { Count: > 0 } search) _search = search;
        List<string> blocked = Registries(lists, "block", file), insecure = Registries(lists, "insecure", file);
        foreach (string registry in blocked.Union(insecure))
        {
            _rules[registry] = new RegistryRule { Prefix = registry, Location = registry, Blocked = blocked.Contains(registry), Insecure = insecure.Contains(registry) };
        }
    }

    private static List<string> Registries(Dictionary<string, object> lists, string name, string file)
        => lists.TryGetValue(name, out object? list) && Table(list, file).TryGetValue("registries", out object? registries)
            ? [.. List(registries, file).Select(item => Text(item, file).TrimEnd('/'))]
            : [];

    private static RegistryMirror Mirror(Dictionary<string, object> table, string file)
    {
        string location = Text(table.GetValueOrDefault("location", ""), file);
        if (location.Length == 0) throw Invalid(file, "a [[registry.mirror]] has no 'location'");
        string use = Text(table.GetValueOrDefault("pull-from-mirror", ""), file);
        if (use is not ("" or "all" or "digest-only" or "tag-only")) throw Invalid(file, $"'pull-from-mirror' is '{use}', and can be all, digest-only or tag-only");
        return new RegistryMirror(location, Flag(table, "insecure", file), use.Length == 0 ? "all" : use);
    }

    private static string Text(object value, string file) => value as string ?? throw Invalid(file, "something else stands where a string is due");

    private static bool Flag(Dictionary<string, object> table, string key, string file)
        => table.GetValueOrDefault(key, false) is bool value ? value : throw Invalid(file, $"'{key}' is neither true nor false");

    private static List<object> List(object value, string file) => value as List<object> ?? throw Invalid(file, "something else stands where a list is due");

    private static Dictionary<string, object> Table(object value, string file)
        => value as Dictionary<string, object> ?? throw Invalid(file, "something else stands where a table is due");

    private static ContainerException Invalid(string file, string what) => new(ErrorCode.InvalidConfiguration, $"{file} is not valid: {what}.", file);
}
