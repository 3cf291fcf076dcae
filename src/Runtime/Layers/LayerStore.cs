using System.Collections.Concurrent;
using System.Text.Json;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Layers;

/// <summary>The unpacked layers: <c>layers/&lt;chain id&gt;/</c> with <c>layer.json</c> and the folder <c>diff</c>.</summary>
/// <param name="folder">The folder <c>layers</c>.</param>
internal sealed class LayerStore(string folder)
{
    /// <summary>The name of the folder with the files.</summary>
    public const string DiffName = "diff";

    /// <summary>The name of the record.</summary>
    public const string RecordName = "layer.json";

    /// <summary>A layer never changes once it is there.</summary>
    private readonly ConcurrentDictionary<string, LayerRecord> _records = new();

    /// <summary>The folder of a layer.</summary>
    /// <param name="chain">Its chain id, <c>sha256:…</c>.</param>
    public string Folder(string chain) => Path.Combine(folder, Images.ImageDigest.Hex(chain));

    /// <summary>The folder with a layer's files.</summary>
    public string Diff(string chain) => Path.Combine(Folder(chain), DiffName);

    /// <summary>Whether a layer is unpacked. It appears by rename, whole; where only its record or only its files are, somebody has deleted the rest.</summary>
    public bool Exists(string chain) => File.Exists(Path.Combine(Folder(chain), RecordName)) && Directory.Exists(Diff(chain));

    /// <summary>All chain ids.</summary>
    public IEnumerable<string> Chains()
    {
        if (!Directory.Exists(folder)) yield break;
        foreach (string path in Directory.EnumerateDirectories(folder))
        {
            string chain = Images.ImageDigest.Prefix + Path.GetFileName(path);
            if (Images.ImageDigest.IsValid(chain)) yield return chain;
        }
    }

    /// <summary>What is known about a layer; null when it is not unpacked.</summary>
    public LayerRecord? Record(string chain)
    {
        if (_records.TryGetValue(chain, out LayerRecord? record)) return record;
        try
        {
            byte[] json = File.ReadAllBytes(Path.Combine(Folder(chain), RecordName));
            record = JsonSerializer.Deserialize(json, ImageJson.Default.LayerRecord)
                ?? throw new ContainerException(ErrorCode.StateCorrupt, $"The record of the layer {chain} is empty; remove the image and import it again.", chain);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException error)
        {
            throw new ContainerException(
                ErrorCode.StateCorrupt, $"The record of the layer {chain} is damaged; remove the image and import it again.", chain, error);
        }

        return _records.GetOrAdd(chain, record);
    }

    /// <summary>The most layers that overlayfs stacks (OVL_MAX_STACK in fs/overlayfs).</summary>
    public const int MaximumDepth = 500;

    /// <summary>Refuses an image of more layers than can be stacked.</summary>
    public static void CheckDepth(int layers, string image)
    {
        if (layers > MaximumDepth)
        {
            throw new ContainerException(
                ErrorCode.ImageUnsupported,
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{image} has an image of {layers} layers; at most {MaximumDepth} can be stacked."),
                image);
        }
    }

    /// <summary>Forgets what was read of a layer that is being removed.</summary>
    public void Forget(string chain) => _records.TryRemove(chain, out _);

    /// <summary>Writes a layer's record into a folder that is not visible yet.</summary>
    public static void WriteRecord(string layerFolder, LayerRecord record)
        => File.WriteAllBytes(Path.Combine(layerFolder, RecordName), JsonSerializer.SerializeToUtf8Bytes(record, ImageJson.Plain.LayerRecord));

    /// <summary>The folders to stack for an image, uppermost first: down to a layer that hides all below it.</summary>
    public IReadOnlyList<string> Stack(IReadOnlyList<string> chains)
    {
        List<string> folders = [];
        for (int i = chains.Count - 1; i >= 0; i--)
        {
            folders.Add(Diff(chains[i]));
            if (Record(chains[i]) is { RootOpaque: true }) break;
        }

        return folders;
    }
}
