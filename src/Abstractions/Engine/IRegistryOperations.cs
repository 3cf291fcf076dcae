namespace ContainerTools;

/// <summary>
/// What can be done with image registries (OCI distribution 1.1, Docker schema 2). Names are read as everywhere: a short name is looked up
/// in registries.conf, and means Docker Hub where that says nothing.
/// </summary>
public interface IRegistryOperations
{
    /// <summary>
    /// Brings an image from a registry into the store. Nothing is visible before all of it is verified; what the store has already is not
    /// fetched again.
    /// </summary>
    Task<ContainerImage> PullAsync(ImagePullOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Brings an image of the store to a registry; what the registry has already is not sent again.</summary>
    Task<RemoteContainerImage> PushAsync(ImagePushOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Reads what a registry says about an image, without its layers.</summary>
    Task<RemoteContainerImage> InspectAsync(RemoteImageOptions options, CancellationToken cancellationToken);

    /// <summary>The repositories of a registry, where it tells them.</summary>
    /// <param name="registry">Its host, perhaps with a port.</param>
    /// <param name="access">How to reach it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    IAsyncEnumerable<string> ListRepositoriesAsync(string registry, RegistryAccess access, CancellationToken cancellationToken);

    /// <summary>The tags of a repository, each with the registry that it was found in.</summary>
    /// <param name="repository">The repository: <c>registry.example/team/app</c>, or a short name, which is searched for as when an image is received.</param>
    /// <param name="access">How to reach it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    IAsyncEnumerable<RemoteImageTag> ListTagsAsync(string repository, RegistryAccess access, CancellationToken cancellationToken);

    /// <summary>Checks credentials with a registry and keeps them where Podman or Docker would.</summary>
    Task<ContainerRegistry> ConnectAsync(RegistryCredentialOptions options, CancellationToken cancellationToken);

    /// <summary>Forgets the credentials for a registry.</summary>
    /// <param name="registry">Its host, perhaps with a port.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<ContainerRegistry> DisconnectAsync(string registry, CancellationToken cancellationToken);

    /// <summary>The registries that credentials are kept for.</summary>
    IAsyncEnumerable<ContainerRegistry> ListConnectionsAsync(CancellationToken cancellationToken);
}
