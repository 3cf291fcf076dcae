using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>A <c>docker save</c> archive: manifest.json lists the images with the paths of configuration and layers.</summary>
internal static class DockerArchive
{
    /// <summary>The file that makes a tar one of these.</summary>
    public const string ManifestName = "manifest.json";

    /// <summary>Whether the archive has such a list; a root file system may have a file of that name, too.</summary>
    public static bool IsOne(ImageFiles files)
    {
        if (!files.TryFind(ManifestName, out ByteRange? range) || range.Length > ImageLayout.MaximumDocumentSize) return false;
        Span<byte> start = stackalloc byte[64];
        start = start[..range.Fill(0, start)].TrimStart(" \t\r\n"u8);
        return !start.IsEmpty && start[0] == '[';
    }

    /// <summary>The images, their documents read and checked.</summary>
    public static IEnumerable<ArchivedImage> Read(ImageFiles files, ImagePlatformSelector platform)
    {
        byte[] json = files.Find(ManifestName).ReadDocument();
        DockerArchiveImage[] images = ImageLayout.Parse(json, $"{files.Path}: {ManifestName}", ImageJson.Default.DockerArchiveImageArray);
        foreach (DockerArchiveImage image in images)
        {
            if (image?.Config is null) throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{files.Path} lists an image without a configuration.", files.Path);
            ArchivedImage archived = Read(files, image, image.Config);
            // There is no choice of platforms; but who asks for one does not want another.
            if (platform.Explicit && !platform.Matches(archived.Config.Os, archived.Config.Architecture, archived.Config.Variant))
            {
                throw new ContainerException(
                    ErrorCode.ImageUnsupported,
                    $"{files.Path} has no image for {platform}, only for {archived.Config.Os}/{archived.Config.Architecture}.", files.Path);
            }

            yield return archived;
        }
    }

    /// <summary>The names that the archive's manifest.json gives an image; none where there is no such file.</summary>
    /// <param name="files">The archive.</param>
    /// <param name="configDigest">The image's id.</param>
    public static IReadOnlyList<ImageReference> NamesOf(ImageFiles files, string configDigest)
    {
        if (!files.TryFind(ManifestName, out ByteRange? range)) return [];
        DockerArchiveImage[] images = ImageLayout.Parse(range.ReadDocument(), range.Display, ImageJson.Default.DockerArchiveImageArray);
        string hex = ImageDigest.Hex(configDigest);
        return [.. images.Where(image => image?.Config is { } config && config.Contains(hex, StringComparison.Ordinal)).SelectMany(Names)];
    }

    private static ArchivedImage Read(ImageFiles files, DockerArchiveImage image, string configPath)
    {
        byte[] configBytes = files.Find(configPath).ReadDocument();
        string digest = ImageDigest.Of(configBytes);
        // docker save names the configuration after its digest, which promises it; other tools write the kind of digest as well.
        string name = Path.GetFileNameWithoutExtension(configPath);
        if (name.StartsWith(ImageDigest.Prefix, StringComparison.Ordinal)) name = name[ImageDigest.Prefix.Length..];
        if (name.Length == 64 && ImageDigest.IsHex(name) && ImageDigest.Prefix + name != digest)
        {
            throw new ContainerException(
                ErrorCode.DigestMismatch, $"{files.Path}: {configPath} has the digest {digest}, not the one in its name; get the archive again.", files.Path);
        }

        ImageConfig config = ImageLayout.Parse(configBytes, $"{files.Path}: {configPath}", ImageJson.Default.ImageConfig);
        IReadOnlyList<string> diffIds = config.Rootfs?.DiffIds ?? [];
        IReadOnlyList<string> paths = image.Layers ?? [];
        if (diffIds.Count != paths.Count)
        {
            throw new ContainerException(
                ErrorCode.ArchiveCorrupt, $"{files.Path} has {paths.Count} layers for an image of {diffIds.Count}; get the archive again.", files.Path);
        }

        LayerStore.CheckDepth(paths.Count, files.Path);
        ArchivedLayer[] layers = new ArchivedLayer[paths.Count];
        for (int i = 0; i < layers.Length; i++) layers[i] = new ArchivedLayer(files.Find(paths[i]), null, diffIds[i], null);
        return new ArchivedImage { ConfigBytes = configBytes, Config = config, Layers = layers, Names = [.. Names(image)] };
    }

    private static IEnumerable<ImageReference> Names(DockerArchiveImage image)
    {
        foreach (string tag in image.RepoTags ?? [])
        {
            // <none>:<none> stands for no name.
            if (ImageReference.TryParse(tag, out ImageReference? reference)) yield return reference;
        }
    }
}
