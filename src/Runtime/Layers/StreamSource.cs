namespace ContainerTools.Runtime.Layers;

/// <summary>The bytes of a <see cref="Stream"/>, buffer by buffer.</summary>
/// <param name="stream">Read to its end, not closed.</param>
/// <param name="bufferSize">The most bytes handed over at once.</param>
internal sealed class StreamSource(Stream stream, int bufferSize = 64 * 1024) : BufferSource
{
    private readonly byte[] _buffer = new byte[bufferSize];

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Next() => _buffer.AsMemory(0, stream.Read(_buffer));
}
