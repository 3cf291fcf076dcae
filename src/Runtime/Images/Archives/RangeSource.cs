using ContainerTools.Runtime.Layers;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>The bytes of a range, with what is not wanted left unread.</summary>
/// <param name="range">The range.</param>
/// <param name="bufferSize">The most bytes read at once.</param>
internal sealed class RangeSource(ByteRange range, int bufferSize) : BufferSource
{
    private readonly byte[] _buffer = new byte[bufferSize];
    private long _position;

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Next()
    {
        int read = range.Read(_position, _buffer);
        _position += read;
        return _buffer.AsMemory(0, read);
    }

    /// <inheritdoc/>
    public override long Skip(long count)
    {
        // The last byte is read, so that a file that is too short is noticed.
        long skipped = Math.Clamp(range.Length - _position - 1, 0, count);
        _position += skipped;
        return skipped;
    }
}
