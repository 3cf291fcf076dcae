using System.Globalization;
using System.Text;

namespace ContainerTools.Tests.Archives;

/// <summary>Writes tar archives byte by byte, wrong ones as well.</summary>
internal sealed class TarBuilder
{
    private readonly List<byte> _bytes = [];

    public byte[] Build(bool closed = true)
    {
        byte[] bytes = _bytes.ToArray();
        return closed ? [.. bytes, .. new byte[1024]] : bytes;
    }

    public TarBuilder Folder(string name, int mode = 0x1ED, long mtime = 0) => Header(name, '5', mode: mode, mtime: mtime);

    public TarBuilder File(string name, string content, int mode = 0x1A4, int uid = 0, int gid = 0, long mtime = 0)
        => File(name, Encoding.UTF8.GetBytes(content), mode, uid, gid, mtime);

    public TarBuilder File(string name, byte[] content, int mode = 0x1A4, int uid = 0, int gid = 0, long mtime = 0)
        => Header(name, '0', content.Length, mode, uid, gid, mtime).Content(content);

    public TarBuilder SymbolicLink(string name, string target) => Header(name, '2', linkName: target, mode: 0x1FF);

    public TarBuilder HardLink(string name, string target) => Header(name, '1', linkName: target);

    public TarBuilder Pax(params (string Key, byte[] Value)[] records)
    {
        using MemoryStream text = new();
        foreach ((string key, byte[] value) in records)
        {
            int rest = 1 + Encoding.UTF8.GetByteCount(key) + 1 + value.Length + 1;
            int length = rest + 1;
            while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length) length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
            text.Write(Encoding.UTF8.GetBytes($"{length} {key}="));
            text.Write(value);
            text.WriteByte((byte)'\n');
        }

        return Header("PaxHeaders/x", 'x', text.Length).Content(text.ToArray());
    }

    public TarBuilder Pax(params (string Key, string Value)[] records)
        => Pax([.. records.Select(record => (record.Key, Encoding.UTF8.GetBytes(record.Value)))]);

    public TarBuilder GnuLong(char type, byte[] name) => Header("././@LongLink", type, name.Length + 1).Content([.. name, 0]);

    public TarBuilder Raw(byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public TarBuilder Content(byte[] content)
    {
        _bytes.AddRange(content);
        _bytes.AddRange(new byte[-content.Length & 511]);
        return this;
    }

    public TarBuilder Header(
        string name, char type, long size = 0, int mode = 0x1A4, int uid = 0, int gid = 0, long mtime = 0, string linkName = "", int major = 0, int minor = 0,
        Action<byte[]>? edit = null)
        => Header(Encoding.UTF8.GetBytes(name), type, size, mode, uid, gid, mtime, Encoding.UTF8.GetBytes(linkName), major, minor, edit);

    public TarBuilder Header(
        byte[] name, char type, long size, int mode, int uid, int gid, long mtime, byte[] linkName, int major, int minor, Action<byte[]>? edit)
    {
        byte[] block = new byte[512];
        name.AsSpan(0, Math.Min(100, name.Length)).CopyTo(block);
        Octal(block, 100, 8, mode);
        Octal(block, 108, 8, uid);
        Octal(block, 116, 8, gid);
        Octal(block, 124, 12, size);
        Octal(block, 136, 12, mtime);
        block[156] = (byte)type;
        linkName.AsSpan(0, Math.Min(100, linkName.Length)).CopyTo(block.AsSpan(157));
        "ustar\00000"u8[..8].CopyTo(block.AsSpan(257));
        Octal(block, 329, 8, major);
        Octal(block, 337, 8, minor);
        edit?.Invoke(block);
        Seal(block);
        _bytes.AddRange(block);
        return this;
    }

    public static void Octal(byte[] block, int offset, int length, long value)
        => Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(length - 1, '0')).CopyTo(block, offset);

    /// <summary>Writes the check sum.</summary>
    public static void Seal(byte[] block)
    {
        block.AsSpan(148, 8).Fill((byte)' ');
        int sum = block.Sum(value => value);
        Octal(block, 148, 7, sum);
        block[154] = 0;
    }
}
