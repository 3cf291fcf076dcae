using System.Buffers.Text;

namespace ContainerTools.Runtime.Layers;

/// <summary>The records of PAX extended headers (pax(1), "pax Extended Header") that say something about a file.</summary>
internal sealed class PaxHeader
{
    private const int MaximumFragments = 1 << 20;

    /// <summary>No records.</summary>
    public PaxHeader()
    {
    }

    /// <summary>Starts with the records of the global header.</summary>
    public PaxHeader(PaxHeader global)
    {
        Path = global.Path;
        LinkPath = global.LinkPath;
        Size = global.Size;
        Uid = global.Uid;
        Gid = global.Gid;
        Modified = global.Modified;
    }

    public byte[]? Path { get; private set; }
    public byte[]? LinkPath { get; private set; }
    public long? Size { get; private set; }
    public long? Uid { get; private set; }
    public long? Gid { get; private set; }
    public (long Seconds, int Nanoseconds)? Modified { get; private set; }
    public List<TarAttribute> Attributes { get; } = [];

    /// <summary>GNU.sparse.name: the real name of a sparse file.</summary>
    public byte[]? SparseName { get; private set; }
    /// <summary>GNU.sparse.size or GNU.sparse.realsize.</summary>
    public long? SparseSize { get; private set; }
    /// <summary>The map of formats 0.0 and 0.1: offsets and lengths in turn.</summary>
    public List<long>? SparseMap { get; private set; }
    /// <summary>Format 1.0: the map stands before the content.</summary>
    public bool SparseMapInContent { get; private set; }

    /// <summary>Takes the records of a header: <c>length key=value\n</c> each.</summary>
    public void Parse(ReadOnlySpan<byte> records, TarReader reader)
    {
        while (!records.IsEmpty)
        {
            if (records[0] == 0) return;
            int space = records.IndexOf((byte)' ');
            if (space <= 0 || !Utf8Parser.TryParse(records[..space], out int length, out int digits) || digits != space
                || length <= space + 1 || length > records.Length || records[length - 1] != '\n')
            {
                throw reader.Corrupt("has a malformed PAX header");
            }

            ReadOnlySpan<byte> record = records[(space + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0) throw reader.Corrupt("has a malformed PAX header");
            Take(record[..equals], record[(equals + 1)..], reader);
            records = records[length..];
        }
    }

    private void Take(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, TarReader reader)
    {
        if (key.SequenceEqual("path"u8)) Path = Name(value, reader);
        else if (key.SequenceEqual("linkpath"u8)) LinkPath = Name(value, reader);
        else if (key.SequenceEqual("size"u8)) Size = Number(value, reader);
        else if (key.SequenceEqual("uid"u8)) Uid = Number(value, reader);
        else if (key.SequenceEqual("gid"u8)) Gid = Number(value, reader);
        else if (key.SequenceEqual("mtime"u8)) Modified = value.IsEmpty ? null : Time(value, reader);
        else if (key.StartsWith("SCHILY.xattr."u8)) Attribute(key["SCHILY.xattr.".Length..], value.ToArray(), reader);
        else if (key.StartsWith("LIBARCHIVE.xattr."u8)) LibarchiveAttribute(key["LIBARCHIVE.xattr.".Length..], value, reader);
        else if (key.StartsWith("GNU.sparse."u8)) Sparse(key["GNU.sparse.".Length..], value, reader);
    }

    private void Sparse(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, TarReader reader)
    {
        if (key.SequenceEqual("name"u8)) SparseName = Name(value, reader);
        else if (key.SequenceEqual("size"u8) || key.SequenceEqual("realsize"u8)) SparseSize = Number(value, reader);
        else if (key.SequenceEqual("major"u8)) SparseMapInContent = value.SequenceEqual("1"u8);
        else if (key.SequenceEqual("numblocks"u8)) SparseMap ??= [];
        else if (key.SequenceEqual("offset"u8) || key.SequenceEqual("numbytes"u8))
        {
            // Format 0.0 repeats these two keys, pair by pair.
            SparseMap ??= [];
            bool offset = key.SequenceEqual("offset"u8);
            if ((SparseMap.Count % 2 == 0) != offset || SparseMap.Count >= 2 * MaximumFragments) throw reader.Corrupt("has a malformed map of a sparse file");
            SparseMap.Add(Number(value, reader) ?? 0);
        }
        else if (key.SequenceEqual("map"u8))
        {
            SparseMap = [];
            while (!value.IsEmpty)
            {
                int comma = value.IndexOf((byte)',');
                ReadOnlySpan<byte> number = comma < 0 ? value : value[..comma];
                if (SparseMap.Count >= 2 * MaximumFragments) throw reader.Corrupt("has a malformed map of a sparse file");
                SparseMap.Add(Number(number, reader) ?? throw reader.Corrupt("has a malformed map of a sparse file"));
                value = comma < 0 ? [] : value[(comma + 1)..];
            }
        }
    }

    private void Attribute(ReadOnlySpan<byte> name, byte[] value, TarReader reader)
    {
        if (name.IsEmpty || name.Contains((byte)0)) throw reader.Corrupt("has an extended attribute without a valid name");
        byte[] key = name.ToArray();
        // A later record replaces an earlier one.
        Attributes.RemoveAll(attribute => attribute.Name.AsSpan().SequenceEqual(key));
        Attributes.Add(new TarAttribute(key, value));
    }

    /// <summary>libarchive writes the name URL-encoded and the value in base 64; where it writes both kinds, they say the same.</summary>
    private void LibarchiveAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, TarReader reader)
    {
        string text = System.Text.Encoding.UTF8.GetString(value);
        text += new string('=', -text.Length & 3);
        byte[] decoded;
        try
        {
            decoded = Convert.FromBase64String(text);
        }
        catch (FormatException error)
        {
            throw reader.Corrupt("has an extended attribute that is not in base 64", error);
        }

        Attribute(System.Text.Encoding.UTF8.GetBytes(Uri.UnescapeDataString(System.Text.Encoding.UTF8.GetString(name))), decoded, reader);
    }

    private static byte[]? Name(ReadOnlySpan<byte> value, TarReader reader)
    {
        if (value.Contains((byte)0)) throw reader.Corrupt("has a file name with a NUL in it");
        return value.IsEmpty ? null : value.ToArray();
    }

    private static long? Number(ReadOnlySpan<byte> value, TarReader reader)
    {
        if (value.IsEmpty) return null;
        return Utf8Parser.TryParse(value, out long number, out int digits) && digits == value.Length && number >= 0
            ? number
            : throw reader.Corrupt("has a number in a PAX header that is none");
    }

    /// <summary>Seconds since 1970, perhaps negative, perhaps with a decimal fraction.</summary>
    internal static (long Seconds, int Nanoseconds) Time(ReadOnlySpan<byte> value, TarReader reader)
    {
        bool negative = value[0] == '-';
        int point = value.IndexOf((byte)'.');
        ReadOnlySpan<byte> whole = point < 0 ? value : value[..point];
        ReadOnlySpan<byte> fraction = point < 0 ? [] : value[(point + 1)..];
        if (!Utf8Parser.TryParse(whole, out long seconds, out int digits) || digits != whole.Length || fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            throw reader.Corrupt("has a time in a PAX header that is none");
        }

        int nanoseconds = 0;
        for (int i = 0; i < 9; i++) nanoseconds = (nanoseconds * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
        if (!negative || nanoseconds == 0) return (seconds, nanoseconds);
        // -1.25 is 0.75 s after -2.
        return (seconds - 1, 1_000_000_000 - nanoseconds);
    }
}
