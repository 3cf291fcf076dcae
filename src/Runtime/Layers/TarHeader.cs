namespace ContainerTools.Runtime.Layers;

/// <summary>The fields of one 512-byte header block.</summary>
internal readonly ref struct TarHeader
{
    private readonly ReadOnlySpan<byte> _block;
    private readonly TarReader _reader;

    /// <summary>Checks the block's sum.</summary>
    public TarHeader(ReadOnlySpan<byte> block, TarReader reader)
    {
        _block = block;
        _reader = reader;
        VerifyChecksum();
        Size = Number(124, 12);
        if (Size < 0) throw reader.Corrupt("has an entry of negative size");
    }

    public byte TypeFlag => _block[156];
    public long Size { get; }
    public ReadOnlySpan<byte> Name => Text(0, 100);
    public ReadOnlySpan<byte> LinkName => Text(157, 100);
    public uint Mode => (uint)(Number(100, 8) & 0xFFF);
    public long Uid => Number(108, 8);
    public long Gid => Number(116, 8);
    public long Modified => Number(136, 12);
    public long DeviceMajor => Number(329, 8);
    public long DeviceMinor => Number(337, 8);

    /// <summary>The part of a ustar name before <see cref="Name"/>. GNU headers keep times there, star's end earlier.</summary>
    public ReadOnlySpan<byte> Prefix
    {
        get
        {
            if (!_block.Slice(257, 6).SequenceEqual("ustar\0"u8)) return [];
            bool star = _block.Slice(508, 4).SequenceEqual("tar\0"u8);
            return Text(345, star ? 131 : 155);
        }
    }

    /// <summary>The block itself, for the fields of sparse files.</summary>
    public ReadOnlySpan<byte> Block => _block;

    /// <summary>A number: octal digits, or base 256 where the first bit is set.</summary>
    public long Number(int offset, int length) => ParseNumber(_block.Slice(offset, length), _reader);

    /// <summary>A number field of a header or of a sparse map.</summary>
    public static long ParseNumber(ReadOnlySpan<byte> field, TarReader reader)
    {
        if ((field[0] & 0x80) != 0)
        {
            // Two's complement, big-endian; the first bit is the mark, the second the sign.
            bool negative = (field[0] & 0x40) != 0;
            long value = negative ? -1 : 0;
            for (int i = 0; i < field.Length; i++)
            {
                int digit = i == 0 ? (negative ? field[0] | 0x80 : field[0] & 0x7F) : field[i];
                if (value > (long.MaxValue >> 8) || value < (long.MinValue >> 8)) throw reader.Corrupt("has a number that is too large");
                value = (value << 8) | (uint)digit;
            }

            return value;
        }

        field = field.TrimStart((byte)' ').TrimStart((byte)0).TrimStart((byte)' ');
        long octal = 0;
        foreach (byte digit in field)
        {
            if (digit is 0 or (byte)' ') break;
            if (digit is < (byte)'0' or > (byte)'7') throw reader.Corrupt("has a number that is not octal");
            if (octal > long.MaxValue >> 3) throw reader.Corrupt("has a number that is too large");
            octal = (octal << 3) | (uint)(digit - '0');
        }

        return octal;
    }

    private ReadOnlySpan<byte> Text(int offset, int length)
    {
        ReadOnlySpan<byte> field = _block.Slice(offset, length);
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>
    /// Whether the first block of a file can be one of a tar archive: it has the right check sum, or is empty (an archive of nothing), or is cut short
    /// where the mark of the format still shows.
    /// </summary>
    public static bool IsOne(ReadOnlySpan<byte> block)
    {
        if (block.IndexOfAnyExcept((byte)0) < 0) return true;
        if (block.Length < TarReader.BlockSize) return block.Length > 262 && block.Slice(257, 5).SequenceEqual("ustar"u8);
        if (block.Slice(257, 5).SequenceEqual("ustar"u8)) return true;
        long stored = 0;
        foreach (byte digit in block.Slice(148, 8))
        {
            if (digit is >= (byte)'0' and <= (byte)'7') stored = (stored * 8) + digit - '0';
            else if (digit is not ((byte)' ' or 0)) return false;
        }

        (int unsigned, int signed) = Sums(block);
        return stored == unsigned || stored == signed;
    }

    /// <summary>The sum of all bytes with its own field read as spaces. Old programs summed signed bytes.</summary>
    private void VerifyChecksum()
    {
        long stored = Number(148, 8);
        (int unsigned, int signed) = Sums(_block);
        if (stored != unsigned && stored != signed) throw _reader.Corrupt("has a header with a wrong check sum (or is no tar archive)");
    }

    private static (int Unsigned, int Signed) Sums(ReadOnlySpan<byte> block)
    {
        int unsigned = 8 * ' ';
        int signed = 8 * ' ';
        for (int i = 0; i < TarReader.BlockSize; i++)
        {
            if (i is >= 148 and < 156) continue;
            unsigned += block[i];
            signed += (sbyte)block[i];
        }

        return (unsigned, signed);
    }
}
