using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Images.Registry.Trust;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>
/// The local image store: an OCI image layout for what images are, unpacked layers for what containers run on. What the layout's
/// index.json does not list does not exist; it is written last when something is added and first when something is removed.
/// </summary>
internal sealed partial class ImageStore : IImageStore
{
    private readonly EnginePaths _paths;
    private readonly Func<CancellationToken, IAsyncEnumerable<ImageUse>> _uses;
    private readonly ImageLayout _layout;
    private readonly LayerStore _layers;
    private readonly ImageCatalog _catalog;

    /// <summary>The store in the given folders; they need not exist.</summary>
    /// <param name="paths">Where it is.</param>
    /// <param name="uses">Tells which containers use which images.</param>
    public ImageStore(EnginePaths paths, Func<CancellationToken, IAsyncEnumerable<ImageUse>> uses)
    {
        _paths = paths;
        _uses = uses;
        _layout = new ImageLayout(paths.Images);
        _layers = new LayerStore(paths.Layers);
        _catalog = new ImageCatalog(_layout, _layers);
    }

    /// <summary>Says which images may come in as files; null to let all of them in.</summary>
    public Func<TrustPolicy>? Policy { get; init; }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ContainerImage> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ContainerException? damage = null;
        foreach (CatalogEntry entry in _catalog.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            ContainerImage? image = null;
            try
            {
                image = _catalog.Image(entry);
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt)
            {
                // Or it was removed just now.
                if (_catalog.IsListed(entry)) damage ??= error;
            }

            if (image is not null) yield return image;
        }

        // The images that are well come first; the damaged one is not passed over in silence.
        if (damage is not null) throw damage;
        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ContainerImage> GetAsync(string image, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CatalogEntry entry = _catalog.Find(image);
        try
        {
            return Task.FromResult(_catalog.Image(entry));
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt && !_catalog.IsListed(entry))
        {
            // It was removed just now: then the look-up says so.
            return Task.FromResult(_catalog.Image(_catalog.Find(image)));
        }
    }

    /// <inheritdoc/>
    public async Task<StoredImage> ResolveAsync(string image, CancellationToken cancellationToken)
    {
        // What is found stays until it has been described.
        using IDisposable? kept = Directory.Exists(_paths.Images) ? Hold(cancellationToken) : null;
        CatalogEntry entry = _catalog.TryFindRetained(image) ?? _catalog.Find(image);
        ImageConfig config = _catalog.Config(entry);
        IReadOnlyList<string> chains = ImageDigest.Chains(config.Rootfs?.DiffIds ?? []);
        if (!chains.All(_layers.Exists) || !AreProven(entry, config, chains)) await RestoreLayersAsync(image, cancellationToken);
        return new StoredImage(_catalog.Image(entry), _layers.Stack(chains));
    }

    /// <summary>
    /// Whether it has been seen of every blob that it is the layer that the configuration says. Of a line that another tool has written into the index,
    /// it has not: it could name the layers of somebody else's image.
    /// </summary>
    private bool AreProven(CatalogEntry entry, ImageConfig config, IReadOnlyList<string> chains)
    {
        if (entry.ManifestDigest is not { } manifest) return true;
        IReadOnlyList<ImageDescriptor> layers = _catalog.Manifest(manifest).Layers;
        IReadOnlyList<string> diffIds = config.Rootfs?.DiffIds ?? [];
        if (layers.Count != diffIds.Count) return false;
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i].Digest != diffIds[i] && !_layers.IsKnown(chains[i], layers[i].Digest)) return false;
        }

        return true;
    }
}
