using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Images.Pipeline;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images;

/// <summary>
/// The pieces of images on their way into the store. What the store has already is not read again; the rest is staged in the
/// ingest folder, several layers at a time.
/// </summary>
internal sealed class ImageStaging(ImageLayout layout, LayerStore layers, Ingest ingest, string name, IProgress<EngineProgress>? progress) : IDisposable
{
    private readonly LayerMemory _memory = new();
    private readonly ConcurrentDictionary<string, string> _blobs = new();
    private readonly ConcurrentDictionary<string, (string Folder, LayerContents Contents)> _unpacked = new();
    private readonly ConcurrentDictionary<(string Chain, string Blob), bool> _verified = new();
    private readonly List<StoredRange> _opened = [];
    private readonly string _activity = $"Importing {name}";
    private long _done;
    private long _total;

    /// <summary>The most bytes that a layer may have once it is decompressed, given its compressed size; null for no limit.</summary>
    public Func<long, long>? MaximumLayerSize { get; init; }

    /// <summary>Takes away blobs of the store that turn out to be damaged while good ones come; null where the store itself is the source.</summary>
    public BlobCheck? Check { get; init; }

    /// <summary>The images that are ready.</summary>
    public List<StagedImage> Images { get; } = [];

    /// <summary>Takes in the images of an archive or a registry, and what comes with them when all of an index is wanted.</summary>
    public async Task AddAsync(IReadOnlyList<ArchivedImage> images, CancellationToken cancellationToken)
    {
        List<ArchivedImage> all = [.. images, .. images.SelectMany(image => image.Index?.Others ?? [])];
        List<LayerWork> work = await AddLayersAsync(all, cancellationToken);
        foreach (ArchivedImage image in all) Finish(image, work);
    }

    /// <summary>Takes in the indexes that lead to an image, which is listed by the outermost.</summary>
    private ImageDescriptor StageIndex(ArchivedIndex index)
    {
        foreach (byte[] document in index.Documents) Stage(document);
        return new ImageDescriptor
        {
            MediaType = index.MediaType,
            Digest = ImageDigest.Of(index.Documents[0]),
            Size = index.Documents[0].Length,
            Annotations = new Dictionary<string, string> { [ImageLayout.Whole] = "true" },
        };
    }

    /// <summary>Takes in the layers alone.</summary>
    public async Task<List<LayerWork>> AddLayersAsync(IReadOnlyList<ArchivedImage> images, CancellationToken cancellationToken)
    {
        List<LayerWork> work = Plan(images, cancellationToken);
        _total = work.Sum(item => item.Job.Source.Length);
        Report(0);
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 1, 4), CancellationToken = cancellationToken };
        // The largest first: a large one at the end would run alone.
        await Parallel.ForEachAsync(work.OrderByDescending(item => item.Job.Source.Length), parallel, async (item, token) => await RunAsync(item, token));
        foreach (ArchivedImage image in images.Where(image => image.Unpack)) FinishLayers(image.Config.Rootfs?.DiffIds ?? []);
        return work;
    }

    /// <summary>Takes in a root file system as an image of one layer.</summary>
    public async Task AddRootFileSystemAsync(
        ByteRange tar, ImageImportOptions options, ImageReference? reference, ImagePlatformSelector platform, CancellationToken cancellationToken)
    {
        string folder = NewLayerFolder();
        string blob = ingest.NewPath("blob");
        _total = tar.Length;
        LayerResult result = await LayerPipeline.RunAsync(
            new LayerJob
            {
                Source = tar,
                Subject = tar.Display,
                BlobPath = blob,
                Folder = Path.Combine(folder, LayerStore.DiffName),
                MaximumSize = MaximumLayerSize?.Invoke(tar.Length),
                Progress = Report,
            },
            _memory, cancellationToken);
        _blobs[result.BlobDigest] = blob;
        _unpacked[result.DiffId] = (folder, result.Contents!);
        _verified[(result.DiffId, result.BlobDigest)] = true;
        FinishLayers([result.DiffId]);
        string now = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        ImageConfig config = new()
        {
            Created = now,
            Architecture = platform.Architecture,
            Os = platform.Os,
            Variant = platform.Variant,
            Config = Defaults(options.Configuration),
            Rootfs = new ImageRootFileSystem { DiffIds = [result.DiffId] },
            History = [new ImageHistory { Created = now, CreatedBy = $"import {name}", Comment = options.Message }],
        };
        ArchivedImage image = new()
        {
            ConfigBytes = JsonSerializer.SerializeToUtf8Bytes(config, ImageJson.Plain.ImageConfig),
            Config = config,
            Layers = [],
            Names = reference is null ? [] : [reference],
        };
        FinishImage(image, [new ImageDescriptor
        {
            MediaType = CompressionFormat.LayerMediaType(result.Compression), Digest = result.BlobDigest, Size = result.Size,
        }]);
    }

    /// <summary>Takes in an image of the layers of another and one more.</summary>
    /// <param name="below">The manifest of the image below.</param>
    /// <param name="config">The new configuration, still with the layers of the image below.</param>
    /// <param name="blob">The new layer, uncompressed, in the ingest folder; null for none.</param>
    /// <param name="reference">The new image's name, or null.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task AddCommitAsync(ImageManifest below, ImageConfig config, string? blob, ImageReference? reference, CancellationToken cancellationToken)
    {
        List<ImageDescriptor> descriptors = [.. below.Layers.Select(layer => layer with { MediaType = ImageMediaType.OfOci(layer.MediaType) })];
        IReadOnlyList<string> diffIds = config.Rootfs?.DiffIds ?? [];
        if (blob is not null)
        {
            LayerResult result = await TakeInAsync(blob, diffIds, cancellationToken);
            diffIds = [.. diffIds, result.DiffId];
            descriptors.Add(new ImageDescriptor { MediaType = ImageMediaType.Layer, Digest = result.BlobDigest, Size = result.Size });
        }

        FinishLayers(diffIds);
        List<ImageHistory> history = [.. config.History ?? []];
        if (blob is null && history.Count > 0) history[^1] = history[^1] with { EmptyLayer = true };
        // Lines and layers are told to each other by their order: where the image below has too few lines, the new one would be that of another layer.
        int untold = below.Layers.Count - history.SkipLast(1).Count(static line => line.EmptyLayer != true);
        if (untold > 0 && history.Count > 0) history.InsertRange(history.Count - 1, Enumerable.Repeat(new ImageHistory(), untold));
        config = config with { Rootfs = (config.Rootfs ?? new ImageRootFileSystem()) with { DiffIds = diffIds }, History = history };
        ArchivedImage image = new()
        {
            ConfigBytes = JsonSerializer.SerializeToUtf8Bytes(config, ImageJson.Plain.ImageConfig),
            Config = config,
            Layers = [],
            Names = reference is null ? [] : [reference],
        };
        FinishImage(image, descriptors);
    }

    private async Task<LayerResult> TakeInAsync(string blob, IReadOnlyList<string> below, CancellationToken cancellationToken)
    {
        using SafeFileHandle file = File.OpenHandle(blob);
        ByteRange tar = new(file, 0, RandomAccess.GetLength(file), name);
        _total = tar.Length;
        string folder = NewLayerFolder();
        LayerResult result = await LayerPipeline.RunAsync(
            new LayerJob { Source = tar, Subject = $"The layer of {name}", Folder = Path.Combine(folder, LayerStore.DiffName), Progress = Report },
            _memory, cancellationToken);
        _blobs[result.BlobDigest] = blob;
        _unpacked[ImageDigest.Chains([.. below, result.DiffId])[^1]] = (folder, result.Contents!);
        return result;
    }

    /// <summary>Moves the staged pieces into the store. Under the store's lock.</summary>
    public void MovePieces()
    {
        foreach ((string digest, string path) in _blobs)
        {
            if (!File.Exists(layout.Blob(digest))) File.Move(path, layout.Blob(digest));
        }

        foreach ((string chain, (string folder, _)) in _unpacked)
        {
            // Another import may have been faster; then this copy goes with the ingest folder.
            if (layers.Exists(chain)) continue;
            if (layers.TryRestoreRecord(chain, folder)) continue;
            // Without its record it is no layer: somebody has deleted parts of it.
            if (Directory.Exists(layers.Folder(chain))) Directory.Move(layers.Folder(chain), ingest.NewPath("damaged"));
            Directory.Move(folder, layers.Folder(chain));
        }

        foreach ((string chain, string blob) in _verified.Keys) layers.Learn(chain, blob);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (StoredRange blob in _opened) blob.Close();
        _memory.Dispose();
    }

    private List<LayerWork> Plan(IReadOnlyList<ArchivedImage> images, CancellationToken cancellationToken)
    {
        List<LayerWork> work = [];
        HashSet<string> chainsPlanned = [];
        HashSet<string> blobsPlanned = [];
        HashSet<(string, string)> pairsPlanned = [];
        foreach (ArchivedImage image in images)
        {
            string? chain = null;
            foreach (ArchivedLayer layer in image.Layers)
            {
                chain = ImageDigest.Chain(chain, layer.DiffId);
                bool unpack = image.Unpack && !layers.Exists(chain) && chainsPlanned.Add(chain);
                // Without a promise, the blob is known only where it is not compressed: then it is the layer itself.
                string blobKey = layer.BlobDigest ?? layer.DiffId;
                bool copy = !HasBlob(blobKey, layer.Source, unpack, cancellationToken) && blobsPlanned.Add(blobKey);
                bool planned = !pairsPlanned.Add((blobKey, chain));
                if (!unpack && !copy && (planned || IsProven(image, layer, chain))) continue;
                // Where the store has both, perhaps of different images, that the one is the other is only claimed, and whoever claims it may want to see what he cannot.
                ByteRange? source = layer.Source ?? (unpack || copy ? null : Stored(blobKey));
                if (source is null)
                {
                    throw new ContainerException(
                        ErrorCode.ArchiveCorrupt, $"{name} is incomplete: it lacks the layer {layer.BlobDigest ?? layer.DiffId}.", layer.BlobDigest ?? layer.DiffId);
                }

                string folder = unpack ? NewLayerFolder() : "";
                work.Add(new LayerWork(blobKey, chain, folder, new LayerJob
                {
                    Source = source,
                    Subject = $"The layer {ShortDigest(layer.BlobDigest ?? layer.DiffId)} of {name}",
                    BlobDigest = layer.BlobDigest,
                    DiffId = layer.DiffId.Length == 0 ? null : layer.DiffId,
                    BlobPath = copy && !source.IsFile ? ingest.NewPath("blob") : null,
                    MaximumSize = MaximumLayerSize?.Invoke(source.Length),
                    Folder = unpack ? Path.Combine(folder, LayerStore.DiffName) : null,
                    Progress = Report,
                }));
            }
        }

        return work;
    }

    /// <summary>
    /// Whether the store has a blob. Where all of it is read anyway, or its size tells that something is wrong, it is looked at, and is not there any
    /// more if it is damaged: what comes now takes its place.
    /// </summary>
    private bool HasBlob(string digest, ByteRange? source, bool unpack, CancellationToken cancellationToken)
    {
        FileInfo blob = new(layout.Blob(digest));
        if (!blob.Exists) return false;
        // Its own copy is verified when it is unpacked.
        if (Check is null || source is null or StoredRange || (!unpack && blob.Length == source.Length)) return true;
        return !Check.RemoveDamaged(digest, cancellationToken);
    }

    /// <summary>Whether it is known that the blob is the layer: it is it, uncompressed; it came with it before; or nobody asks for the layer.</summary>
    private bool IsProven(ArchivedImage image, ArchivedLayer layer, string chain)
        => !image.Unpack || layer.BlobDigest is not { } blob || blob == layer.DiffId || (layers.Exists(chain) && layers.IsKnown(chain, blob));

    private StoredRange Stored(string digest)
    {
        StoredRange range = StoredRange.Open(layout.Blob(digest), $"The blob {ShortDigest(digest)} of {name}");
        _opened.Add(range);
        return range;
    }

    private async Task RunAsync(LayerWork item, CancellationToken cancellationToken)
    {
        LayerResult result = await LayerPipeline.RunAsync(item.Job, _memory, cancellationToken);
        item.Result = result;
        if (item.Job.BlobPath is not null && !_blobs.TryAdd(result.BlobDigest, item.Job.BlobPath)) File.Delete(item.Job.BlobPath);
        if (item.Job.Source is { IsFile: true, FilePath: { } file }) _blobs.TryAdd(result.BlobDigest, file);
        if (item.Job.Folder is not null) _unpacked[item.Chain] = (item.Folder, result.Contents!);
        // What is not unpacked, such as an attestation, need not be a layer of any chain.
        if (item.Chain.Length > 0) _verified.TryAdd((item.Chain, result.BlobDigest), true);
    }

    /// <summary>Writes the records of the layers just unpacked, base first, because a layer takes over from those below it.</summary>
    private void FinishLayers(IReadOnlyList<string> diffIds)
    {
        IReadOnlyList<string> chains = ImageDigest.Chains(diffIds);
        for (int i = 0; i < chains.Count; i++)
        {
            if (!_unpacked.TryGetValue(chains[i], out (string Folder, LayerContents Contents) layer)) continue;
            if (File.Exists(Path.Combine(layer.Folder, LayerStore.RecordName))) continue; // done with another image
            _memory.LimitGarbage();
            List<string> below = [];
            for (int lower = i - 1; lower >= 0; lower--) below.Add(DiffFolder(chains[lower]));
            LayerInheritance.Apply(Path.Combine(layer.Folder, LayerStore.DiffName), layer.Contents, below);
            LayerWhiteouts.RemoveUseless(Path.Combine(layer.Folder, LayerStore.DiffName), layer.Contents, below);
            LayerStore.WriteRecord(layer.Folder, new LayerRecord
            {
                DiffId = diffIds[i],
                Parent = i == 0 ? null : chains[i - 1],
                Size = layer.Contents.Size,
                Entries = layer.Contents.Entries,
                RootOpaque = layer.Contents.RootOpaque,
                Blobs = [.. _verified.Keys.Where(pair => pair.Chain == chains[i]).Select(pair => pair.Blob)],
            });
        }
    }

    private string DiffFolder(string chain)
        => _unpacked.TryGetValue(chain, out (string Folder, LayerContents) staged) ? Path.Combine(staged.Folder, LayerStore.DiffName) : layers.Diff(chain);

    private void Finish(ArchivedImage image, List<LayerWork> work)
    {
        List<ImageDescriptor> descriptors = [];
        if (image.ManifestBytes is null)
        {
            foreach (ArchivedLayer layer in image.Layers)
            {
                string key = layer.BlobDigest ?? layer.DiffId;
                LayerResult? result = work.Find(item => item.BlobKey == key && item.Job.BlobPath is not null)?.Result;
                // Not staged: the store has the uncompressed layer under its own digest.
                descriptors.Add(result is not null
                    ? new ImageDescriptor { MediaType = CompressionFormat.LayerMediaType(result.Compression), Digest = result.BlobDigest, Size = result.Size }
                    : new ImageDescriptor { MediaType = ImageMediaType.Layer, Digest = key, Size = new FileInfo(layout.Blob(key)).Length });
            }
        }
        FinishImage(image, descriptors);
    }

    private void FinishImage(ArchivedImage image, IReadOnlyList<ImageDescriptor> descriptors)
    {
        string configDigest = Stage(image.ConfigBytes);
        byte[] manifestBytes = image.ManifestBytes ?? JsonSerializer.SerializeToUtf8Bytes(
            new ImageManifest
            {
                MediaType = ImageMediaType.Manifest,
                Config = new ImageDescriptor { MediaType = image.ConfigMediaType, Digest = configDigest, Size = image.ConfigBytes.Length },
                Layers = descriptors,
            },
            ImageJson.Plain.ImageManifest);
        string manifestDigest = Stage(manifestBytes);
        if (!image.Unpack) return;
        ImagePlatform platform = new() { Os = image.Config.Os ?? "linux", Architecture = image.Config.Architecture ?? "", Variant = image.Config.Variant };
        Images.Add(new StagedImage(configDigest, manifestDigest, manifestBytes.Length, image.ManifestMediaType, platform, image.Names)
        {
            Index = image.Index is { } index ? StageIndex(index) : null,
        });
    }

    private string Stage(byte[] document)
    {
        string digest = ImageDigest.Of(document);
        if (_blobs.ContainsKey(digest)) return digest;
        if (File.Exists(layout.Blob(digest)) && Check?.RemoveDamaged(digest, CancellationToken.None) != true) return digest;
        string path = ingest.NewPath("blob");
        File.WriteAllBytes(path, document);
        _blobs[digest] = path;
        return digest;
    }

    private string NewLayerFolder()
    {
        string folder = ingest.NewPath("layer");
        // The root of a layer whose archive does not say how it is to be.
        NewFolder.Make(Path.Combine(folder, LayerStore.DiffName), NewFolder.Public);
        return folder;
    }

    private void Report(long bytes)
    {
        long done = Interlocked.Add(ref _done, bytes);
        progress?.Report(new EngineProgress(_activity, null, done, _total));
    }

    private static string ShortDigest(string digest) => digest.Length > 19 ? digest[..19] : digest;

    private static ImageConfigDefaults? Defaults(ImageConfiguration? configuration)
    {
        if (configuration is null) return null;
        JsonElement empty = JsonDocument.Parse("{}").RootElement;
        return new ImageConfigDefaults
        {
            User = NullIfEmpty(configuration.User),
            Env = NullIfEmpty(configuration.Environment),
            Entrypoint = NullIfEmpty(configuration.EntryPoint),
            Cmd = NullIfEmpty(configuration.Command),
            WorkingDir = NullIfEmpty(configuration.WorkingDirectory),
            StopSignal = configuration.StopSignal,
            ExposedPorts = configuration.ExposedPorts.Count == 0 ? null : configuration.ExposedPorts.Distinct().ToDictionary(port => port, _ => empty),
            Volumes = configuration.Volumes.Count == 0 ? null : configuration.Volumes.Distinct().ToDictionary(path => path, _ => empty),
        };
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static IReadOnlyList<string>? NullIfEmpty(IReadOnlyList<string> list) => list.Count == 0 ? null : list;

    /// <summary>A layer being taken in.</summary>
    internal sealed record LayerWork(string BlobKey, string Chain, string Folder, LayerJob Job)
    {
        /// <summary>Set when it is done.</summary>
        public LayerResult? Result { get; set; }
    }
}
