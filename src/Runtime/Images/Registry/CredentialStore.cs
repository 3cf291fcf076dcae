namespace ContainerTools.Runtime.Images.Registry;

/// <summary>The credentials that Podman's and Docker's files, and the helpers that these name, have for registries.</summary>
/// <param name="files">The files, in the order they are looked into.</param>
/// <param name="keepers">Who is asked, in this order: <see cref="Files"/> for the files, else the name of a helper; null for the files alone.</param>
internal sealed class CredentialStore(IReadOnlyList<string> files, IReadOnlyList<string>? keepers = null)
{
    /// <summary>What registries.conf calls the files (<c>credential-helpers</c>, containers-registries.conf(5)).</summary>
    public const string Files = "containers-auth.json";

    /// <summary>Docker's name for Docker Hub in its files.</summary>
    private const string HubKey = "https://index.docker.io/v1/";

    /// <summary>The credentials for a repository, or null: the longest beginning of its name that has some counts.</summary>
    /// <param name="registry">The registry's host.</param>
    /// <param name="path">The repository's path; empty for the registry as a whole.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<RegistryCredential?> FindAsync(string registry, string path, CancellationToken cancellationToken)
    {
        foreach (string keeper in Keepers)
        {
            RegistryCredential? found = keeper == Files
                ? await FindInFilesAsync(registry, path, cancellationToken)
                : await new CredentialHelper(keeper).GetAsync(registry, cancellationToken);
            if (found is not null) return found;
        }

        return null;
    }

    private async Task<RegistryCredential?> FindInFilesAsync(string registry, string path, CancellationToken cancellationToken)
    {
        foreach (string name in files)
        {
            CredentialFile file = CredentialFile.Read(name);
            for (string scope = path; scope.Length > 0; scope = scope[..Math.Max(0, scope.LastIndexOf('/'))])
            {
                if (file.Decode($"{registry}/{scope}") is { } narrow) return narrow;
            }

            foreach (string key in Keys(registry))
            {
                if (file.HelperFor(key) is { } helper && await new CredentialHelper(helper).GetAsync(key, cancellationToken) is { } kept) return kept;
            }

            foreach (string key in Keys(registry))
            {
                if (file.Decode(key) is { } found) return found;
            }

            // Docker once wrote whole addresses.
            foreach ((string key, RegistryCredential credential) in file.Entries)
            {
                if (HostOf(key) == registry && !key.Contains('/')) return credential;
                if (key.Contains("://", StringComparison.Ordinal) && HostOf(key) == registry) return credential;
            }
        }

        return null;
    }

    /// <summary>Keeps credentials, with the helper where the file names one.</summary>
    /// <returns>Where they are now.</returns>
    public async Task<string> StoreAsync(string registry, RegistryCredential credential, CancellationToken cancellationToken)
    {
        if (Keepers[0] != Files)
        {
            await new CredentialHelper(Keepers[0]).StoreAsync(registry, credential, cancellationToken);
            return "docker-credential-" + Keepers[0];
        }

        CredentialFile file = CredentialFile.Read(files.FirstOrDefault(File.Exists) ?? files[0]);
        string key = Key(registry, file);
        if (file.HelperFor(key) is { } helper)
        {
            await new CredentialHelper(helper).StoreAsync(key, credential, cancellationToken);
            return "docker-credential-" + helper;
        }

        file.Set(key, credential);
        file.Write();
        return file.Path;
    }

    /// <summary>Forgets the credentials for a registry in every file.</summary>
    /// <returns>What was forgotten; null where there was nothing.</returns>
    public async Task<ContainerRegistry?> RemoveAsync(string registry, CancellationToken cancellationToken)
    {
        ContainerRegistry? removed = null;
        foreach (string keeper in Keepers.Where(keeper => keeper != Files))
        {
            ContainerRegistry? erased = await EraseAsync(keeper, registry, registry, cancellationToken);
            removed ??= erased;
        }

        if (!Keepers.Contains(Files)) return removed;
        foreach (string name in files)
        {
            CredentialFile file = CredentialFile.Read(name);
            bool changed = false;
            foreach ((string key, RegistryCredential credential) in file.Entries.ToList())
            {
                if (HostOf(key) != registry || (key.Contains('/') && !key.Contains("://", StringComparison.Ordinal))) continue;
                changed |= file.Remove(key);
                removed ??= Describe(registry, credential.UserName, file.Path);
            }

            if (changed) file.Write();
            foreach (string key in Keys(registry))
            {
                if (file.HelperFor(key) is not { } helper) continue;
                ContainerRegistry? erased = await EraseAsync(helper, key, registry, cancellationToken);
                removed ??= erased;
            }
        }

        return removed;
    }

    private static async Task<ContainerRegistry?> EraseAsync(string helper, string key, string registry, CancellationToken cancellationToken)
    {
        CredentialHelper program = new(helper);
        if (await program.GetAsync(key, cancellationToken) is not { } kept) return null;
        await program.EraseAsync(key, cancellationToken);
        return Describe(registry, kept.UserName, "docker-credential-" + helper);
    }

    /// <summary>The registries that there are credentials for, each once.</summary>
    public async Task<IReadOnlyList<ContainerRegistry>> ListAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, ContainerRegistry> found = [];
        foreach (string keeper in Keepers)
        {
            if (keeper == Files) await ListFilesAsync(found, cancellationToken);
            else await ListHelperAsync(keeper, null, found, cancellationToken);
        }

        return [.. found.Values.OrderBy(registry => registry.Registry, StringComparer.Ordinal)];
    }

    private async Task ListFilesAsync(Dictionary<string, ContainerRegistry> found, CancellationToken cancellationToken)
    {
        foreach (string name in files)
        {
            CredentialFile file = CredentialFile.Read(name);
            foreach ((string? registry, string helper) in file.Helpers) await ListHelperAsync(helper, registry, found, cancellationToken);

            foreach ((string key, RegistryCredential credential) in file.Entries)
            {
                string shown = key.Contains("://", StringComparison.Ordinal) ? HostOf(key) : key;
                found.TryAdd(shown, Describe(shown, credential.UserName, file.Path));
            }
        }
    }

    private static async Task ListHelperAsync(
        string helper, string? registry, Dictionary<string, ContainerRegistry> found, CancellationToken cancellationToken)
    {
        foreach ((string key, string user) in await new CredentialHelper(helper).ListAsync(cancellationToken))
        {
            if (registry is not null && HostOf(key) != HostOf(registry)) continue;
            found.TryAdd(HostOf(key), Describe(HostOf(key), user == "<token>" ? "" : user, "docker-credential-" + helper));
        }
    }

    private IReadOnlyList<string> Keepers => keepers is { Count: > 0 } ? keepers : [Files];

    private static ContainerRegistry Describe(string registry, string user, string source)
        => new() { Registry = registry, UserName = user.Length == 0 ? null : user, Source = source };

    private static IReadOnlyList<string> Keys(string registry) => registry == "docker.io" ? [HubKey, registry] : [registry];

    /// <summary>Docker reads Docker Hub's credentials under its address only, and Podman reads them there as well.</summary>
    private static string Key(string registry, CredentialFile file)
        => registry == "docker.io" && System.IO.Path.GetFileName(file.Path) == "config.json" ? HubKey : registry;

    private static string HostOf(string key)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? key : key[(scheme + 3)..];
        int slash = rest.IndexOf('/');
        string host = slash < 0 ? rest : rest[..slash];
        return host is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : host;
    }
}
