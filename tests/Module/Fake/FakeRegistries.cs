using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace ContainerTools.Module.Tests;

/// <summary>Registries in memory: what the cmdlets ask of them is written down.</summary>
internal sealed class FakeRegistries : IRegistryOperations
{
    /// <summary>What was asked, in order: <c>pull busybox</c>.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Thrown by every operation; null for none.</summary>
    public ContainerException? Failure { get; set; }

    public ImagePullOptions? LastPull { get; private set; }

    public ImagePushOptions? LastPush { get; private set; }

    public RemoteImageOptions? LastInspect { get; private set; }

    public RegistryCredentialOptions? LastConnect { get; private set; }

    public RegistryAccess? LastAccess { get; private set; }

    public List<string> Repositories { get; } = [];

    public List<string> Tags { get; } = [];

    public List<ContainerRegistry> Connections { get; } = [];

    public Task<ContainerImage> PullAsync(ImagePullOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        Enter($"pull {options.Reference}");
        LastPull = options;
        return Task.FromResult(FakeEngine.Image(options.Reference));
    }

    public Task<RemoteContainerImage> PushAsync(ImagePushOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        Enter($"push {options.Image}");
        LastPush = options;
        return Task.FromResult(Image(options.Destination ?? options.Image));
    }

    public Task<RemoteContainerImage> InspectAsync(RemoteImageOptions options, CancellationToken cancellationToken)
    {
        Enter($"inspect {options.Reference}");
        LastInspect = options;
        return Task.FromResult(Image(options.Reference));
    }

    public async IAsyncEnumerable<string> ListRepositoriesAsync(
        string registry, RegistryAccess access, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Enter($"repositories {registry}");
        LastAccess = access;
        await Task.Yield();
        foreach (string repository in Repositories) yield return repository;
    }

    public async IAsyncEnumerable<RemoteImageTag> ListTagsAsync(
        string repository, RegistryAccess access, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Enter($"tags {repository}");
        LastAccess = access;
        await Task.Yield();
        foreach (string tag in Tags) yield return new RemoteImageTag { Registry = repository.Split('/')[0], Repository = repository, Tag = tag };
    }

    public Task<ContainerRegistry> ConnectAsync(RegistryCredentialOptions options, CancellationToken cancellationToken)
    {
        Enter($"connect {options.Registry}");
        LastConnect = options;
        ContainerRegistry connected = new() { Registry = options.Registry, UserName = options.Access.UserName, Source = "/auth.json" };
        Connections.Add(connected);
        return Task.FromResult(connected);
    }

    public Task<ContainerRegistry> DisconnectAsync(string registry, CancellationToken cancellationToken)
    {
        Enter($"disconnect {registry}");
        ContainerRegistry found = Connections.Find(connection => connection.Registry == registry)
            ?? throw new ContainerException(ErrorCode.RegistryNotFound, $"There are no credentials for {registry}.", registry);
        Connections.Remove(found);
        return Task.FromResult(found);
    }

    public async IAsyncEnumerable<ContainerRegistry> ListConnectionsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Enter("connections");
        await Task.Yield();
        foreach (ContainerRegistry connection in Connections) yield return connection;
    }

    private static RemoteContainerImage Image(string reference) => new()
    {
        Reference = reference,
        Digest = "sha256:" + new string('d', 64),
        MediaType = "application/vnd.oci.image.manifest.v1+json",
        ManifestDigest = "sha256:" + new string('d', 64),
        Id = "sha256:" + new string('b', 64),
        Platforms = ["linux/amd64"],
        Platform = "linux/amd64",
        Size = 1 << 20,
        Layers = [],
        Labels = new Dictionary<string, string>(),
        Configuration = new ImageConfiguration(),
    };

    private void Enter(string call)
    {
        Calls.Enqueue(call);
        if (Failure is not null) throw Failure;
    }
}
