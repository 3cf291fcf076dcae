using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace ContainerTools.Runtime.Linux;

/// <summary>A netlink(7) message under construction: header, a structure of the family's, attributes that may be nested.</summary>
internal sealed class NetlinkMessage
{
    /// <summary>struct nlmsghdr: length, type, flags, sequence, port.</summary>
    public const int HeaderSize = 16;
    private byte[] _buffer = new byte[512];
    private int _length = HeaderSize;

    /// <summary>A request.</summary>
    /// <param name="type">RTM_…</param>
    /// <param name="flags">NLM_F_…; NLM_F_REQUEST is added.</param>
    public NetlinkMessage(ushort type, ushort flags)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(6), (ushort)(flags | 1));
    }

    /// <summary>Whether the kernel answers it even where there is nothing to say.</summary>
    public bool IsAcknowledged => (BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(6)) & 4) != 0;

    /// <summary>Appends a structure, zeroed; it is filled in place, before anything else is appended.</summary>
    public Span<byte> Structure(int size)
    {
        Reserve(size);
        Span<byte> place = _buffer.AsSpan(_length, size);
        _length += (size + 3) & ~3;
        return place;
    }

    /// <summary>Appends an attribute of bytes.</summary>
    public NetlinkMessage Add(ushort type, ReadOnlySpan<byte> value)
    {
        Reserve(4 + value.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(_length), (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(_length + 2), type);
        value.CopyTo(_buffer.AsSpan(_length + 4));
        _length += (4 + value.Length + 3) & ~3;
        return this;
    }

    /// <summary>Appends a 32-bit number.</summary>
    public NetlinkMessage Add(ushort type, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Add(type, bytes);
    }

    /// <summary>Appends a 32-bit number in network byte order, as netfilter's are.</summary>
    public NetlinkMessage AddBigEndian(ushort type, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return Add(type, bytes);
    }

    /// <summary>Appends a text with its zero.</summary>
    public NetlinkMessage Add(ushort type, string value) => Add(type, Encoding.ASCII.GetBytes(value + "\0"));

    /// <summary>Appends an address.</summary>
    public NetlinkMessage Add(ushort type, IPAddress value) => Add(type, value.GetAddressBytes());

    /// <summary>Appends an attribute that holds what <paramref name="fill"/> appends.</summary>
    public NetlinkMessage Nest(ushort type, Action fill)
    {
        Reserve(4);
        int start = _length;
        _length += 4;
        fill();
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start), (ushort)(_length - start));
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start + 2), type);
        return this;
    }

    /// <summary>The finished message.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_buffer, _length);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(8), sequence);
        return _buffer.AsSpan(0, _length);
    }

    private void Reserve(int size)
    {
        if (_length + size + 3 > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_length + size + 3, _buffer.Length * 2));
    }
}
