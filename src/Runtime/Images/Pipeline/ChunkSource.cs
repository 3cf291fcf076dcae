using System.Collections.Concurrent;
using ContainerTools.Runtime.Layers;

namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>Reads the chunks that an earlier stage puts into a queue.</summary>
/// <param name="queue">The queue; completed at the end of the bytes.</param>
/// <param name="cancellationToken">Set when another stage has failed.</param>
internal sealed class ChunkSource(BlockingCollection<Chunk> queue, CancellationToken cancellationToken) : BufferSource
{
    private Chunk? _current;

    /// <summary>Called after each chunk.</summary>
    public Action? Passed { get; init; }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Next()
    {
        _current?.Release();
        _current = null;
        Passed?.Invoke();
        if (!queue.TryTake(out _current, Timeout.Infinite, cancellationToken)) return default;
        return _current.Content;
    }
}
