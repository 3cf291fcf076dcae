using System.Collections.Concurrent;
using ContainerTools.Runtime.Images.Registry.Trust;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>The connections of one operation, one per registry, and the configuration as it was when it began.</summary>
internal sealed class RegistrySession : IDisposable
{
    private readonly RegistryAccess _access;
    private readonly CredentialStore _credentials;
    private readonly ConcurrentDictionary<string, Lazy<RegistryConnection>> _connections = new();

    /// <summary>Reads the configuration.</summary>
    /// <param name="access">What the caller says of how to reach registries.</param>
    /// <param name="settings">What the machine says.</param>
    public RegistrySession(RegistryAccess access, RegistrySettings settings)
    {
        _access = access;
        Settings = settings;
        Configuration = RegistriesConfiguration.Load(settings.ConfigurationFiles);
        _credentials = new CredentialStore(settings.CredentialFiles, Configuration.CredentialHelpers);
    }

    /// <summary>registries.conf.</summary>
    public RegistriesConfiguration Configuration { get; }

    /// <summary>policy.json.</summary>
    public TrustPolicy Policy => field ??= TrustPolicy.Load(Settings.PolicyFiles);

    /// <summary>registries.d.</summary>
    public SignatureLookaside Lookaside => field ??= SignatureLookaside.Load(this);

    /// <summary>Files and patience.</summary>
    public RegistrySettings Settings { get; }

    /// <summary>Whether the caller has given credentials, of the one registry that is meant.</summary>
    public bool HasCredential => _access.UserName is not null;

    /// <summary>A repository at a place.</summary>
    public RegistryRepository Repository(RegistryEndpoint endpoint) => new(Connection(endpoint), endpoint.Path);

    /// <summary>The connection to a registry. Credentials may be narrower than a registry, so it is one per repository.</summary>
    public RegistryConnection Connection(RegistryEndpoint endpoint)
        => _connections.GetOrAdd(
            endpoint.ToString(),
            _ => new Lazy<RegistryConnection>(() => new RegistryConnection(endpoint, _access, Settings, token => CredentialAsync(endpoint, token)))).Value;

    /// <summary>A connection to a server that is no registry and has no credentials.</summary>
    public RegistryConnection Plain(string host)
        => _connections.GetOrAdd(
            host + "/",
            _ => new Lazy<RegistryConnection>(() => new RegistryConnection(
                new RegistryEndpoint(host, "", false), new RegistryAccess(), Settings, static _ => Task.FromResult<RegistryCredential?>(null)))).Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lazy<RegistryConnection> connection in _connections.Values)
        {
            if (connection.IsValueCreated) connection.Value.Dispose();
        }
    }

    private async Task<RegistryCredential?> CredentialAsync(RegistryEndpoint endpoint, CancellationToken cancellationToken)
        => _access.UserName is { } user && !endpoint.IsMirror
            ? new RegistryCredential(user, _access.Password ?? "", false)
            : await _credentials.FindAsync(endpoint.Host, endpoint.Path, cancellationToken);
}
