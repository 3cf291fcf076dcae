using System.Collections.Concurrent;
using System.Globalization;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>Reads the store's index and the documents behind it, and finds images by what people call them.</summary>
/// <remarks>Documents are named by their digest and never change: what was read once is kept.</remarks>
internal sealed class ImageCatalog(ImageLayout layout, LayerStore layers)
{
    private readonly ConcurrentDictionary<string, ImageManifest> _manifests = new();
    private readonly ConcurrentDictionary<string, ImageConfig> _configs = new();

    /// <summary>All lines of the index that are images.</summary>
    public IReadOnlyList<CatalogEntry> Read() => Read(layout.ReadIndex());

    /// <inheritdoc cref="Read()"/>
    public IReadOnlyList<CatalogEntry> Read(ImageIndex index)
    {
        List<CatalogEntry> entries = [];
        foreach (ImageDescriptor descriptor in index.Manifests)
        {
            if (descriptor is null || !ImageDigest.IsValid(descriptor.Digest)) continue;
            // Another tool may have put a multi-platform image into the layout.
            string? manifest = ImageMediaType.IsIndex(descriptor.MediaType) ? ChooseManifest(descriptor.Digest, ImagePlatformSelector.Host, any: true) : descriptor.Digest;
            if (manifest is null) continue;
            entries.Add(new CatalogEntry(this, manifest, ReferenceOf(descriptor), descriptor));
        }

        return entries;
    }

    /// <summary>Finds the one image that is meant.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageNotFound"/>, <see cref="ErrorCode.ImageIdAmbiguous"/>.</exception>
    public CatalogEntry Find(string image) => Find(image, Read());

    /// <inheritdoc cref="Find(string)"/>
    public static CatalogEntry Find(string image, IReadOnlyList<CatalogEntry> entries)
    {
        ImageReference.TryParse(image, out ImageReference? reference);
        if (reference is not null)
        {
            foreach (CatalogEntry entry in entries)
            {
                if (Matches(entry, reference)) return entry;
            }

            if (ImageReference.IsShort(image) && FindShort(image, entries) is { } elsewhere) return elsewhere;
        }

        string digits = image.StartsWith(ImageDigest.Prefix, StringComparison.OrdinalIgnoreCase) ? image[ImageDigest.Prefix.Length..] : image;
        digits = digits.ToLowerInvariant();
        if (ImageDigest.IsHex(digits) && digits.Length <= 64)
        {
            string prefix = ImageDigest.Prefix + digits;
            List<CatalogEntry> found = [.. entries.Where(entry => entry.ConfigDigest?.StartsWith(prefix, StringComparison.Ordinal) == true)];
            // A whole digest may also be that of a manifest.
            if (found.Count == 0 && digits.Length == 64) found = [.. entries.Where(entry => entry.ManifestDigest == prefix)];
            int distinct = found.DistinctBy(entry => entry.ConfigDigest).Count();
            if (distinct == 1) return found[0];
            if (distinct > 1)
            {
                throw new ContainerException(
                    ErrorCode.ImageIdAmbiguous, string.Create(CultureInfo.InvariantCulture, $"The id '{image}' fits {distinct} images; give more digits."), image);
            }
        }

        throw new ContainerException(
            ErrorCode.ImageNotFound, $"There is no image '{image}' on this machine.", image);
    }

    /// <summary>Whether an image was found by this as its name, and not by an id.</summary>
    public static bool IsNamed(CatalogEntry entry, string image)
        => (ImageReference.TryParse(image, out ImageReference? reference) && Matches(entry, reference)) || IsNamedShort(entry, image);

    private static bool IsNamedShort(CatalogEntry entry, string image)
        => ImageReference.IsShort(image) && entry.Reference is { } own && ImageReference.TryParse($"{own.Domain}/{image}", out ImageReference? reference) && Matches(entry, reference);

    /// <summary>A name without a registry also means the image of that name from another registry than Docker's, if there is only one.</summary>
    private static CatalogEntry? FindShort(string name, IReadOnlyList<CatalogEntry> entries)
    {
        List<CatalogEntry> found = [.. entries.Where(entry => IsNamedShort(entry, name))];
        if (found.DistinctBy(entry => entry.ConfigDigest).Count() > 1)
        {
            throw new ContainerException(
                ErrorCode.ImageNameAmbiguous, $"The name '{name}' fits {string.Join(" and ", found.Select(entry => entry.Reference!.Familiar))}; give the whole name.", name);
        }

        return found.FirstOrDefault();
    }

    /// <summary>
    /// An image that is not listed any more, but kept because a container still uses it: its id finds it. Null for anything else.
    /// </summary>
    public CatalogEntry? TryFindRetained(string image)
    {
        if (!ImageDigest.IsValid(image) || !File.Exists(layout.Blob(image))) return null;
        IReadOnlyList<CatalogEntry> entries = Read();
        if (entries.Any(entry => entry.ConfigDigest == image || entry.ManifestDigest == image)) return null;
        ImageConfig config = layout.ReadDocument(image, ImageJson.Default.ImageConfig);
        return config.Rootfs is { DiffIds.Count: > 0 } root && ImageDigest.Chains(root.DiffIds).All(layers.Exists)
            ? new CatalogEntry(this, null, null, null, image)
            : null;
    }

    /// <summary>Whether the index still has this line.</summary>
    public bool IsListed(CatalogEntry entry)
        => layout.ReadIndex().Manifests.Any(other => other.Digest == entry.Descriptor?.Digest && ReferenceOf(other) == entry.Reference);

    /// <summary>An image's manifest.</summary>
    public ImageManifest Manifest(string digest)
        => _manifests.GetOrAdd(digest, static (key, from) => from.ReadDocument(key, ImageJson.Default.ImageManifest), layout);

    /// <summary>An image's configuration.</summary>
    public ImageConfig Config(CatalogEntry entry)
    {
        // Reads the manifest again where it could not be read before, for the error that says why.
        string digest = entry.ConfigDigest ?? Manifest(entry.ManifestDigest!).Config?.Digest
            ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image {entry.ManifestDigest} has no configuration.", entry.ManifestDigest);
        return _configs.GetOrAdd(digest, static (key, from) => from.ReadDocument(key, ImageJson.Default.ImageConfig), layout);
    }

    /// <summary>What the pipeline sees of an image.</summary>
    public ContainerImage Image(CatalogEntry entry)
    {
        ImageConfig config = Config(entry);
        IReadOnlyList<string> diffIds = config.Rootfs?.DiffIds ?? [];
        long size = 0;
        foreach (string chain in ImageDigest.Chains(diffIds)) size += layers.Record(chain)?.Size ?? 0;
        return new ContainerImage
        {
            Id = entry.ConfigDigest!,
            Digest = entry.ManifestDigest ?? "",
            Reference = entry.Reference?.Familiar,
            Repository = entry.Reference?.FamiliarRepository,
            Tag = entry.Reference?.Tag,
            CreatedAt = ParseTime(config.Created),
            Size = size,
            OperatingSystem = config.Os ?? "linux",
            Architecture = config.Architecture ?? "",
            Variant = NullIfEmpty(config.Variant),
            Platforms = Platforms(entry) ?? [ImagePlatformSelector.Text(config.Os, NullIfEmpty(config.Architecture), config.Variant)],
            Author = NullIfEmpty(config.Author),
            Layers = diffIds,
            Labels = config.Config?.Labels ?? new Dictionary<string, string>(),
            Configuration = Defaults(config.Config),
        };
    }

    /// <summary>The platforms that the store has of a multi-platform image; null for any other.</summary>
    private string[]? Platforms(CatalogEntry entry)
    {
        if (entry.Descriptor is not { } line || !ImageMediaType.IsIndex(line.MediaType)) return null;
        List<ImageDescriptor> images = [];
        Collect(line.Digest, images, 0);
        string[] named = [.. images.Where(image => image.Platform is not null).Select(image => ImagePlatformSelector.Text(image.Platform)).Distinct()];
        return named.Length > 0 ? named : null;
    }

    /// <summary>The name in a line of the index.</summary>
    public static ImageReference? ReferenceOf(ImageDescriptor descriptor)
    {
        if (descriptor.Annotations is not { } annotations) return null;
        foreach (string key in (ReadOnlySpan<string>)[ImageLayout.FullName, ImageLayout.RefName])
        {
            if (annotations.TryGetValue(key, out string? name) && ImageReference.TryParse(name, out ImageReference? reference)) return reference;
        }

        return null;
    }

    private static bool Matches(CatalogEntry entry, ImageReference wanted)
    {
        if (entry.Reference is null || entry.Reference.Repository != wanted.Repository) return false;
        // A digest says all: of the manifest, or of the index by which the image was received.
        if (wanted.Digest is not null) return wanted.Digest == entry.ManifestDigest || wanted.Digest == entry.Reference.Digest;
        return entry.Reference.Tag == wanted.Tag;
    }

    /// <summary>The id of the image with this manifest; null when the manifest is missing or damaged.</summary>
    public string? ConfigDigest(string manifestDigest)
    {
        try
        {
            return Manifest(manifestDigest).Config?.Digest is { } digest && ImageDigest.IsValid(digest) ? digest : null;
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt)
        {
            return null;
        }
    }

    /// <summary>The manifest for a platform in an index, of those that the store has; null where there is none.</summary>
    /// <param name="index">The index.</param>
    /// <param name="platform">The platform.</param>
    /// <param name="any">Whether another will do where there is none for the platform.</param>
    public string? ChooseManifest(string index, ImagePlatformSelector platform, bool any)
    {
        List<ImageDescriptor> images = [];
        Collect(index, images, 0);
        return PlatformChoice.Choose(images, platform, any)?.Digest;
    }

    private void Collect(string digest, List<ImageDescriptor> images, int depth)
    {
        if (depth > 4 || layout.TryReadDocument(digest) is not { } json) return;
        ImageIndex index = ImageLayout.Parse(json, digest, ImageJson.Default.ImageIndex);
        foreach (ImageDescriptor descriptor in index.Manifests)
        {
            if (descriptor is null || !ImageDigest.IsValid(descriptor.Digest)) continue;
            if (!ImageMediaType.IsIndex(descriptor.MediaType))
            {
                if (PlatformChoice.IsImage(descriptor) && File.Exists(layout.Blob(descriptor.Digest))) images.Add(descriptor);
            }
            else if (!PlatformChoice.IsAttestation(descriptor))
            {
                Collect(descriptor.Digest, images, depth + 1);
            }
        }
    }

    /// <summary>A time as documents write it; null for none and for what is none.</summary>
    public static DateTimeOffset? ParseTime(string? text)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>What a configuration says about containers.</summary>
    public static ImageConfiguration Defaults(ImageConfigDefaults? config) => config is null ? new ImageConfiguration() : new ImageConfiguration
    {
        EntryPoint = config.Entrypoint ?? [],
        Command = config.Cmd ?? [],
        Environment = config.Env ?? [],
        User = config.User ?? "",
        WorkingDirectory = config.WorkingDir ?? "",
        StopSignal = NullIfEmpty(config.StopSignal),
        ExposedPorts = [.. config.ExposedPorts?.Keys ?? []],
        Volumes = [.. config.Volumes?.Keys ?? []],
    };
}
