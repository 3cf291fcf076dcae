using System.Buffers.Binary;
using ContainerTools.Runtime.Images.Archives;

namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>Reads the header of a zstd frame (RFC 8878, 3.1.1.1).</summary>
internal static class ZstdFrame
{
    private const uint Magic = 0xFD2FB528;
    private const uint SkippableMagic = 0x184D2A50;
    private const int MaximumHeader = 18;

    /// <summary>More skippable frames in a row than any program writes.</summary>
    private const int MaximumSkipped = 64;

    /// <summary>How many bytes the first frame needs to be decompressed; 0 where there is none, or its header is damaged: a decompressor tells that better.</summary>
    public static long Window(ByteRange source)
    {
        long position = 0;
        Span<byte> header = stackalloc byte[MaximumHeader];
        for (int skipped = 0; skipped < MaximumSkipped; skipped++)
        {
            Span<byte> have = header[..source.Fill(position, header[..(int)Math.Min(MaximumHeader, Math.Max(0, source.Length - position))])];
            if (have.Length < 8) return 0;
            uint magic = BinaryPrimitives.ReadUInt32LittleEndian(have);
            if (magic == Magic) return Window(have[4..]);
            if ((magic & 0xFFFFFFF0) != SkippableMagic) return 0;
            position += 8 + BinaryPrimitives.ReadUInt32LittleEndian(have[4..]);
        }

        return 0;
    }

    /// <summary>The same, from the header behind the magic number.</summary>
    internal static long Window(ReadOnlySpan<byte> header)
    {
        byte descriptor = header[0];
        if ((descriptor & 0x20) == 0)
        {
            long size = 1L << (10 + (header[1] >> 3));
            return size + (size / 8 * (header[1] & 7));
        }

        // A single segment has no window of its own: all of its content is one.
        int at = 1 + (descriptor & 3) switch { 0 => 0, 1 => 1, 2 => 2, _ => 4 };
        int length = (descriptor >> 6) switch { 0 => 1, 1 => 2, 2 => 4, _ => 8 };
        if (header.Length < at + length) return 0;
        ReadOnlySpan<byte> content = header.Slice(at, length);
        return length switch
        {
            1 => content[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(content) + 256,
            4 => BinaryPrimitives.ReadUInt32LittleEndian(content),
            _ => (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(content), long.MaxValue),
        };
    }
}
