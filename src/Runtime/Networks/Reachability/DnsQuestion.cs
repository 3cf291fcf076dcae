using System.Buffers.Binary;
using System.Net;
using System.Text;
using ContainerTools.Runtime.Monitoring;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>A question for a name server (RFC 1035, 4.1), and the addresses in its answer.</summary>
internal sealed class DnsQuestion
{
    private const int HeaderSize = 12;
    private const int RecordSize = 10;
    private const ushort Alias = 5;
    private const ushort Internet = 1;
    private const int LongestName = 255;
    private const int MostPointers = 64;
    private readonly DnsMessage _message;

    private DnsQuestion(string name, ushort type, byte[] query)
    {
        Name = name;
        Type = type;
        Query = query;
        DnsMessage.TryRead(query, out _message);
    }

    /// <summary>The name, without the last dot.</summary>
    public string Name { get; }
    /// <summary><see cref="DnsMessage.A"/> or <see cref="DnsMessage.AAAA"/>.</summary>
    public ushort Type { get; }
    /// <summary>The message.</summary>
    public byte[] Query { get; }

    /// <summary>Asks for the addresses of a name; null for one that no message can hold.</summary>
    /// <param name="name">The name, without the last dot.</param>
    /// <param name="type">The kind of address.</param>
    /// <param name="number">What tells the answer from others.</param>
    public static DnsQuestion? Of(string name, ushort type, ushort number)
    {
        if (name.Any(static letter => letter is <= ' ' or > '~') || DnsMessage.NameData(name) is not { } data) return null;
        byte[] query = new byte[HeaderSize + data.Length + 4];
        BinaryPrimitives.WriteUInt16BigEndian(query, number);
        // Recursion is desired; one question.
        query[2] = 1;
        query[5] = 1;
        data.CopyTo(query, HeaderSize);
        BinaryPrimitives.WriteUInt16BigEndian(query.AsSpan(HeaderSize + data.Length), type);
        BinaryPrimitives.WriteUInt16BigEndian(query.AsSpan(HeaderSize + data.Length + 2), Internet);
        return new DnsQuestion(name, type, query);
    }

    /// <summary>Whether something is an answer to this.</summary>
    public bool IsAnswer(ReadOnlySpan<byte> message) => _message.IsAnswer(Query, message);

    /// <summary>
    /// The addresses in an answer, by way of the aliases that lead to them; none where the name has none of that kind. False for an answer that cannot be read: whoever sent it
    /// may be hostile, and nothing is read beyond the message, or without end.
    /// </summary>
    public bool TryReadAddresses(ReadOnlySpan<byte> message, out IReadOnlyList<IPAddress> addresses)
    {
        List<IPAddress> found = [];
        addresses = found;
        if (message.Length < HeaderSize) return false;
        int at = HeaderSize;
        for (int i = BinaryPrimitives.ReadUInt16BigEndian(message[4..]); i > 0; i--)
        {
            if (ReadName(message, ref at) is null || at + 4 > message.Length) return false;
            at += 4;
        }

        string wanted = Name;
        for (int i = BinaryPrimitives.ReadUInt16BigEndian(message[6..]); i > 0; i--)
        {
            if (ReadName(message, ref at) is not { } owner || at + RecordSize > message.Length) return false;
            ushort type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]), group = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
            at += RecordSize;
            if (at + length > message.Length) return false;
            int data = at;
            at += length;
            if (group != Internet || !owner.Equals(wanted, StringComparison.OrdinalIgnoreCase)) continue;
            if (type == Alias)
            {
                if (ReadName(message, ref data) is not { } target) return false;
                wanted = target;
            }
            else if (type == Type)
            {
                if (length != (Type == DnsMessage.A ? 4 : 16)) return false;
                found.Add(new IPAddress(message.Slice(data, length)));
            }
        }

        return true;
    }

    // A name, which may go on elsewhere; null where it leads over the end, in a circle, or is too long.
    private static string? ReadName(ReadOnlySpan<byte> message, ref int at)
    {
        StringBuilder name = new();
        int place = at, pointers = 0;
        while (true)
        {
            if (place >= message.Length) return null;
            int length = message[place++];
            if (length >= 0xC0)
            {
                if (place >= message.Length || ++pointers > MostPointers) return null;
                if (pointers == 1) at = place + 1;
                place = ((length & 0x3F) << 8) | message[place];
                continue;
            }

            if (length > 0x3F || place + length > message.Length || name.Length + length > LongestName) return null;
            if (length == 0) break;
            if (name.Length > 0) name.Append('.');
            foreach (byte letter in message.Slice(place, length)) name.Append((char)letter);
            place += length;
        }

        if (pointers == 0) at = place;
        return name.ToString();
    }
}
