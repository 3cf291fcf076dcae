namespace ContainerTools.Runtime.Layers;

/// <summary>
/// A stream of bytes handed over in whole buffers, so that the content of files is written from where it was decoded to,
/// without another copy.
/// </summary>
internal abstract class BufferSource
{
    /// <summary>The next bytes, valid until the next call; empty at the end.</summary>
    public abstract ReadOnlyMemory<byte> Next();

    /// <summary>Leaves out bytes that nobody wants, where that is cheaper than to read them.</summary>
    /// <returns>How many were left out; the caller reads over the rest.</returns>
    public virtual long Skip(long count) => 0;
}
