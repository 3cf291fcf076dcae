using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Finds an image in the registries that its name may mean: index, manifest, configuration, each checked before the next is asked for.</summary>
/// <param name="session">Connections and configuration.</param>
/// <param name="platform">The platform to choose.</param>
internal sealed class RemoteImageReader(RegistrySession session, ImagePlatformSelector platform)
{
    /// <summary>Take the first image of an index that has none for the platform.</summary>
    public bool AnyPlatform { get; init; }

    /// <summary>Finds it.</summary>
    /// <param name="name">As the user wrote it.</param>
    /// <param name="requireDigest">Refuse a name without a digest.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="admit">Throws for what may not come in, before it is asked for; null for none.</param>
    public async Task<RemoteImage> ReadAsync(string name, bool requireDigest, CancellationToken cancellationToken, Action<ImageReference>? admit = null)
    {
        IReadOnlyList<ImageReference> meanings = Meanings(session, name);
        if (requireDigest && meanings[0].Digest is null)
        {
            throw new ContainerException(ErrorCode.DigestRequired, $"'{name}' has no digest, and a digest is required.", name);
        }

        ContainerException? failure = null;
        foreach (ImageReference meaning in meanings)
        {
            try
            {
                admit?.Invoke(meaning);
                return await ReadAsync(meaning, mirrors: true, cancellationToken);
            }
            catch (ContainerException error) when (meanings.Count > 1 && IsElsewhere(error))
            {
                // The next registry of the search may have it.
                failure = ToTell(failure, error);
            }
        }

        throw failure!;
    }

    /// <summary>What a name may mean; credentials must not go to every registry of the search.</summary>
    public static IReadOnlyList<ImageReference> Meanings(RegistrySession session, string name)
    {
        IReadOnlyList<ImageReference> meanings = session.Configuration.Resolve(name);
        List<string> registries = [.. meanings.Select(meaning => meaning.Domain).Distinct()];
        if (!session.HasCredential || registries.Count < 2) return meanings;
        throw new ContainerException(
            ErrorCode.InvalidArgument,
            $"'{name}' may mean an image of {string.Join(", ", registries)}, and credentials are for one registry; write the registry.", name);
    }

    /// <summary>Of the failures of a search, what is told in the end: the first that was more than a miss.</summary>
    public static ContainerException ToTell(ContainerException? before, ContainerException error)
        => before is null || (before.Code == ErrorCode.ImageNotFound && error.Code != ErrorCode.ImageNotFound) ? error : before;

    /// <summary>Reads what is known to be at a place, and calls it otherwise.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="reference">What is asked for.</param>
    /// <param name="mirrors">Whether mirrors may answer.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<RemoteImage> ReadAsync(ImageReference name, ImageReference reference, bool mirrors, CancellationToken cancellationToken)
        => await ReadAsync(reference, mirrors, cancellationToken) with { Reference = name };

    private async Task<RemoteImage> ReadAsync(ImageReference reference, bool mirrors, CancellationToken cancellationToken)
    {
        List<RegistryRepository> repositories = [.. session.Configuration.Endpoints(reference, mirrors).Select(session.Repository)];
        for (int i = 0; ; i++)
        {
            try
            {
                return await ReadAsync(reference, repositories, i, cancellationToken);
            }
            catch (ContainerException error) when (i + 1 < repositories.Count && IsOfMirror(error))
            {
                // A mirror without it, with something else, or one that is down: that is what the others are for.
            }
        }
    }

    private async Task<RemoteImage> ReadAsync(ImageReference reference, List<RegistryRepository> repositories, int first, CancellationToken cancellationToken)
    {
        RegistryRepository repository = repositories[first];
        RemoteDocument top = await repository.ManifestAsync(reference.Digest ?? reference.Tag!, cancellationToken);
        Collection found = new();
        List<ImageDescriptor> manifests = found.Manifests;
        RemoteDocument document = top;
        if (ImageMediaType.IsIndex(top.MediaType))
        {
            await CollectAsync(repository, top, found, 0, cancellationToken);
            ImageDescriptor chosen = Choose(manifests, reference);
            document = await repository.ManifestAsync(ImageDigest.Checked(chosen.Digest), cancellationToken);
            if (!ImageMediaType.IsManifest(document.MediaType)) throw repository.Connection.Invalid($"has the index {chosen.Digest} where it promises a manifest");
        }

        ImageManifest manifest = ImageLayout.Parse(document.Content, document.Digest, ImageJson.Default.ImageManifest);
        ListedManifest.Check(manifest, reference.Familiar);
        byte[] configBytes = await repository.BlobAsync(manifest.Config!, cancellationToken);
        ImageConfig config = ImageLayout.Parse(configBytes, manifest.Config!.Digest, ImageJson.Default.ImageConfig);
        IReadOnlyList<string> diffIds = config.Rootfs?.DiffIds ?? [];
        if (diffIds.Count != manifest.Layers.Count)
        {
            throw new ContainerException(
                ErrorCode.ImageCorrupt, $"{reference.Familiar} has {manifest.Layers.Count} layers, but {diffIds.Count} diff ids.", reference.Familiar);
        }

        foreach (string diffId in diffIds) ImageDigest.Checked(diffId);
        string own = ImagePlatformSelector.Text(config.Os, config.Architecture, config.Variant);
        // An image for one platform is taken as it is, unless another one was asked for.
        if (manifests.Count == 0 && platform.Explicit && !platform.Matches(config.Os, config.Architecture, config.Variant)) throw NoPlatform(reference, [own]);
        return new RemoteImage
        {
            Reference = reference,
            Repositories = [repository, .. repositories.Skip(first + 1)],
            Top = top,
            Document = document,
            Manifest = manifest,
            ConfigBytes = configBytes,
            Config = config,
            Indexes = found.Indexes,
            Listed = found.Listed,
            Platforms = manifests.Count == 0 ? [own] : [.. manifests.Select(listed => ImagePlatformSelector.Text(listed.Platform)).Distinct()],
            Platform = own,
        };
    }

    /// <summary>Whether another registry or mirror may do better.</summary>
    internal static bool IsElsewhere(ContainerException error) => error.Code is ErrorCode.ImageNotFound or ErrorCode.RegistryUnreachable
        or ErrorCode.RegistryFailed or ErrorCode.RegistryUnauthorized or ErrorCode.RegistryRateLimited or ErrorCode.RegistryResponseInvalid
        or ErrorCode.RegistryCertificateInvalid or ErrorCode.ImageRejected;

    /// <summary>Whether the next place for the same image may do better: also where this one has other bytes than were promised.</summary>
    private static bool IsOfMirror(ContainerException error) => error.Code == ErrorCode.DigestMismatch || IsElsewhere(error);

    private static async Task CollectAsync(
        RegistryRepository repository, RemoteDocument document, Collection found, int depth, CancellationToken cancellationToken)
    {
        found.Indexes.Add(document);
        if (found.Indexes.Count > ListedManifest.MaximumIndexes) throw new ContainerException(ErrorCode.ImageCorrupt, $"{repository} has an index of more than {ListedManifest.MaximumIndexes} indexes.", repository.ToString());
        ImageIndex index = ImageLayout.Parse(document.Content, document.Digest, ImageJson.Default.ImageIndex);
        foreach (ImageDescriptor descriptor in index.Manifests)
        {
            if (!ImageMediaType.IsIndex(descriptor.MediaType))
            {
                found.Listed.Add(descriptor);
                if (PlatformChoice.IsImage(descriptor)) found.Manifests.Add(descriptor);
                continue;
            }

            if (PlatformChoice.IsAttestation(descriptor)) continue;

            if (depth + 1 == ListedManifest.MaximumDepth)
            {
                throw new ContainerException(ErrorCode.ImageCorrupt, $"{repository} has indexes in indexes, more than {ListedManifest.MaximumDepth} deep.", repository.ToString());
            }

            RemoteDocument inner = await repository.ManifestAsync(ImageDigest.Checked(descriptor.Digest), cancellationToken);
            if (!ImageMediaType.IsIndex(inner.MediaType)) throw repository.Connection.Invalid($"has a manifest where it promises the index {descriptor.Digest}");
            await CollectAsync(repository, inner, found, depth + 1, cancellationToken);
        }
    }

    private ImageDescriptor Choose(List<ImageDescriptor> manifests, ImageReference reference)
        => PlatformChoice.Choose(manifests, platform, AnyPlatform || (manifests.Count == 1 && !platform.Explicit))
            ?? throw NoPlatform(reference, manifests.Select(listed => ImagePlatformSelector.Text(listed.Platform)).Distinct());

    private ContainerException NoPlatform(ImageReference reference, IEnumerable<string> platforms)
    {
        string there = string.Join(", ", platforms.Take(20));
        return new ContainerException(
            ErrorCode.ImageUnsupported, there.Length == 0 ? $"{reference.Familiar} has no image for a container." : $"{reference.Familiar} has no image for {platform}, only for {there}.",
            reference.Familiar);
    }

    /// <summary>The other images of an index, and what is listed beside them; each without the bytes of its layers.</summary>
    /// <param name="image">The image that was chosen.</param>
    /// <param name="layer">Says where a layer's bytes come from.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<IReadOnlyList<ArchivedImage>> ReadOthersAsync(
        RemoteImage image, Func<ImageDescriptor, ByteRange> layer, CancellationToken cancellationToken)
    {
        string name = image.Reference.Familiar;
        List<ArchivedImage> others = [];
        foreach (ImageDescriptor descriptor in ListedManifest.Others(image.Listed, image.Document.Digest, name))
        {
            (RemoteDocument document, ImageManifest manifest, byte[] config) = await AnywhereAsync(
                image.Repositories, repository => ReadOtherAsync(repository, descriptor, name, cancellationToken));
            others.Add(ListedManifest.Describe(descriptor, document.Content, document.MediaType, manifest, config, name, layer));
        }

        return others;
    }

    private static async Task<(RemoteDocument Document, ImageManifest Manifest, byte[] Config)> ReadOtherAsync(
        RegistryRepository repository, ImageDescriptor descriptor, string name, CancellationToken cancellationToken)
    {
        RemoteDocument document = await repository.ManifestAsync(ImageDigest.Checked(descriptor.Digest), cancellationToken);
        if (!ImageMediaType.IsManifest(document.MediaType)) throw repository.Connection.Invalid($"has an index {descriptor.Digest} where it promises a manifest");
        ImageManifest manifest = ImageLayout.Parse(document.Content, document.Digest, ImageJson.Default.ImageManifest);
        if (manifest.Config is null) throw new ContainerException(ErrorCode.ImageUnsupported, $"The manifest {document.Digest} of {name} has no configuration.", name);
        return (document, manifest, await repository.BlobAsync(manifest.Config, cancellationToken));
    }

    /// <summary>From the first place that has it: a mirror may have only some of an index.</summary>
    private static async Task<T> AnywhereAsync<T>(IReadOnlyList<RegistryRepository> repositories, Func<RegistryRepository, Task<T>> read)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                return await read(repositories[i]);
            }
            catch (ContainerException error) when (i + 1 < repositories.Count && IsOfMirror(error))
            {
                // The next may have it.
            }
        }
    }

    /// <summary>What the indexes of an image hold.</summary>
    private sealed class Collection
    {
        public List<RemoteDocument> Indexes { get; } = [];

        /// <summary>The images.</summary>
        public List<ImageDescriptor> Manifests { get; } = [];

        /// <summary>Those, and all else.</summary>
        public List<ImageDescriptor> Listed { get; } = [];
    }
}
