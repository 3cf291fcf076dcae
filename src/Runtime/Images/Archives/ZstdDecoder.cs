using System.Globalization;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>Decompresses zstd within a limit on memory.</summary>
/// <param name="decompressor">What does it; the memory is its.</param>
/// <param name="windowLog">The largest window that it may use, as the exponent of two.</param>
/// <param name="subject">What is read, for messages.</param>
/// <param name="largest">Whether nobody gives more; else a frame with a larger one is a <see cref="ZstdWindowException"/>.</param>
/// <param name="giveBack">Takes the decompressor back.</param>
internal sealed class ZstdDecoder(Decompressor decompressor, int windowLog, string subject, bool largest, Action<Decompressor> giveBack) : IDisposable
{
    private const int BufferSize = 32 * 1024;

    /// <summary>One on its own, with zstd's own limit: 128 MiB.</summary>
    public static ZstdDecoder Single(string subject) => new(new Decompressor(), 27, subject, largest: true, static decompressor => decompressor.Dispose());

    /// <summary>A stream of the uncompressed bytes. With it, the input and the decoder are disposed of.</summary>
    public Stream Open(Stream input)
    {
        decompressor.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, windowLog);
        return new Input(this, new DecompressionStream(input, decompressor, BufferSize, checkEndOfStream: true, preserveDecompressor: true, leaveOpen: false));
    }

    /// <summary>Gives the decompressor back, once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref giveBack!, null) is not { } take) return;
        // What was left off in the middle is not to go on in what comes next.
        decompressor.ResetStream();
        take(decompressor);
    }

    /// <summary>The error of a window for which there is no memory.</summary>
    public static ContainerException TooLarge(string subject, int windowLog) => new(
        ErrorCode.ImageUnsupported,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{subject} is compressed by zstd in a way that takes more than {1L << windowLog >> 20} MiB of memory to undo; it has to be compressed with a smaller window (zstd without --ultra and --long)."),
        subject);

    private Exception TooLarge() => largest ? TooLarge(subject, windowLog) : new ZstdWindowException();

    private sealed class Input(ZstdDecoder decoder, DecompressionStream stream) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return stream.Read(buffer);
            }
            catch (ZstdException error) when (error.Code == ZSTD_ErrorCode.ZSTD_error_frameParameter_windowTooLarge)
            {
                throw decoder.TooLarge();
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
                decoder.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
