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

        return Task.Run(() => Export(images, options, progress, cancellationToken), cancellationToken);
    }

    private IReadOnlyList<ContainerImage> Export(
        IReadOnlyList<string> images, ImageExportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        string path = Path.GetFullPath(options.Path);
        try
        {
            // What is found stays until it is written.
            using IDisposable? kept = Directory.Exists(_paths.Images) ? Hold(cancellationToken) : null;
            List<CatalogEntry> found = [];
            IReadOnlyList<CatalogEntry> entries = _catalog.Read();
            List<ExportedImage> exported = Collect(images, entries, found);
            long total = 0;
            long done = 0;
            ImageArchiveWriter writer = new(_layout, exported, Copied, cancellationToken);
            foreach (ImageDescriptor blob in writer.Blobs) total += blob.Size;
            if (options.Format == ImageArchiveFormat.OciDirectory) WriteFolder(writer, path);
            else NewFile.Write(path, options.Force, options.Compression, stream => writer.WriteTar(stream, options.Format == ImageArchiveFormat.DockerArchive));
            return [.. found.Select(_catalog.Image)];

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
    private List<ExportedImage> Collect(IReadOnlyList<string> images, IReadOnlyList<CatalogEntry> entries, List<CatalogEntry> found)
    {
        List<ExportedImage> exported = [];
        foreach (string image in images)
        {
            CatalogEntry entry = ImageCatalog.Find(image, entries);
            if (!found.Exists(other => other.ManifestDigest == entry.ManifestDigest && other.Reference == entry.Reference)) found.Add(entry);
            ImageReference? name = IsCalled(entry, image) ? entry.Reference : null;
            int known = exported.FindIndex(other => other.Manifest.Digest == entry.ManifestDigest);
            if (known < 0)
            {
                exported.Add(Describe(entry, name is null ? [] : [name]));
            }
            else if (name is not null && !exported[known].Names.Contains(name))
            {
                exported[known] = exported[known] with { Names = [.. exported[known].Names, name] };
            }
        }

        return exported;
    }

    private ExportedImage Describe(CatalogEntry entry, IReadOnlyList<ImageReference> names)
    {
        string digest = entry.ManifestDigest!;
        ImageManifest manifest = _catalog.Manifest(digest);
        ImageConfig config = _catalog.Config(entry);
        byte[] bytes = _layout.TryReadDocument(digest)
            ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image store lacks the document {digest}; remove the image and import it again.", digest);
        foreach (ImageDescriptor layer in manifest.Layers)
        {
            if (!ImageMediaType.IsForeignLayer(layer.MediaType)) continue;
            throw new ContainerException(
                ErrorCode.ImageUnsupported, $"The image '{entry.Reference?.Familiar ?? digest}' has a layer that may not be given away; it cannot be exported.", digest);
        }

        ImageDescriptor descriptor = new()
        {
            MediaType = manifest.MediaType ?? ImageMediaType.Manifest,
            Digest = digest,
            Size = bytes.Length,
            Platform = new ImagePlatform { Os = config.Os ?? "linux", Architecture = config.Architecture ?? "", Variant = config.Variant },
        };
        return new ExportedImage(descriptor, manifest.Config!.Digest, [manifest.Config, .. manifest.Layers], names);
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
