using System.Collections.Concurrent;
using System.Text.Json;
using ContainerTools.Runtime.Linux;
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

    /// <summary>
    /// Whether a layer is unpacked. It appears by rename, whole; where only its record or only its files are, or its record is damaged, it is none any more, and
    /// is unpacked again from its blob.
    /// </summary>
    public bool Exists(string chain) => File.Exists(Path.Combine(Folder(chain), RecordName)) && Record(chain) is not null && Directory.Exists(Diff(chain));

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

    /// <summary>What is known about a layer; null when it is not unpacked, or its record is damaged.</summary>
    public LayerRecord? Record(string chain)
    {
        if (_records.TryGetValue(chain, out LayerRecord? record)) return record;
        try
        {
            byte[] json = File.ReadAllBytes(Path.Combine(Folder(chain), RecordName));
            record = JsonSerializer.Deserialize(json, ImageJson.Default.LayerRecord);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }

        return record is null ? null : _records.GetOrAdd(chain, record);
    }

    /// <summary>Whether a blob has been seen to be this layer once it is decompressed.</summary>
    public bool IsKnown(string chain, string blob) => Record(chain)?.Blobs?.Contains(blob) == true;

    /// <summary>Remembers that a blob is this layer. Under the store's lock.</summary>
    public void Learn(string chain, string blob)
    {
        Forget(chain);
        if (Record(chain) is not { } record || record.Blobs?.Contains(blob) == true) return;
        record = record with { Blobs = [.. record.Blobs ?? [], blob] };
        AtomicFile.Write(Path.Combine(Folder(chain), RecordName), JsonSerializer.SerializeToUtf8Bytes(record, ImageJson.Plain.LayerRecord));
        Forget(chain);
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

    /// <summary>Forgets what was read of a layer that is being removed, or looked at for damage.</summary>
    public void Forget(string chain) => _records.TryRemove(chain, out _);

    /// <summary>Writes a layer's record into a folder that is not visible yet.</summary>
    public static void WriteRecord(string layerFolder, LayerRecord record)
        => File.WriteAllBytes(Path.Combine(layerFolder, RecordName), JsonSerializer.SerializeToUtf8Bytes(record, ImageJson.Plain.LayerRecord));

    /// <summary>
    /// Gives a layer that has lost nothing but its record that of a fresh copy: containers may be running on its files, and would lose them with the folder.
    /// </summary>
    /// <param name="chain">The layer.</param>
    /// <param name="copy">The folder of the copy.</param>
    /// <returns>Whether the files are the same, so that the copy is not needed.</returns>
    public bool TryRestoreRecord(string chain, string copy)
    {
        if (!Directory.Exists(Diff(chain)) || !LayerComparison.AreSame(Diff(chain), Path.Combine(copy, DiffName))) return false;
        AtomicFile.Write(Path.Combine(Folder(chain), RecordName), File.ReadAllBytes(Path.Combine(copy, RecordName)));
        Forget(chain);
        return true;
    }

    /// <summary>The folders to stack for an image, uppermost first: down to a layer that hides all below it.</summary>
    public IReadOnlyList<string> Stack(IReadOnlyList<string> chains)
    {
        List<string> folders = [];
        for (int i = chains.Count - 1; i >= 0; i--)
        {
            folders.Add(Diff(chains[i]));
            LayerRecord record = Record(chains[i]) ?? throw new ContainerException(
                ErrorCode.StateCorrupt, $"The layer {chains[i]} is not there any more, or damaged; try again, and see what Test-ContainerStorage says.", chains[i]);
            if (record.RootOpaque) break;
        }

        return folders;
    }
}
