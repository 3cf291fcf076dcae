using System.IO.Compression;
using ContainerTools.Runtime.Layers;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>
/// Decompresses gzip and notices when it is cut short. <see cref="GZipStream"/> takes the end of its input for the end of the data,
/// wherever it comes. So the input is continued by bytes that begin no further member: a decompressor that has come to the end of
/// a member does not touch them, beyond what its buffer had room for; one that has not reads on to their end.
/// </summary>
internal sealed class GzipInput : Stream
{
    /// <summary>Several times the decompressor's buffer of 8 kB.</summary>
    private const int PaddingSize = 64 * 1024;

    private readonly Input _input;
    private readonly GZipStream _gzip;
    private bool _any;

    /// <summary>Starts to read.</summary>
    public GzipInput(BufferSource source)
    {
        _input = new Input(source);
        _gzip = new GZipStream(_input, CompressionMode.Decompress);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;
    /// <inheritdoc/>
    public override bool CanSeek => false;
    /// <inheritdoc/>
    public override bool CanWrite => false;
    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();
    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The data are damaged or end too early.</exception>
    public override int Read(Span<byte> buffer)
    {
        int read = _gzip.Read(buffer);
        if (_input.PaddingLeft == 0) throw new InvalidDataException("The gzip data end too early.");
        if (read == 0 && !_any && !buffer.IsEmpty && _input.Empty) throw new InvalidDataException("There are no gzip data.");
        _any |= read > 0;
        return read;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _gzip.Dispose();
        base.Dispose(disposing);
    }

    private sealed class Input(BufferSource source) : Stream
    {
        private ReadOnlyMemory<byte> _rest;

        public int PaddingLeft { get; private set; } = PaddingSize;

        public bool Empty { get; private set; } = true;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (_rest.IsEmpty) _rest = source.Next();
            if (_rest.IsEmpty)
            {
                int padding = Math.Min(buffer.Length, PaddingLeft);
                buffer[..padding].Fill(0xFF);
                PaddingLeft -= padding;
                return padding;
            }

            Empty = false;
            int length = Math.Min(buffer.Length, _rest.Length);
            _rest.Span[..length].CopyTo(buffer);
            _rest = _rest[length..];
            return length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
