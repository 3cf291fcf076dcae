namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>
/// What all layers that are taken in at the same time have to share: the buffers between their stages, and the windows of their
/// decompressors. However many layers there are, and on however many processors, it is 10 MiB of the one and at most 32 MiB of the other. Then there
/// are small objects, some for every file: they are collected every 4 MiB.
/// </summary>
internal sealed class LayerMemory : IDisposable
{
    /// <summary>The bytes of a buffer: large enough that a stage is not woken up for nothing.</summary>
    public const int ChunkSize = 128 * 1024;

    private const int EncodedChunks = 32;
    private const int DecodedChunks = 48;
    private const long Garbage = 4 * 1024 * 1024;

    private long _collected = GC.GetTotalAllocatedBytes();

    /// <summary>
    /// Buffers with the bytes of blobs. They are apart from the decoded ones: a decompressor needs one of those to get rid of one of these,
    /// so that neither kind may use up the other.
    /// </summary>
    public ChunkPool Encoded { get; } = new(EncodedChunks, ChunkSize);

    /// <summary>Buffers with the bytes of tar archives.</summary>
    public ChunkPool Decoded { get; } = new(DecodedChunks, ChunkSize);

    /// <summary>The decompressors of zstd.</summary>
    public ZstdDecoders Zstd { get; } = new();

    /// <summary>
    /// Collects what has become garbage, if that may be much; to be called often. Left to itself, the runtime lets it grow to the size of the processor's
    /// cache before it looks: on a large machine that is more than all else together. Objects so young are collected in less than a millisecond.
    /// </summary>
    public void LimitGarbage()
    {
        long before = Interlocked.Read(ref _collected);
        long now = GC.GetTotalAllocatedBytes();
        if (now - before < Garbage || Interlocked.CompareExchange(ref _collected, now, before) != before) return;
        GC.Collect(0, GCCollectionMode.Forced, blocking: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Encoded.Dispose();
        Decoded.Dispose();
        Zstd.Dispose();
    }
}
