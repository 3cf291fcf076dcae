using System.Buffers.Binary;
using System.Text;

namespace ContainerTools.Runtime.DBus;

/// <summary>Reads values in D-Bus's wire format, little-endian. What is cut off or malformed is a <see cref="DBusException"/>.</summary>
internal ref struct DBusReader(ReadOnlySpan<byte> bytes)
{
    // The specification's limit of nested containers.
    private const int MostDepth = 64;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>The offset of the next value, before its padding.</summary>
    public int Position { get; private set; }

    /// <summary>Skips up to a multiple of an alignment.</summary>
    public void Align(int alignment) => Position = (Position + alignment - 1) / alignment * alignment;

    /// <summary>A byte (y).</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>A number of 32 bits (u, b, i).</summary>
    public uint UInt32()
    {
        Align(4);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    /// <summary>A text or an object path (s, o).</summary>
    public string Text()
    {
        string text = Encoding.UTF8.GetString(Take(Length(UInt32())));
        Take(1);
        return text;
    }

    /// <summary>A signature (g).</summary>
    public string Signature()
    {
        string text = Encoding.ASCII.GetString(Take(Byte()));
        Take(1);
        return text;
    }

    /// <summary>Skips a value.</summary>
    /// <param name="signature">A signature; its first complete type is the value's.</param>
    /// <returns>The rest of the signature.</returns>
    public ReadOnlySpan<char> Skip(ReadOnlySpan<char> signature) => Skip(signature, 0);

    private ReadOnlySpan<char> Skip(ReadOnlySpan<char> signature, int depth)
    {
        if (signature.IsEmpty || depth > MostDepth) throw Malformed();
        switch (signature[0])
        {
            case 'y':
                Take(1);
                return signature[1..];
            case 'n' or 'q':
                Align(2);
                Take(2);
                return signature[1..];
            case 'b' or 'i' or 'u' or 'h':
                UInt32();
                return signature[1..];
            case 'x' or 't' or 'd':
                Align(8);
                Take(8);
                return signature[1..];
            case 's' or 'o':
                Take(Length(UInt32()) + 1);
                return signature[1..];
            case 'g':
                Signature();
                return signature[1..];
            case 'v':
                Skip(Signature(), depth + 1);
                return signature[1..];
            case 'a':
                int length = Length(UInt32());
                ReadOnlySpan<char> rest = AfterType(signature[1..], 0);
                Align(AlignmentOf(signature[1..]));
                Take(length);
                return rest;
            case '(' or '{':
                Align(8);
                ReadOnlySpan<char> members = signature[1..];
                while (!members.IsEmpty && members[0] is not (')' or '}')) members = Skip(members, depth + 1);
                return members.IsEmpty ? throw Malformed() : members[1..];
            default:
                throw Malformed();
        }
    }

    private static ReadOnlySpan<char> AfterType(ReadOnlySpan<char> signature, int depth)
    {
        if (signature.IsEmpty || depth > MostDepth) throw Malformed();
        if (signature[0] == 'a') return AfterType(signature[1..], depth + 1);
        if (signature[0] is not ('(' or '{')) return signature[1..];
        ReadOnlySpan<char> rest = signature[1..];
        while (!rest.IsEmpty && rest[0] is not (')' or '}')) rest = AfterType(rest, depth + 1);
        return rest.IsEmpty ? throw Malformed() : rest[1..];
    }

    private static int AlignmentOf(ReadOnlySpan<char> signature) => signature.IsEmpty ? throw Malformed() : signature[0] switch
    {
        'y' or 'g' or 'v' => 1,
        'n' or 'q' => 2,
        'x' or 't' or 'd' or '(' or '{' => 8,
        _ => 4,
    };

    private readonly int Length(uint length) => length <= (uint)_bytes.Length ? (int)length : throw Malformed();

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - Position) throw Malformed();
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private static DBusException Malformed() => new("the message is malformed");
}
