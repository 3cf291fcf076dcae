using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>A part of an open file: a file of an archive, or a file of its own.</summary>
/// <param name="File">Belongs to the archive, which closes it.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="Display">What it is, for messages.</param>
internal record ByteRange(SafeFileHandle File, long Offset, long Length, string Display)
{
    /// <summary>Whether the range is a file of its own, in the store's file system, that may become the blob without a copy.</summary>
    public virtual bool IsFile => false;

    /// <summary>The path of that file, once all of it has been read.</summary>
    public virtual string? FilePath => null;

    /// <summary>Nobody wants it any more: a reader that waits for bytes is to give up.</summary>
    public virtual void Abandon()
    {
    }

    /// <summary>Reads from a position in the range; 0 at its end.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ArchiveCorrupt"/> when the file ends before the range does.</exception>
    public virtual int Read(long position, Span<byte> buffer)
    {
        if (position >= Length) return 0;
        buffer = buffer[..(int)Math.Min(buffer.Length, Length - position)];
        int read = RandomAccess.Read(File, buffer, Offset + position);
        return read > 0
            ? read
            : throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{Display} is truncated: it ends {Length - position} bytes too early.", Display);
    }

    /// <summary>Fills as much of a buffer as the range has.</summary>
    public int Fill(long position, Span<byte> buffer)
    {
        int have = 0;
        while (have < buffer.Length)
        {
            int read = Read(position + have, buffer[have..]);
            if (read == 0) break;
            have += read;
        }

        return have;
    }

    /// <summary>All of it; it must be a document of at most <see cref="ImageLayout.MaximumDocumentSize"/> bytes.</summary>
    public byte[] ReadDocument()
    {
        if (Length > ImageLayout.MaximumDocumentSize)
        {
            throw new ContainerException(ErrorCode.ImageCorrupt, $"{Display} has {Length} bytes, more than any image document needs.", Display);
        }

        byte[] content = new byte[Length];
        Fill(0, content);
        return content;
    }

    /// <summary>How the content is compressed, as its first bytes tell.</summary>
    public Compression Compression
    {
        get
        {
            Span<byte> start = stackalloc byte[6];
            return CompressionFormat.Detect(start[..Fill(0, start)]);
        }
    }
}
