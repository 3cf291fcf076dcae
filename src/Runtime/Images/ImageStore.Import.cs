using System.Globalization;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Images.Pipeline;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images;

/// <summary>Import: everything is staged and verified in an ingest folder, made durable, and only then made visible.</summary>
internal sealed partial class ImageStore
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContainerImage>> ImportAsync(
        ImageImportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ImageReference? reference = options.Reference is null ? null : ImageReference.Parse(options.Reference);
        if (reference?.Digest is not null)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"'{options.Reference}' has a digest; an image is named by a tag.", options.Reference);
        }

        ImagePlatformSelector platform = ImagePlatformSelector.Parse(options.Platform);
        if (options.AllPlatforms && platform.Explicit) throw new ContainerException(ErrorCode.InvalidArgument, "Either one platform can be imported, or all of them.", options.Platform);
        try
        {
            return await ImportAsync(options, reference, platform, progress, cancellationToken);
        }
        catch (Exception error) when (StoreErrors.Knows(error))
        {
            throw StoreErrors.Translate(error, _paths, options.Path);
        }
    }

    private async Task<IReadOnlyList<ContainerImage>> ImportAsync(
        ImageImportOptions options, ImageReference? reference, ImagePlatformSelector platform, IProgress<EngineProgress>? progress,
        CancellationToken cancellationToken)
    {
        ContainerImage[] images;
        using (Ingest ingest = await BeginIngestAsync(cancellationToken))
        {
            long MaximumSize(long compressed) => DecompressedSize.Maximum(compressed, options.MaximumLayerSize);
            using ImageSource source = await ImageSource.OpenAsync(Path.GetFullPath(options.Path), ingest.NewPath, MaximumSize, cancellationToken);
            Policy?.Invoke().AdmitFile(TransportOf(source, options.Path), RealPath(options.Path));
            using ImageStaging staging = new(_layout, _layers, ingest, Path.GetFileName(options.Path), progress) { MaximumLayerSize = MaximumSize, Check = new BlobCheck(_paths) };
            if (source.RootFileSystem is { } tar)
            {
                await staging.AddRootFileSystemAsync(tar, options, reference, platform, cancellationToken);
            }
            else
            {
                IReadOnlyList<ArchivedImage> archived = await Task.Run(() => ReadImages(source.Files!, platform, options.AllPlatforms), cancellationToken);
                await staging.AddAsync(Rename(archived, reference, options.Path), cancellationToken);
            }

            Publish(ingest, staging, cancellationToken);
            images = [.. staging.Images.SelectMany(Describe)];
        }

        await SweepAfterwardsAsync();
        return images;
    }

    /// <summary>The path without symbolic links, so that none leads around a scope.</summary>
    private static string RealPath(string path)
    {
        using SafeFileHandle file = Libc.Open(Path.GetFullPath(path), Libc.O_PATH | Libc.O_CLOEXEC);
        return Libc.ReadLink(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}")) ?? Path.GetFullPath(path);
    }

    /// <summary>What policies call this kind of file (containers-transports(5)).</summary>
    private static string TransportOf(ImageSource source, string path)
    {
        if (source.Files is not { } files) return "tarball";
        if (!files.TryFind(OciArchive.IndexName, out _)) return "docker-archive";
        return Directory.Exists(path) ? "oci" : "oci-archive";
    }

    private static IReadOnlyList<ArchivedImage> Rename(IReadOnlyList<ArchivedImage> images, ImageReference? reference, string path)
    {
        if (reference is null) return images;
        return images.Count == 1
            ? [images[0] with { Names = [reference] }]
            : throw new ContainerException(
                ErrorCode.InvalidArgument,
                string.Create(CultureInfo.InvariantCulture, $"{path} holds {images.Count} images; one name cannot be given to all of them."), path);
    }

    private static IReadOnlyList<ArchivedImage> ReadImages(ImageFiles files, ImagePlatformSelector platform, bool all)
    {
        IReadOnlyList<ArchivedImage> images = files.TryFind(OciArchive.IndexName, out _) ? OciArchive.Read(files, platform, all)
            : DockerArchive.IsOne(files) ? [.. DockerArchive.Read(files, platform)]
            : [.. LegacyDockerArchive.Read(files)];
        if (images.Count == 0) throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{files.Path} holds no image.", files.Path);
        return images;
    }

    /// <summary>Moves the pieces into the store and lists the images.</summary>
    private void Publish(Ingest ingest, ImageStaging staging, CancellationToken cancellationToken)
    {
        // One call for the thousands of files of the layers; whatever becomes visible is on the disk before.
        SyncStore(ingest.Folder);
        using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), cancellationToken);
        staging.MovePieces();
        AtomicFile.SyncFolder(_layout.Blobs);
        AtomicFile.SyncFolder(_paths.Layers);
        ImageIndex index = _layout.ReadIndex();
        List<ImageDescriptor> manifests = [.. index.Manifests];
        foreach (StagedImage image in staging.Images) List(manifests, image);
        _layout.WriteIndex(index with { MediaType = index.MediaType ?? ImageMediaType.Index, Manifests = manifests });
    }

    /// <summary>Adds an image to the index; an image that loses its last name to it stays, without a name.</summary>
    private static void List(List<ImageDescriptor> manifests, StagedImage image)
    {
        ImageDescriptor bare = new() { MediaType = image.ManifestMediaType, Digest = image.ManifestDigest, Size = image.ManifestSize, Platform = image.Platform };
        List(manifests, image.Index ?? bare, image.Names);
        // The index leads to it: without a name of its own, a line for it would show it twice.
        if (image.Index is not null) manifests.RemoveAll(other => other.Digest == bare.Digest && ImageCatalog.ReferenceOf(other) is null);
    }

    /// <inheritdoc cref="List(List{ImageDescriptor}, StagedImage)"/>
    private static void List(List<ImageDescriptor> manifests, ImageDescriptor bare, IReadOnlyList<ImageReference> names)
    {
        foreach (ImageReference name in names)
        {
            for (int i = manifests.Count - 1; i >= 0; i--)
            {
                if (ImageCatalog.ReferenceOf(manifests[i])?.ToString() != name.ToString()) continue;
                ImageDescriptor old = manifests[i];
                manifests.RemoveAt(i);
                if (old.Digest != bare.Digest && manifests.All(other => other.Digest != old.Digest))
                {
                    manifests.Insert(i, old with { Annotations = WithoutName(old.Annotations) });
                }
            }

            Dictionary<string, string> annotations = new(bare.Annotations ?? new Dictionary<string, string>())
            {
                [ImageLayout.FullName] = name.ToString(),
                [ImageLayout.RefName] = name.Familiar,
            };
            manifests.Add(bare with { Annotations = annotations });
        }

        bool named = manifests.Any(other => other.Digest == bare.Digest && ImageCatalog.ReferenceOf(other) is not null);
        if (named) manifests.RemoveAll(other => other.Digest == bare.Digest && ImageCatalog.ReferenceOf(other) is null);
        else if (manifests.All(other => other.Digest != bare.Digest)) manifests.Add(bare);
    }

    private static Dictionary<string, string>? WithoutName(IReadOnlyDictionary<string, string>? annotations)
    {
        Dictionary<string, string> rest = [];
        foreach ((string key, string value) in annotations ?? new Dictionary<string, string>())
        {
            if (key is not (ImageLayout.FullName or ImageLayout.RefName)) rest.Add(key, value);
        }

        return rest.Count == 0 ? null : rest;
    }

    private IEnumerable<ContainerImage> Describe(StagedImage image)
    {
        ImageReference?[] names = image.Names.Count == 0 ? [null] : [.. image.Names];
        return names.Select(name => _catalog.Image(new CatalogEntry(_catalog, image.ManifestDigest, name, image.Index, image.ConfigDigest)));
    }

    private static void SyncStore(string folder)
    {
        using SafeFileHandle handle = Libc.Open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        int errno = Libc.SyncFileSystem(handle);
        if (errno != 0) throw KernelError.From("syncfs", errno, folder);
    }

    /// <summary>Unpacks the layers of a listed image again, from its blobs.</summary>
    private async Task RestoreLayersAsync(string image, CancellationToken cancellationToken)
    {
        try
        {
            using Ingest ingest = await BeginIngestAsync(cancellationToken);
            // Looked up again: from here on nothing is swept away.
            CatalogEntry entry = _catalog.Find(image);
            using FolderFiles files = new() { Path = _paths.Images };
            using ImageStaging staging = new(_layout, _layers, ingest, entry.Reference?.Familiar ?? entry.ConfigDigest!, null);
            await staging.AddLayersAsync([OciArchive.FromStore(files, _catalog.Manifest(entry.ManifestDigest!), _catalog.Config(entry))], cancellationToken);
            SyncStore(ingest.Folder);
            using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_paths), cancellationToken);
            staging.MovePieces();
            AtomicFile.SyncFolder(_paths.Layers);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.DigestMismatch)
        {
            throw new ContainerException(
                ErrorCode.ImageCorrupt, $"The image '{image}' is damaged here, and cannot be unpacked; receive or import it again. {error.Message}", image, error);
        }
        catch (Exception error) when (StoreErrors.Knows(error))
        {
            throw StoreErrors.Translate(error, _paths, image);
        }
    }
}
