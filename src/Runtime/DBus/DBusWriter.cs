using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace ContainerTools.Runtime.DBus;

/// <summary>Writes values in D-Bus's wire format, little-endian (D-Bus Specification, "Marshaling"). Offsets count from the start of what it writes.</summary>
internal sealed class DBusWriter
{
    private readonly List<byte> _bytes = new(256);

    /// <summary>What has been written.</summary>
    public ReadOnlySpan<byte> Written => CollectionsMarshal.AsSpan(_bytes);

    /// <summary>Fills up to a multiple of an alignment.</summary>
    public void Align(int alignment)
    {
        while (_bytes.Count % alignment != 0) _bytes.Add(0);
    }

    /// <summary>A byte (y).</summary>
    public void Byte(byte value) => _bytes.Add(value);

    /// <summary>A boolean (b).</summary>
    public void Boolean(bool value) => UInt32(value ? 1u : 0u);

    /// <summary>A number of 32 bits (u, and i by its bits).</summary>
    public void UInt32(uint value)
    {
        Align(4);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    /// <summary>A number of 64 bits (t, and x by its bits).</summary>
    public void UInt64(ulong value)
    {
        Align(8);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    /// <summary>A text or an object path (s, o).</summary>
    public void Text(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        UInt32((uint)bytes.Length);
        _bytes.AddRange(bytes);
        _bytes.Add(0);
    }

    /// <summary>A signature (g).</summary>
    public void Signature(string value)
    {
        _bytes.Add((byte)value.Length);
        _bytes.AddRange(Encoding.ASCII.GetBytes(value));
        _bytes.Add(0);
    }

    /// <summary>An array (a…): its length in bytes, which the padding before the first element is no part of, and what <paramref name="elements"/> writes.</summary>
    public void Array(int elementAlignment, Action<DBusWriter> elements)
    {
        UInt32(0);
        int length = _bytes.Count - 4;
        Align(elementAlignment);
        int start = _bytes.Count;
        elements(this);
        BinaryPrimitives.WriteUInt32LittleEndian(CollectionsMarshal.AsSpan(_bytes).Slice(length, 4), (uint)(_bytes.Count - start));
    }

    /// <summary>Appends what is marshalled already, at a multiple of eight.</summary>
    public void Body(ReadOnlySpan<byte> body)
    {
        Align(8);
        _bytes.AddRange(body);
    }
}
