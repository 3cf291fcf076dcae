namespace ContainerTools.Runtime.Layers;

/// <summary>
/// Reads tar archives of every kind that container tools write: V7, ustar, PAX (with extended attributes and sub-second times)
/// and GNU (long names, base-256 numbers, sparse files). System.Formats.Tar cannot stand in: it decodes names as UTF-8, which
/// loses those that are not, and knows neither sparse files nor the end of an archive from a truncated one.
/// </summary>
/// <remarks>tar(5) of libarchive; POSIX.1-2017 pax; "Basic Tar Format" of the GNU tar manual.</remarks>
internal sealed partial class TarReader
{
    /// <summary>The unit of the format, bytes.</summary>
    public const int BlockSize = 512;

    /// <summary>More than any real header needs: names are at most 4 kB and extended attributes 64 kB each.</summary>
    private const long MaximumHeaderSize = 4 * 1024 * 1024;

    private readonly BufferSource _source;
    private readonly string _subject;
    private readonly byte[] _block = new byte[BlockSize];
    private readonly byte[] _header = new byte[BlockSize];
    private ReadOnlyMemory<byte> _buffer;
    private long _content;
    private int _padding;

    /// <summary>Starts to read.</summary>
    /// <param name="source">The archive's bytes.</param>
    /// <param name="subject">What is read, for messages: <c>layer sha256:…</c>, a file's path.</param>
    public TarReader(BufferSource source, string subject)
    {
        _source = source;
        _subject = subject;
    }

    /// <summary>Whether the archive was closed by an empty block, as POSIX demands. A truncated one may lack it.</summary>
    public bool Closed { get; private set; }

    /// <summary>Bytes consumed so far.</summary>
    public long Position { get; private set; }

    /// <summary>The next entry, or null at the end. What was not read of the entry before is skipped.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ArchiveCorrupt"/>.</exception>
    public TarEntry? ReadEntry()
    {
        if (Closed) return null;
        SkipContent();
        PaxHeader pax = _global is null ? new PaxHeader() : new PaxHeader(_global);
        byte[]? longName = null;
        byte[]? longLink = null;
        bool headerSeen = false;
        while (true)
        {
            if (!TryReadBlock(out ReadOnlySpan<byte> block))
            {
                return headerSeen ? throw Corrupt("ends after a header that announces another entry") : null;
            }

            if (block.IndexOfAnyExcept((byte)0) < 0)
            {
                Closed = true;
                return headerSeen ? throw Corrupt("ends after a header that announces another entry") : null;
            }

            // A copy, because the source may reuse its buffer while more blocks of a sparse file are read.
            block.CopyTo(_header);
            TarHeader header = new(_header, this);
            headerSeen = true;
            switch (header.TypeFlag)
            {
                case (byte)'x' or (byte)'X':
                    pax.Parse(ReadHeaderContent(header.Size), this);
                    break;
                case (byte)'g':
                    _global ??= new PaxHeader();
                    _global.Parse(ReadHeaderContent(header.Size), this);
                    pax = new PaxHeader(_global);
                    headerSeen = false;
                    break;
                case (byte)'L':
                    longName = TrimNul(ReadHeaderContent(header.Size));
                    break;
                case (byte)'K':
                    longLink = TrimNul(ReadHeaderContent(header.Size));
                    break;
                case (byte)'V':
                    // The label of a GNU volume: no file.
                    headerSeen = false;
                    break;
                default:
                    return Compose(header, pax, longName, longLink);
            }
        }
    }

    /// <summary>
    /// The next bytes of the current entry's content, valid until the next call; empty at its end.
    /// </summary>
    public ReadOnlySpan<byte> ReadContent()
    {
        if (_content == 0) return [];
        if (_buffer.IsEmpty) Refill();
        if (_buffer.IsEmpty) throw Truncated();
        int length = (int)Math.Min(_content, _buffer.Length);
        ReadOnlySpan<byte> content = _buffer.Span[..length];
        Advance(length);
        _content -= length;
        return content;
    }

    /// <summary>Reads to the end of the stream behind the archive's end; tar pads archives to a multiple of 10 kB.</summary>
    public void Drain()
    {
        _content = _padding = 0;
        _buffer = default;
        while (!_source.Next().IsEmpty)
        {
        }
    }

    /// <summary>The error of a damaged archive.</summary>
    internal ContainerException Corrupt(string what, Exception? cause = null)
        => new(ErrorCode.ArchiveCorrupt, $"{_subject} is damaged: at byte {Position} it {what}.", _subject, cause);

    private ContainerException Truncated() => Corrupt("ends in the middle of an entry");

    private void SkipContent()
    {
        long skip = _content + _padding;
        while (skip > 0)
        {
            if (_buffer.IsEmpty)
            {
                long skipped = _source.Skip(skip);
                Position += skipped;
                skip -= skipped;
                if (skip == 0) break;
                Refill();
            }

            if (_buffer.IsEmpty) throw Truncated();
            int length = (int)Math.Min(skip, _buffer.Length);
            Advance(length);
            skip -= length;
        }

        _content = _padding = 0;
    }

    private void SetContent(long size)
    {
        _content = size;
        _padding = (int)(-size & (BlockSize - 1));
    }

    private void Refill() => _buffer = _source.Next();

    private void Advance(int length)
    {
        _buffer = _buffer[length..];
        Position += length;
    }

    /// <summary>The next block; false at the end of the stream.</summary>
    private bool TryReadBlock(out ReadOnlySpan<byte> block)
    {
        if (_buffer.IsEmpty) Refill();
        if (_buffer.Length >= BlockSize)
        {
            block = _buffer.Span[..BlockSize];
            Advance(BlockSize);
            return true;
        }

        block = _block;
        int have = 0;
        while (have < BlockSize)
        {
            if (_buffer.IsEmpty) Refill();
            if (_buffer.IsEmpty) return have == 0 ? false : throw Corrupt("ends in the middle of a header");
            int length = Math.Min(BlockSize - have, _buffer.Length);
            _buffer.Span[..length].CopyTo(_block.AsSpan(have));
            Advance(length);
            have += length;
        }

        return true;
    }

    private byte[] ReadHeaderContent(long size)
    {
        if (size > MaximumHeaderSize) throw Corrupt($"has a header of {size} bytes");
        SetContent(size);
        byte[] content = new byte[size];
        for (int have = 0; have < content.Length;)
        {
            ReadOnlySpan<byte> part = ReadContent();
            part.CopyTo(content.AsSpan(have));
            have += part.Length;
        }

        SkipContent();
        return content;
    }

    private static byte[] TrimNul(byte[] text)
    {
        int end = Array.IndexOf(text, (byte)0);
        return end < 0 ? text : text[..end];
    }
}
