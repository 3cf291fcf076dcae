namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Where the configuration of registries is, and how patient the engine is with them.</summary>
internal sealed record RegistrySettings
{
    /// <summary>The files of registries.conf, in the order they are read.</summary>
    public IReadOnlyList<string> ConfigurationFiles { get; init; } = [];
    /// <summary>The folders with one folder of certificates per registry; the first that has one counts.</summary>
    public IReadOnlyList<string> CertificateFolders { get; init; } = [];
    /// <summary>The files with credentials, in the order they are looked into; new ones go to the first that exists, else to the first.</summary>
    public IReadOnlyList<string> CredentialFiles { get; init; } = [];
    /// <summary>The files of policy.json; the first that exists counts, and without one every image is let in.</summary>
    public IReadOnlyList<string> PolicyFiles { get; init; } = [];
    /// <summary>The folders of registries.d; the first that exists counts.</summary>
    public IReadOnlyList<string> LookasideFolders { get; init; } = [];
    /// <summary>The folder with the signatures of GnuPG of which registries.d says nothing else.</summary>
    public string Lookaside { get; init; } = "/var/lib/containers/sigstore";
    /// <summary>Whether this machine receives images by names with a digest only.</summary>
    public bool RequireDigest { get; init; }
    /// <summary>How long a connection may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);
    /// <summary>How long a registry may say nothing before it counts as stalled.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>How long a registry may take to close an upload: its storage may have to copy all of a large blob first.</summary>
    public TimeSpan ClosingTimeout { get; init; } = TimeSpan.FromMinutes(10);
    /// <summary>How often a request is sent, and a download taken up again without a byte more, before that is an error.</summary>
    public int Attempts { get; init; } = 5;
    /// <summary>The wait before the second attempt; each further one is twice as long.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(250);
    /// <summary>The longest wait that a registry can ask for without being told about.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(20);
    /// <summary>How many layers are fetched at once.</summary>
    public int Downloads { get; init; } = 4;
    /// <summary>How many bytes an upload sends in one request.</summary>
    public int ChunkSize { get; init; } = 32 * 1024 * 1024;

    /// <summary>What this user's environment and this machine's files say.</summary>
    public static RegistrySettings Current
    {
        get
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            string configuration = Variable("XDG_CONFIG_HOME") ?? Path.Combine(home, ".config");
            string own = Path.Combine(configuration, "containers");
            string runtime = Variable("XDG_RUNTIME_DIR") is { } given
                ? Path.Combine(given, "containers")
                : Environment.IsPrivilegedProcess ? "/run/containers/0" : own;
            string docker = Variable("DOCKER_CONFIG") ?? Path.Combine(home, ".docker");
            return new RegistrySettings
            {
                ConfigurationFiles = Variable("CONTAINERS_REGISTRIES_CONF") is { } file
                    ? [file]
                    : [
                        File.Exists(Path.Combine(own, "registries.conf")) ? Path.Combine(own, "registries.conf") : "/etc/containers/registries.conf",
                        .. Parts("/etc/containers/registries.conf.d"),
                        .. Parts(Path.Combine(own, "registries.conf.d")),
                        // Podman's own notes of what users meant by short names.
                        Environment.IsPrivilegedProcess
                            ? "/var/cache/containers/short-name-aliases.conf"
                            : Path.Combine(Variable("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache"), "containers", "short-name-aliases.conf"),
                    ],
                PolicyFiles = [Path.Combine(own, "policy.json"), "/etc/containers/policy.json"],
                LookasideFolders = [Path.Combine(own, "registries.d"), "/etc/containers/registries.d"],
                Lookaside = Environment.IsPrivilegedProcess
                    ? "/var/lib/containers/sigstore"
                    : Path.Combine(Variable("XDG_DATA_HOME") ?? Path.Combine(home, ".local", "share"), "containers", "sigstore"),
                CertificateFolders = [Path.Combine(own, "certs.d"), "/etc/containers/certs.d", "/etc/docker/certs.d"],
                CredentialFiles = Variable("REGISTRY_AUTH_FILE") is { } credentials
                    ? [credentials]
                    : [.. new[] { Path.Combine(runtime, "auth.json"), Path.Combine(own, "auth.json"), Path.Combine(docker, "config.json") }.Distinct()],
            };
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static IEnumerable<string> Parts(string folder)
        => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.conf").Order(StringComparer.Ordinal) : [];
}
