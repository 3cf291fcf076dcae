using System.Collections.Concurrent;

namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>A fixed number of buffers: what bounds the memory of an import, and keeps a fast stage from running away from a slow one.</summary>
internal sealed class ChunkPool : IDisposable
{
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentStack<Chunk> _chunks = new();
    private readonly int _size;

    /// <summary>Promises buffers; they are made when first needed.</summary>
    public ChunkPool(int count, int size)
    {
        _free = new SemaphoreSlim(count);
        _size = size;
    }

    /// <summary>A buffer for one user; waits until one is free.</summary>
    public Chunk Take(CancellationToken cancellationToken)
    {
        _free.Wait(cancellationToken);
        if (!_chunks.TryPop(out Chunk? chunk)) chunk = new Chunk(this, _size);
        chunk.Share(1);
        return chunk;
    }

    /// <summary>Takes a buffer back.</summary>
    public void Return(Chunk chunk)
    {
        _chunks.Push(chunk);
        _free.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();
}
