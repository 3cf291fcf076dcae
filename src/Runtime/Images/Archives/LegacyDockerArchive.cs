using System.Text.Json;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>
/// A <c>docker save</c> archive from before Docker 1.10 (image specification v1): <c>repositories</c> maps names to layers, and
/// each layer's <c>json</c> names the layer below. There are no digests in it; they are computed.
/// </summary>
internal static class LegacyDockerArchive
{
    /// <summary>The file that makes a tar one of these, where there is no manifest.json.</summary>
    public const string RepositoriesName = "repositories";

    /// <summary>Whether the archive is one, and lists at least one name whose layer it has.</summary>
    public static bool IsOne(ImageFiles files)
    {
        if (!files.TryFind(RepositoriesName, out ByteRange? range) || range.Length > ImageLayout.MaximumDocumentSize) return false;
        try
        {
            return Names(files, range).Any(name => files.TryFind($"{name.Id}/json", out _));
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ImageCorrupt)
        {
            // A file of a root file system that happens to have this name.
            return false;
        }
    }

    /// <summary>The images. Their layers are hashed here, because nothing in the archive says what they are.</summary>
    public static IEnumerable<ArchivedImage> Read(ImageFiles files)
    {
        foreach (IGrouping<string, (string Id, ImageReference? Name)> image in Names(files, files.Find(RepositoriesName)).GroupBy(name => name.Id))
        {
            yield return Read(files, image.Key) with { Names = [.. image.Select(name => name.Name).OfType<ImageReference>()] };
        }
    }

    private static ArchivedImage Read(ImageFiles files, string id)
    {
        List<ArchivedLayer> layers = [];
        List<ImageHistory> history = [];
        ImageConfig? top = null;
        HashSet<string> seen = [];
        for (string? layer = id; layer is not null;)
        {
            if (!seen.Add(layer)) throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{files.Path} has layers that lie on themselves.", files.Path);
            LayerStore.CheckDepth(seen.Count, files.Path);
            ByteRange description = files.Find($"{layer}/json");
            ImageConfig config = ImageLayout.Parse(description.ReadDocument(), description.Display, ImageJson.Default.ImageConfig);
            top ??= config;
            ByteRange tar = files.Find($"{layer}/layer.tar");
            layers.Add(new ArchivedLayer(tar, null, LayerDigest.OfUncompressed(tar), null));
            history.Add(new ImageHistory { Created = config.Created, Author = config.Author });
            layer = config.Unknown?.TryGetValue("parent", out JsonElement parent) == true && parent.ValueKind == JsonValueKind.String ? parent.GetString() : null;
            if (layer is { Length: 0 }) layer = null;
        }

        layers.Reverse();
        history.Reverse();
        ImageConfig whole = top! with
        {
            // The fields of version 1 that lost their meaning.
            Unknown = null,
            Os = top.Os ?? "linux",
            Architecture = top.Architecture ?? "amd64",
            Rootfs = new ImageRootFileSystem { DiffIds = [.. layers.Select(layer => layer.DiffId)] },
            History = history,
        };
        return new ArchivedImage { ConfigBytes = JsonSerializer.SerializeToUtf8Bytes(whole, ImageJson.Plain.ImageConfig), Config = whole, Layers = layers };
    }

    private static List<(string Id, ImageReference? Name)> Names(ImageFiles files, ByteRange range)
    {
        Dictionary<string, Dictionary<string, string>> repositories = ImageLayout.Parse(
            range.ReadDocument(), range.Display, ImageJson.Default.DictionaryStringDictionaryStringString);
        List<(string, ImageReference?)> names = [];
        foreach ((string repository, Dictionary<string, string>? tags) in repositories)
        {
            foreach ((string tag, string? id) in tags ?? [])
            {
                if (id is null || !ImageDigest.IsHex(id)) throw new ContainerException(ErrorCode.ImageCorrupt, $"{range.Display} has '{id}' for an id.", files.Path);
                names.Add((id, ImageReference.TryParse($"{repository}:{tag}", out ImageReference? reference) ? reference : null));
            }
        }

        return names;
    }
}
