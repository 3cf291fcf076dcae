using System.Text.Json;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// Compresses layers that the store has uncompressed, for a registry. The result is not kept, but what it was is, in <c>images/compressed.json</c>: a
/// registry that has it need not get it again, and nobody has to compress it to find that out.
/// </summary>
/// <param name="paths">The engine's folders.</param>
/// <param name="compression">gzip or zstd.</param>
internal sealed class LayerCompressor(EnginePaths paths, ArchiveCompression compression) : IDisposable
{
    private readonly ImageLayout _layout = new(paths.Images);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<CompressedLayer> _new = [];
    private IReadOnlyList<CompressedLayer>? _known;
    private Ingest? _ingest;

    private string File => Path.Combine(paths.Images, "compressed.json");

    /// <summary>Whether a blob is an uncompressed layer, and one that everybody may have.</summary>
    public static bool IsUncompressed(string mediaType) => mediaType is ImageMediaType.Layer or ImageMediaType.DockerLayer;

    /// <summary>What a layer became the last time; null where that is not known.</summary>
    public ImageDescriptor? Known(ImageDescriptor layer)
    {
        IReadOnlyList<CompressedLayer> known = _known ??= Read();
        return known.FirstOrDefault(one => one.Layer == layer.Digest && one.Compression == compression && ImageDigest.IsValid(one.Digest)) is { } found ? Described(layer, found) : null;
    }

    /// <summary>Compresses a layer, one at a time: each takes all processors.</summary>
    /// <returns>What it became, and the file; <see cref="Dispose"/> removes it, if nobody has.</returns>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageCorrupt"/>, <see cref="ErrorCode.StorageFull"/>.</exception>
    public async Task<(ImageDescriptor Blob, string File)> CompressAsync(ImageDescriptor layer, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _ingest ??= Begin(cancellationToken);
            string path = _ingest.NewPath("compressed");
            string input, output;
            long size;
            using (SafeFileHandle source = System.IO.File.OpenHandle(_layout.Blob(layer.Digest)))
            using (SafeFileHandle target = Libc.Open(path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0x180))
            using (FileOutput stream = new(target, path))
            {
                ParallelCompression work = new(compression == ArchiveCompression.Gzip ? Compression.Gzip : Compression.Zstd);
                (input, output, size) = await work.RunAsync(source, stream, cancellationToken);
            }

            // A registry would have seen that; of the compressed one, nobody but who unpacks it can.
            if (input != layer.Digest)
            {
                throw new ContainerException(ErrorCode.ImageCorrupt, $"The blob {layer.Digest} in the store has the digest {input}; remove the image and bring it here again.", layer.Digest);
            }

            CompressedLayer result = new(layer.Digest, compression, output, size);
            _new.Add(result);
            return (Described(layer, result), path);
        }
        catch (KernelException error) when (error.Code == ErrorCode.StorageFull)
        {
            throw new ContainerException(
                ErrorCode.StorageFull, $"There is no space left in {paths.Root} to compress the layer {layer.Digest}; free some, or publish it as it is with -Compression None.", layer.Digest, error);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Keeps what layers became, and forgets that of layers which the store has no more.</summary>
    public void Remember(CancellationToken cancellationToken)
    {
        if (_new.Count == 0) return;
        using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(paths), cancellationToken);
        IEnumerable<CompressedLayer> kept = Read().Where(old =>
            !_new.Exists(one => one.Layer == old.Layer && one.Compression == old.Compression)
            && ImageDigest.IsValid(old.Layer) && System.IO.File.Exists(_layout.Blob(old.Layer)));
        AtomicFile.Write(File, JsonSerializer.SerializeToUtf8Bytes([.. kept, .. _new], RegistryJson.Default.CompressedLayerArray));
        _new.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ingest?.Dispose();
        _turn.Dispose();
    }

    private Ingest Begin(CancellationToken cancellationToken)
    {
        using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(paths), cancellationToken);
        return Ingest.Begin(paths, held, hold: false, cancellationToken);
    }

    private CompressedLayer[] Read()
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), RegistryJson.Default.CompressedLayerArray) ?? [];
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            // Nothing but time is lost with it.
            return [];
        }
    }

    private ImageDescriptor Described(ImageDescriptor layer, CompressedLayer result) => layer with
    {
        MediaType = ImageMediaType.Compressed(layer.MediaType, compression == ArchiveCompression.Gzip ? "gzip" : "zstd"),
        Digest = result.Digest,
        Size = result.Size,
    };
}
