using System.Globalization;
using System.Text;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// Writes tar archives: ustar headers, and PAX headers (pax(1)) before entries that these cannot hold. The same entries always make the same
/// bytes. System.Formats.Tar cannot stand in: it takes names as text, and file names need not be UTF-8.
/// </summary>
/// <param name="output">Where the archive goes; not closed.</param>
internal sealed class TarWriter(Stream output)
{
    private const int BlockSize = TarReader.BlockSize;
    private const int NameSize = 100;
    private const long MaximumOctal7 = 0x1FFFFF;
    private const long MaximumOctal11 = 0x1_FFFF_FFFF;

    private static readonly byte[] s_zeros = new byte[64 * 1024];

    private readonly byte[] _block = new byte[BlockSize];
    private long _content;
    private int _padding;

    /// <summary>Begins an entry; <see cref="TarEntry.StoredSize"/> bytes of content follow.</summary>
    /// <param name="entry">The entry. With <see cref="TarEntry.Fragments"/>, only their bytes follow.</param>
    public void WriteEntry(TarEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        End();
        byte[] map = entry.Fragments is { } fragments ? SparseMap(fragments, entry.Size) : [];
        long stored = entry.StoredSize + map.Length;
        byte[] records = PaxRecords(entry, stored);
        if (records.Length > 0)
        {
            WriteHeader("PaxHeaders/entry"u8, [], (byte)'x', 0x1A4, 0, 0, records.Length, 0, 0, 0);
            output.Write(records);
            Pad(records.Length);
        }

        bool device = entry.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        WriteHeader(
            entry.Name, entry.LinkName, TypeFlag(entry.Type), entry.Mode, entry.Uid, entry.Gid, stored, entry.ModifiedSeconds,
            device ? entry.DeviceMajor : 0, device ? entry.DeviceMinor : 0);
        output.Write(map);
        _content = entry.StoredSize;
        _padding = (int)(-stored & (BlockSize - 1));
    }

    /// <summary>Writes some of the entry's content.</summary>
    public void WriteContent(ReadOnlySpan<byte> content)
    {
        if (content.Length > _content) throw new InvalidOperationException("The content is longer than the entry said.");
        output.Write(content);
        _content -= content.Length;
    }

    /// <summary>Writes zeros in the place of content that is not to be had any more: a file that became shorter while it was read.</summary>
    public void WriteMissing() => WriteZeros(_content);

    /// <summary>Writes some of the entry's content that is all zeros.</summary>
    public void WriteZeros(long length)
    {
        for (; length > 0; length -= Math.Min(s_zeros.Length, length)) WriteContent(s_zeros.AsSpan(0, (int)Math.Min(s_zeros.Length, length)));
    }

    /// <summary>Writes the two empty blocks that close an archive.</summary>
    public void Close()
    {
        End();
        output.Write(s_zeros.AsSpan(0, 2 * BlockSize));
    }

    private void End()
    {
        if (_content != 0) throw new InvalidOperationException("The content is shorter than the entry said.");
        output.Write(s_zeros.AsSpan(0, _padding));
        _padding = 0;
    }

    private void Pad(int length) => output.Write(s_zeros.AsSpan(0, -length & (BlockSize - 1)));

    private void WriteHeader(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> link, byte type, uint mode, long uid, long gid, long size, long modified, long major, long minor)
    {
        Span<byte> block = _block;
        block.Clear();
        // What does not fit stands in the PAX header; the rest is for programs that read none.
        name[..Math.Min(name.Length, NameSize)].CopyTo(block);
        Octal(block.Slice(100, 8), mode & 0xFFF);
        Octal(block.Slice(108, 8), uid <= MaximumOctal7 ? uid : 0);
        Octal(block.Slice(116, 8), gid <= MaximumOctal7 ? gid : 0);
        Octal(block.Slice(124, 12), size <= MaximumOctal11 ? size : 0);
        Octal(block.Slice(136, 12), modified is >= 0 and <= MaximumOctal11 ? modified : 0);
        block[156] = type;
        link[..Math.Min(link.Length, NameSize)].CopyTo(block[157..]);
        "ustar\000"u8.CopyTo(block[257..]);
        Octal(block.Slice(329, 8), major);
        Octal(block.Slice(337, 8), minor);
        block.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte value in block) sum += value;
        Octal(block.Slice(148, 7), sum);
        output.Write(block);
    }

    /// <summary>Octal digits with leading zeros, a NUL behind them.</summary>
    private static void Octal(Span<byte> field, long value)
    {
        field[^1] = 0;
        for (int i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }

    private static byte TypeFlag(TarEntryType type) => type switch
    {
        TarEntryType.File => (byte)'0',
        TarEntryType.HardLink => (byte)'1',
        TarEntryType.SymbolicLink => (byte)'2',
        TarEntryType.CharacterDevice => (byte)'3',
        TarEntryType.BlockDevice => (byte)'4',
        TarEntryType.Folder => (byte)'5',
        TarEntryType.Fifo => (byte)'6',
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static byte[] PaxRecords(TarEntry entry, long stored)
    {
        MemoryStream records = new();
        bool sparse = entry.Fragments is not null;
        bool longName = NeedsRecord(entry.Name);
        bool longLink = NeedsRecord(entry.LinkName);
        // Records are UTF-8 unless this says otherwise.
        if ((((sparse || longName) && !IsUtf8(entry.Name)) || (longLink && !IsUtf8(entry.LinkName)))) Record(records, "hdrcharset", "BINARY"u8);
        if (longName && !sparse) Record(records, "path", entry.Name);
        if (longLink) Record(records, "linkpath", entry.LinkName);
        if (stored > MaximumOctal11) Number(records, "size", stored);
        if (entry.Uid > MaximumOctal7) Number(records, "uid", entry.Uid);
        if (entry.Gid > MaximumOctal7) Number(records, "gid", entry.Gid);
        if (entry.ModifiedNanoseconds != 0 || entry.ModifiedSeconds is < 0 or > MaximumOctal11) Record(records, "mtime", Time(entry));
        if (sparse)
        {
            Number(records, "GNU.sparse.major", 1);
            Number(records, "GNU.sparse.minor", 0);
            Record(records, "GNU.sparse.name", entry.Name);
            Number(records, "GNU.sparse.realsize", entry.Size);
        }

        foreach (TarAttribute attribute in entry.Attributes) Record(records, "SCHILY.xattr." + Encoding.Latin1.GetString(attribute.Name), attribute.Value);
        return records.ToArray();
    }

    /// <summary>Bytes that are not UTF-8 stand in the header as they are: programs that read text there take them so, too.</summary>
    private static bool NeedsRecord(ReadOnlySpan<byte> name)
        => name.Length > NameSize || (name.ContainsAnyExceptInRange((byte)0, (byte)0x7F) && IsUtf8(name));

    private static bool IsUtf8(ReadOnlySpan<byte> text) => System.Text.Unicode.Utf8.IsValid(text);

    private static byte[] Time(TarEntry entry)
    {
        // -1.25 s is written as 0.75 s after -2 is meant.
        (long seconds, int nanoseconds, string sign) = entry.ModifiedSeconds < 0 && entry.ModifiedNanoseconds > 0
            ? (-(entry.ModifiedSeconds + 1), 1_000_000_000 - entry.ModifiedNanoseconds, "-")
            : (entry.ModifiedSeconds, entry.ModifiedNanoseconds, "");
        string text = string.Create(CultureInfo.InvariantCulture, $"{sign}{seconds}.{nanoseconds:d9}").TrimEnd('0').TrimEnd('.');
        return Encoding.ASCII.GetBytes(text);
    }

    private static void Number(MemoryStream records, string key, long value) => Record(records, key, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)));

    /// <summary><c>length key=value\n</c>, where the length counts itself.</summary>
    private static void Record(MemoryStream records, string key, ReadOnlySpan<byte> value)
    {
        int rest = key.Length + value.Length + 3;
        int length = rest + Digits(rest);
        length = rest + Digits(length);
        records.Write(Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length} {key}=")));
        records.Write(value);
        records.WriteByte((byte)'\n');
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;

    /// <summary>GNU's PAX format 1.0: a count, then offset and length of each piece, a number per line, padded to a block.</summary>
    private static byte[] SparseMap(IReadOnlyList<TarFragment> fragments, long size)
    {
        StringBuilder text = new();
        // A piece of no length at the end says how long the file is to those who do not read the record.
        bool endsWithHole = fragments.Count == 0 || fragments[^1].Offset + fragments[^1].Length < size;
        text.Append(CultureInfo.InvariantCulture, $"{fragments.Count + (endsWithHole ? 1 : 0)}\n");
        foreach (TarFragment fragment in fragments) text.Append(CultureInfo.InvariantCulture, $"{fragment.Offset}\n{fragment.Length}\n");
        if (endsWithHole) text.Append(CultureInfo.InvariantCulture, $"{size}\n0\n");
        byte[] map = new byte[(text.Length + BlockSize - 1) / BlockSize * BlockSize];
        Encoding.ASCII.GetBytes(text.ToString(), map);
        return map;
    }
}
