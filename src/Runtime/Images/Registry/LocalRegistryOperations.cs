using System.Globalization;
using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Images.Archives;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Registries, from this machine. Configuration is read anew for each operation: it belongs to others, who may change it.</summary>
/// <param name="paths">The engine's folders.</param>
/// <param name="store">The image store.</param>
/// <param name="settings">Says where the configuration is.</param>
internal sealed class LocalRegistryOperations(EnginePaths paths, ImageStore store, Func<RegistrySettings> settings) : IRegistryOperations
{
    /// <inheritdoc/>
    public async Task<ContainerImage> PullAsync(ImagePullOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        using RegistrySession session = new(options.Access, settings());
        return await new ImagePull(store, paths, session, options, progress).RunAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<RemoteContainerImage> PushAsync(ImagePushOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        using RegistrySession session = new(options.Access, settings());
        // What is pushed must not be swept away meanwhile.
        using IDisposable held = store.Hold(cancellationToken);
        (ImageReference target, string digest) = await new ImagePush(paths, store.Catalog, session, options, progress).RunAsync(cancellationToken);
        // What was pushed, and where it was: a mirror may not have it yet, and another may have moved the tag.
        RemoteImageReader reader = new(session, ImagePlatformSelector.Parse(options.Platform)) { AnyPlatform = true };
        return Describe(await reader.ReadAsync(target, target.WithDigest(digest), mirrors: false, cancellationToken));
    }

    /// <inheritdoc/>
    public async Task<RemoteContainerImage> InspectAsync(RemoteImageOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        using RegistrySession session = new(options.Access, settings());
        return await InspectAsync(session, options.Reference, options.Platform, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListRepositoriesAsync(
        string registry, RegistryAccess access, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using RegistrySession session = new(access, settings());
        RegistryConnection connection = session.Connection(session.Configuration.Registry(HostOf(registry)));
        await foreach (string repository in Explained(RegistryRepository.CatalogAsync(connection, cancellationToken), registry)) yield return repository;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RemoteImageTag> ListTagsAsync(
        string repository, RegistryAccess access, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using RegistrySession session = new(access, settings());
        IReadOnlyList<ImageReference> meanings = RemoteImageReader.Meanings(session, repository);
        ContainerException? failure = null;
        foreach (ImageReference meaning in meanings)
        {
            RegistryRepository place = session.Repository(session.Configuration.Endpoints(meaning, mirrors: false)[0]);
            await using IAsyncEnumerator<string> tags = place.TagsAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            for (bool any = false; ; any = true)
            {
                try
                {
                    if (!await tags.MoveNextAsync()) yield break;
                }
                catch (ContainerException error) when (!any && meanings.Count > 1 && RemoteImageReader.IsElsewhere(error))
                {
                    // The next registry of the search may have it, as with a pull.
                    failure = RemoteImageReader.ToTell(failure, error);
                    break;
                }

                yield return new RemoteImageTag { Registry = meaning.Domain, Repository = meaning.Repository, Tag = tags.Current };
            }
        }

        throw failure!;
    }

    /// <inheritdoc/>
    public async Task<ContainerRegistry> ConnectAsync(RegistryCredentialOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        string registry = HostOf(options.Registry);
        RegistrySettings current = settings();
        using RegistrySession session = new(options.Access, current);
        RegistryConnection connection = session.Connection(session.Configuration.Registry(registry));
        await RegistryRepository.PingAsync(connection, cancellationToken);
        // A user who is one to nobody would be kept for nothing, but some registries let everybody in: then it does no harm.
        RegistryCredential credential = new(
            options.Access.UserName is { Length: > 0 } user && !user.Contains(':')
                ? user
                : throw new ContainerException(ErrorCode.InvalidArgument, "A user's name is needed, without a colon in it.", registry),
            options.Access.Password ?? "", false);
        string source = await Credentials(current).StoreAsync(registry, credential, cancellationToken);
        return new ContainerRegistry { Registry = registry, UserName = credential.UserName, Source = source };
    }

    /// <inheritdoc/>
    public async Task<ContainerRegistry> DisconnectAsync(string registry, CancellationToken cancellationToken)
    {
        string host = HostOf(registry);
        return await Credentials(settings()).RemoveAsync(host, cancellationToken)
            ?? throw new ContainerException(ErrorCode.RegistryNotFound, $"There are no credentials for {host}.", host);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ContainerRegistry> ListConnectionsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (ContainerRegistry registry in await Credentials(settings()).ListAsync(cancellationToken)) yield return registry;
    }

    private static async Task<RemoteContainerImage> InspectAsync(RegistrySession session, string reference, string? platform, CancellationToken cancellationToken)
    {
        return Describe(await new RemoteImageReader(session, ImagePlatformSelector.Parse(platform)).ReadAsync(reference, false, cancellationToken));
    }

    private static RemoteContainerImage Describe(RemoteImage image)
    {
        return new RemoteContainerImage
        {
            Reference = image.Reference.Familiar,
            Digest = image.Top.Digest,
            MediaType = image.Top.MediaType,
            ManifestDigest = image.Document.Digest,
            Id = image.Manifest.Config!.Digest,
            Platforms = image.Platforms,
            Platform = image.Platform,
            Size = image.Document.Content.Length + image.Manifest.Config.Size + image.Manifest.Layers.Sum(layer => layer.Size),
            CreatedAt = DateTimeOffset.TryParse(image.Config.Created, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null,
            Layers = [.. image.Manifest.Layers.Select(layer => new RemoteImageLayer(layer.Digest, layer.Size, layer.MediaType))],
            Labels = image.Config.Config?.Labels ?? new Dictionary<string, string>(),
            Configuration = ImageCatalog.Defaults(image.Config.Config),
        };
    }

    private static CredentialStore Credentials(RegistrySettings settings)
        => new(settings.CredentialFiles, RegistriesConfiguration.Load(settings.ConfigurationFiles).CredentialHelpers);

    /// <summary>The host alone, of what people give as a registry: also <c>https://registry.example/</c>.</summary>
    private static string HostOf(string registry)
    {
        string text = registry.Trim();
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0) text = text[(scheme + 3)..];
        text = text.TrimEnd('/');
        if (text is "docker.io" or "index.docker.io" or "index.docker.io/v1" or "registry-1.docker.io") return "docker.io";
        return ImageReference.TryParse(text + "/x", out ImageReference? reference) && reference.Path == "x" && reference.Domain == text
            ? text
            : throw new ContainerException(ErrorCode.InvalidArgument, $"'{registry}' is not the name of a registry; write it as host or host:port.", registry);
    }

    private static async IAsyncEnumerable<string> Explained(IAsyncEnumerable<string> repositories, string registry)
    {
        await using IAsyncEnumerator<string> enumerator = repositories.GetAsyncEnumerator();
        while (true)
        {
            try
            {
                if (!await enumerator.MoveNextAsync()) yield break;
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ImageNotFound)
            {
                throw new ContainerException(ErrorCode.NotSupported, $"{registry} does not tell its repositories.", registry, error);
            }

            yield return enumerator.Current;
        }
    }
}
