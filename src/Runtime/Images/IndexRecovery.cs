using System.Text.Json;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>Makes a list of images where it was lost, of what the blobs say: names are nowhere else, but no image is lost.</summary>
internal sealed class IndexRecovery(ImageLayout layout)
{
    private readonly Dictionary<string, ImageDescriptor> _found = [];
    private readonly HashSet<string> _listed = [];

    /// <summary>Every manifest and index among the blobs that no other index lists.</summary>
    public ImageIndex Recover()
    {
        if (Directory.Exists(layout.Blobs))
        {
            foreach (string path in Directory.EnumerateFiles(layout.Blobs).Order(StringComparer.Ordinal)) Look(ImageDigest.Prefix + Path.GetFileName(path), path);
        }

        return new ImageIndex
        {
            MediaType = ImageMediaType.Index,
            Manifests = [.. _found.Where(document => !_listed.Contains(document.Key)).Select(document => document.Value)],
        };
    }

    private void Look(string digest, string path)
    {
        FileInfo file = new(path);
        if (!ImageDigest.IsValid(digest) || !file.Exists || file.Length is 0 or > ImageLayout.MaximumDocumentSize || !BeginsAsDocument(path)) return;
        if (layout.TryReadDocument(digest) is not { } json || ImageDigest.Of(json) != digest) return;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return;
            if (document.RootElement.TryGetProperty("manifests", out JsonElement manifests) && manifests.ValueKind == JsonValueKind.Array) AddIndex(digest, json);
            else if (document.RootElement.TryGetProperty("layers", out JsonElement layers) && layers.ValueKind == JsonValueKind.Array) AddManifest(digest, json);
        }
        catch (JsonException)
        {
            // A layer may begin like a document.
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt)
        {
            // JSON, but of something else.
        }
    }

    private void AddIndex(string digest, byte[] json)
    {
        ImageIndex index = ImageLayout.Parse(json, digest, ImageJson.Default.ImageIndex);
        foreach (ImageDescriptor inner in index.Manifests.Where(inner => inner is not null)) _listed.Add(inner.Digest);
        _found[digest] = new ImageDescriptor { MediaType = index.MediaType ?? ImageMediaType.Index, Digest = digest, Size = json.Length };
    }

    private void AddManifest(string digest, byte[] json)
    {
        ImageManifest manifest = ImageLayout.Parse(json, digest, ImageJson.Default.ImageManifest);
        if (manifest.Config is not { } config || !ImageMediaType.IsConfig(config.MediaType) || !ImageDigest.IsValid(config.Digest)) return;
        _found[digest] = new ImageDescriptor { MediaType = manifest.MediaType ?? ImageMediaType.Manifest, Digest = digest, Size = json.Length };
    }

    private static bool BeginsAsDocument(string path)
    {
        using FileStream file = File.OpenRead(path);
        int first;
        do first = file.ReadByte();
        while (first is ' ' or '\t' or '\r' or '\n');
        return first == '{';
    }
}
