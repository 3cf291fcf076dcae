using System.Buffers.Text;

namespace ContainerTools.Runtime.Layers;

/// <summary>Puts an entry together from its headers.</summary>
internal sealed partial class TarReader
{
    private const int MaximumFragments = 1 << 20;

    private PaxHeader? _global;

    private TarEntry Compose(TarHeader header, PaxHeader pax, byte[]? longName, byte[]? longLink)
    {
        byte[] name = pax.SparseName ?? pax.Path ?? longName ?? JoinName(header);
        if (name.Length == 0) throw Corrupt("has an entry without a name");
        TarEntryType type = TypeOf(header.TypeFlag, name);
        // The size of anything but a file means nothing (for hard links, old programs wrote the size of the file).
        long stored = type == TarEntryType.File ? pax.Size ?? header.Size : 0;
        SetContent(stored);
        long size = stored;
        List<TarFragment>? fragments = null;
        if (header.TypeFlag == 'S')
        {
            (fragments, size) = ReadGnuSparse(header);
        }
        else if (type == TarEntryType.File && pax.SparseMapInContent)
        {
            fragments = Pairs(ReadContentMap());
            size = pax.SparseSize ?? throw Corrupt("has a sparse file without a size");
        }
        else if (type == TarEntryType.File && pax.SparseMap is { } map)
        {
            fragments = Pairs(map);
            size = pax.SparseSize ?? throw Corrupt("has a sparse file without a size");
        }

        if (fragments is not null) CheckFragments(fragments, size);
        bool device = type is TarEntryType.BlockDevice or TarEntryType.CharacterDevice;
        (long seconds, int nanoseconds) = pax.Modified ?? (header.Modified, 0);
        return new TarEntry
        {
            Type = type,
            Name = name,
            LinkName = type is TarEntryType.HardLink or TarEntryType.SymbolicLink ? pax.LinkPath ?? longLink ?? header.LinkName.ToArray() : [],
            Mode = header.Mode,
            Uid = Id(pax.Uid ?? header.Uid),
            Gid = Id(pax.Gid ?? header.Gid),
            ModifiedSeconds = seconds,
            ModifiedNanoseconds = nanoseconds,
            StoredSize = _content,
            Size = size,
            Fragments = fragments,
            DeviceMajor = device ? DeviceNumber(header.DeviceMajor) : 0,
            DeviceMinor = device ? DeviceNumber(header.DeviceMinor) : 0,
            Attributes = pax.Attributes,
        };
    }

    private TarEntryType TypeOf(byte flag, byte[] name) => flag switch
    {
        // V7 had no type for folders: a trailing slash marks them.
        0 or (byte)'0' or (byte)'7' => name[^1] == '/' ? TarEntryType.Folder : TarEntryType.File,
        (byte)'S' => TarEntryType.File,
        (byte)'1' => TarEntryType.HardLink,
        (byte)'2' => TarEntryType.SymbolicLink,
        (byte)'3' => TarEntryType.CharacterDevice,
        (byte)'4' => TarEntryType.BlockDevice,
        (byte)'5' => TarEntryType.Folder,
        (byte)'6' => TarEntryType.Fifo,
        _ => throw Corrupt($"has an entry of unknown type 0x{flag:x2}"),
    };

    private static byte[] JoinName(TarHeader header)
    {
        ReadOnlySpan<byte> prefix = header.Prefix;
        if (prefix.IsEmpty) return header.Name.ToArray();
        byte[] name = new byte[prefix.Length + 1 + header.Name.Length];
        prefix.CopyTo(name);
        name[prefix.Length] = (byte)'/';
        header.Name.CopyTo(name.AsSpan(prefix.Length + 1));
        return name;
    }

    /// <summary>-1 means "leave as it is" to chown(2): it is nobody's id.</summary>
    private uint Id(long id) => id is >= 0 and < uint.MaxValue ? (uint)id : throw Corrupt($"has an entry of the impossible owner {id}");

    private uint DeviceNumber(long number)
        => number is >= 0 and <= uint.MaxValue ? (uint)number : throw Corrupt("has a device with an impossible number");

    /// <summary>The old GNU format: four pieces in the header, the rest in blocks behind it.</summary>
    private (List<TarFragment> Fragments, long Size) ReadGnuSparse(TarHeader header)
    {
        long size = header.Number(483, 12);
        List<long> numbers = [];
        bool more = ReadSparseNumbers(header.Block.Slice(386, 96), numbers) && header.Block[482] != 0;
        bool extended = header.Block[482] != 0;
        while (extended)
        {
            if (!TryReadBlock(out ReadOnlySpan<byte> block)) throw Truncated();
            more = more && ReadSparseNumbers(block[..504], numbers);
            if (numbers.Count > 2 * MaximumFragments) throw Corrupt("has a sparse file of too many pieces");
            extended = block[504] != 0;
        }

        return (Pairs(numbers), size);
    }

    private bool ReadSparseNumbers(ReadOnlySpan<byte> fields, List<long> numbers)
    {
        for (; fields.Length >= 24; fields = fields[24..])
        {
            if (fields[12] == 0 && fields[0] == 0) return false;
            numbers.Add(TarHeader.ParseNumber(fields[..12], this));
            numbers.Add(TarHeader.ParseNumber(fields.Slice(12, 12), this));
        }

        return true;
    }

    /// <summary>PAX format 1.0: a count, then offsets and lengths, a decimal number per line, padded to a block.</summary>
    private List<long> ReadContentMap()
    {
        List<long> numbers = [];
        long wanted = -1;
        Span<byte> line = stackalloc byte[24];
        int length = 0;
        long consumed = 0;
        while (wanted < 0 || numbers.Count < wanted)
        {
            if (_content < BlockSize) throw Corrupt("has a malformed map of a sparse file");
            if (!TryReadBlock(out ReadOnlySpan<byte> block)) throw Truncated();
            _content -= BlockSize;
            consumed += BlockSize;
            foreach (byte character in block)
            {
                if (character != '\n')
                {
                    if (length == line.Length) throw Corrupt("has a malformed map of a sparse file");
                    line[length++] = character;
                    continue;
                }

                if (!Utf8Parser.TryParse(line[..length], out long number, out int digits) || digits != length || number < 0)
                {
                    throw Corrupt("has a malformed map of a sparse file");
                }

                length = 0;
                if (wanted >= 0) numbers.Add(number);
                else if (number <= MaximumFragments) wanted = 2 * number;
                else throw Corrupt("has a sparse file of too many pieces");
                if (numbers.Count == wanted) break;
            }
        }

        return numbers;
    }

    private List<TarFragment> Pairs(List<long> numbers)
    {
        if (numbers.Count % 2 != 0) throw Corrupt("has a malformed map of a sparse file");
        List<TarFragment> fragments = new(numbers.Count / 2);
        for (int i = 0; i < numbers.Count; i += 2) fragments.Add(new TarFragment(numbers[i], numbers[i + 1]));
        return fragments;
    }

    private void CheckFragments(List<TarFragment> fragments, long size)
    {
        long end = 0;
        long stored = 0;
        foreach (TarFragment fragment in fragments)
        {
            if (fragment.Offset < end || fragment.Length < 0 || fragment.Length > size || fragment.Offset > size - fragment.Length)
            {
                throw Corrupt("has a sparse file whose pieces overlap or leave the file");
            }

            end = fragment.Offset + fragment.Length;
            stored += fragment.Length;
        }

        if (stored != _content) throw Corrupt("has a sparse file whose pieces are not all there");
    }
}
