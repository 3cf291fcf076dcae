using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>Export: images of the store as an archive or folder that other tools read.</summary>
internal sealed partial class ImageStore
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<ContainerImage>> ExportAsync(
        IReadOnlyList<string> images, ImageExportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(options);
        if (images.Count == 0) throw new ContainerException(ErrorCode.InvalidArgument, "No image is given to be exported.", options.Path);
        if (options.Format == ImageArchiveFormat.OciDirectory && options.Compression != ArchiveCompression.None)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, "A folder cannot be compressed; choose an archive.", options.Path);
        }

        if (options.AllPlatforms && options.Format == ImageArchiveFormat.DockerArchive)
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument, "A Docker archive holds one platform of an image; choose the format OciArchive or OciDirectory for all of them.", options.Path);
        }

        return Task.Run<IReadOnlyList<ContainerImage>>(() => Export(images, options, progress, cancellationToken), cancellationToken);
    }

    private List<ContainerImage> Export(
        IReadOnlyList<string> images, ImageExportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        string path = Path.GetFullPath(options.Path);
        try
        {
            // What is found stays until it is written.
            using IDisposable? kept = Directory.Exists(_paths.Images) ? Hold(cancellationToken) : null;
            List<ContainerImage> found = [];
            IReadOnlyList<CatalogEntry> entries = _catalog.Read();
            List<ExportedImage> exported = Collect(images, options, entries, found);
            long total = 0;
            long done = 0;
            ImageArchiveWriter writer = new(_layout, exported, Copied, cancellationToken);
            foreach (ImageDescriptor blob in writer.Blobs) total += blob.Size;
            if (options.Format == ImageArchiveFormat.OciDirectory) WriteFolder(writer, path);
            else NewFile.Write(path, options.Force, options.Compression, stream => writer.WriteTar(stream, options.Format == ImageArchiveFormat.DockerArchive));
            return found;

            void Copied(long bytes)
            {
                done += bytes;
                progress?.Report(new EngineProgress($"Exporting to {Path.GetFileName(path)}", null, done, total));
            }
        }
        catch (Exception error) when (StoreErrors.Knows(error))
        {
            throw ExportError(error, path);
        }
    }

    /// <summary>The images with the names to give them; one that is given twice is written once, with all the names.</summary>
    /// <param name="images">What the user calls them.</param>
    /// <param name="options">How they are to be written.</param>
    /// <param name="entries">The store's images.</param>
    /// <param name="found">Is filled with the images and the platforms of them that are written.</param>
    private List<ExportedImage> Collect(
        IReadOnlyList<string> images, ImageExportOptions options, IReadOnlyList<CatalogEntry> entries, List<ContainerImage> found)
    {
        ImagePlatformSelector platform = ImagePlatformSelector.Parse(options.Platform);
        List<ExportedImage> exported = [];
        foreach (string image in images)
        {
            CatalogEntry entry = ImageCatalog.Find(image, entries);
            ImageReference? name = IsCalled(entry, image) ? entry.Reference : null;
            ExportedImage described = Describe(entry, options, platform);
            ContainerImage written = _catalog.Image(entry);
            // What is told is what is in the file.
            if (described.Manifest is not null) written = written with { Platforms = [ImagePlatformSelector.Text(described.Top.Platform)] };
            if (!found.Exists(other => other.Digest == written.Digest && other.Reference == written.Reference)) found.Add(written);
            int known = exported.FindIndex(other => other.Top.Digest == described.Top.Digest);
            if (known < 0)
            {
                exported.Add(described with { Names = name is null ? [] : [name] });
            }
            else if (name is not null && !exported[known].Names.Contains(name))
            {
                exported[known] = exported[known] with { Names = [.. exported[known].Names, name] };
            }
        }

        return exported;
    }

    /// <summary>Of a multi-platform image that is here as a whole, the whole, where the format can hold it; else one platform.</summary>
    private ExportedImage Describe(CatalogEntry entry, ImageExportOptions options, ImagePlatformSelector platform)
    {
        string name = entry.Reference?.Familiar ?? entry.ManifestDigest!;
        // Docker's archive has no place for more than what this machine runs.
        if (options.Format == ImageArchiveFormat.DockerArchive && !platform.Explicit) return DescribeOne(entry.ManifestDigest!, name);
        ImagePieces pieces = ImagePieces.Make(_layout, _catalog, entry, platform, options.AllPlatforms);
        (byte[] content, string mediaType, string digest) = pieces.Manifests[^1];
        if (!pieces.IsIndex) return DescribeOne(digest, name);
        RefuseForeign(pieces.Blobs, name);
        return new ExportedImage(
            new ImageDescriptor { MediaType = mediaType, Digest = digest, Size = content.Length },
            [.. pieces.Blobs, .. pieces.Manifests.Select(document => new ImageDescriptor { MediaType = document.MediaType, Digest = document.Digest, Size = document.Content.Length })],
            []);
    }

    private ExportedImage DescribeOne(string digest, string name)
    {
        ImageManifest manifest = _catalog.Manifest(digest);
        byte[] bytes = _layout.TryReadDocument(digest)
            ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image store lacks the document {digest}; remove the image and import it again.", digest);
        ImageConfig config = _layout.ReadDocument(
            manifest.Config?.Digest ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image {digest} has no configuration.", digest), ImageJson.Default.ImageConfig);
        RefuseForeign(manifest.Layers, name);
        ImageDescriptor descriptor = new()
        {
            MediaType = manifest.MediaType ?? ImageMediaType.Manifest,
            Digest = digest,
            Size = bytes.Length,
            Platform = new ImagePlatform { Os = config.Os ?? "linux", Architecture = config.Architecture ?? "", Variant = config.Variant },
        };
        return new ExportedImage(descriptor, [descriptor, manifest.Config, .. manifest.Layers], []) { Manifest = manifest };
    }

    private static void RefuseForeign(IReadOnlyList<ImageDescriptor> blobs, string name)
    {
        if (!blobs.Any(blob => ImageMediaType.IsForeignLayer(blob.MediaType))) return;
        throw new ContainerException(ErrorCode.ImageUnsupported, $"The image '{name}' has a layer that may not be given away; it cannot be exported.", name);
    }

    /// <summary>Whether a word means an image by its name, and not by its id.</summary>
    private static bool IsCalled(CatalogEntry entry, string image)
        => entry.Reference is { } own && ImageReference.TryParse(image, out ImageReference? wanted)
            && wanted.Repository == own.Repository && (wanted.Tag ?? own.Tag) == own.Tag;

    /// <summary>A folder appears whole; one that is a layout already gets the images added.</summary>
    private static void WriteFolder(ImageArchiveWriter writer, string path)
    {
        if (File.Exists(path)) throw new ContainerException(ErrorCode.FileExists, $"{path} is a file; give the name of a folder.", path);
        if (Directory.Exists(path))
        {
            if (Directory.EnumerateFileSystemEntries(path).Any() && !File.Exists(Path.Combine(path, OciArchive.IndexName)))
            {
                throw new ContainerException(
                    ErrorCode.FileExists, $"{path} holds other files, and is no OCI image layout; give an empty folder, or one that does not exist.", path);
            }

            writer.WriteFolder(path);
            return;
        }

        string temporary = $"{path}.{Guid.NewGuid():n}.tmp";
        try
        {
            writer.WriteFolder(temporary);
            Directory.Move(temporary, path);
            Linux.AtomicFile.SyncFolder(Path.GetDirectoryName(path)!);
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }

    private static ContainerException ExportError(Exception error, string path)
    {
        if (error.HResult == Linux.Errno.ENOSPC || error.HResult == Linux.Errno.EDQUOT)
        {
            return new ContainerException(ErrorCode.StorageFull, $"There is no space left to write {path}; free some and try again.", path, error);
        }

        return error is UnauthorizedAccessException
            ? new ContainerException(ErrorCode.PermissionDenied, $"You may not write {path}.", path, error)
            : new ContainerException(ErrorCode.KernelError, $"{path} could not be written: {error.Message}", path, error);
    }
}
