using System.Buffers.Binary;

namespace ContainerTools.Runtime.DBus;

/// <summary>A message (D-Bus Specification, "Message Format").</summary>
internal sealed record DBusMessage
{
    /// <summary>The bytes of a header before its fields.</summary>
    public const int FixedLength = 16;

    /// <summary>The specification's limit.</summary>
    public const int MostBytes = 128 * 1024 * 1024;

    private const byte PathField = 1, InterfaceField = 2, MemberField = 3, ErrorNameField = 4, ReplySerialField = 5, DestinationField = 6, SignatureField = 8;

    /// <summary>What it is.</summary>
    public required DBusMessageKind Kind { get; init; }
    /// <summary>Its number, unique in a connection.</summary>
    public uint Serial { get; init; }
    /// <summary>The call that it answers; 0 if it answers none.</summary>
    public uint ReplySerial { get; init; }
    /// <summary>Who it is for; null between two that need no bus.</summary>
    public string? Destination { get; init; }
    /// <summary>The object.</summary>
    public string? Path { get; init; }
    /// <summary>The interface.</summary>
    public string? Interface { get; init; }
    /// <summary>The method or the signal.</summary>
    public string? Member { get; init; }
    /// <summary>An error's name.</summary>
    public string? ErrorName { get; init; }
    /// <summary>The types of the body.</summary>
    public string Signature { get; init; } = "";
    /// <summary>The arguments.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>The first argument if it is a text, else the empty one: an error's explanation.</summary>
    public string FirstText => Signature.StartsWith('s') ? new DBusReader(Body).Text() : "";

    /// <summary>How long a message is, by its first <see cref="FixedLength"/> bytes.</summary>
    public static int LengthOf(ReadOnlySpan<byte> start)
    {
        // A bus passes messages on in the byte order of their sender; everybody on this machine has the same.
        if (start[0] != (byte)'l' || start[3] != 1) throw new DBusException("it speaks another byte order or version of the protocol");
        ulong body = BinaryPrimitives.ReadUInt32LittleEndian(start[4..]);
        ulong fields = BinaryPrimitives.ReadUInt32LittleEndian(start[12..]);
        ulong length = FixedLength + ((fields + 7) / 8 * 8) + body;
        return length <= MostBytes ? (int)length : throw new DBusException("the message is larger than the protocol allows");
    }

    /// <summary>A message from its bytes.</summary>
    public static DBusMessage Parse(ReadOnlySpan<byte> bytes)
    {
        int body = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        DBusMessage message = new()
        {
            Kind = (DBusMessageKind)bytes[1],
            Serial = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            Body = bytes[^body..].ToArray(),
        };
        DBusReader reader = new(bytes[..^body]);
        while (reader.Position < 12) reader.Byte();
        int end = (int)reader.UInt32() + FixedLength;
        while (reader.Position < end)
        {
            reader.Align(8);
            byte field = reader.Byte();
            string type = reader.Signature();
            message = (field, type) switch
            {
                (PathField, "o") => message with { Path = reader.Text() },
                (InterfaceField, "s") => message with { Interface = reader.Text() },
                (MemberField, "s") => message with { Member = reader.Text() },
                (ErrorNameField, "s") => message with { ErrorName = reader.Text() },
                (ReplySerialField, "u") => message with { ReplySerial = reader.UInt32() },
                (DestinationField, "s") => message with { Destination = reader.Text() },
                (SignatureField, "g") => message with { Signature = reader.Signature() },
                _ => Unknown(message, ref reader, type),
            };
        }

        return message;
    }

    /// <summary>Its bytes.</summary>
    public ReadOnlySpan<byte> ToBytes()
    {
        DBusWriter writer = new();
        writer.Byte((byte)'l');
        writer.Byte((byte)Kind);
        writer.Byte(0);
        writer.Byte(1);
        writer.UInt32((uint)Body.Length);
        writer.UInt32(Serial);
        writer.Array(8, fields =>
        {
            Field(fields, PathField, "o", Path);
            Field(fields, InterfaceField, "s", Interface);
            Field(fields, MemberField, "s", Member);
            Field(fields, ErrorNameField, "s", ErrorName);
            Field(fields, DestinationField, "s", Destination);
            if (ReplySerial != 0)
            {
                Begin(fields, ReplySerialField, "u");
                fields.UInt32(ReplySerial);
            }

            if (Signature.Length == 0) return;
            Begin(fields, SignatureField, "g");
            fields.Signature(Signature);
        });
        writer.Body(Body);
        return writer.Written;
    }

    private static DBusMessage Unknown(DBusMessage message, ref DBusReader reader, string type)
    {
        reader.Skip(type);
        return message;
    }

    private static void Field(DBusWriter writer, byte field, string type, string? value)
    {
        if (value is null) return;
        Begin(writer, field, type);
        writer.Text(value);
    }

    private static void Begin(DBusWriter writer, byte field, string type)
    {
        writer.Align(8);
        writer.Byte(field);
        writer.Signature(type);
    }
}
