using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>A question to the resolver (RFC 1035, 4.1), and answers to it.</summary>
internal readonly struct DnsMessage
{
    /// <summary>The kind of an IPv4 address.</summary>
    public const ushort A = 1;
    /// <summary>The kind of a name for an address.</summary>
    public const ushort Pointer = 12;
    /// <summary>The kind of an IPv6 address.</summary>
    public const ushort AAAA = 28;
    /// <summary>The server failed.</summary>
    public const int ServerFailure = 2;
    private const ushort Options = 41;
    private const int HeaderSize = 12;
    private const int SmallestDatagram = 512;
    private const int LongestName = 253;
    private const int LongestLabel = 63;
    // Containers come and go; who asks again soon is answered from memory in microseconds.
    private const int TimeToLive = 5;

    private DnsMessage(string name, ushort type, int questionEnd, int datagramSize, bool extended)
    {
        Name = name;
        Type = type;
        QuestionEnd = questionEnd;
        DatagramSize = datagramSize;
        IsExtended = extended;
    }

    /// <summary>The name asked for, in lower case, without the last dot.</summary>
    public string Name { get; }
    /// <summary>The kind of answer that is wanted.</summary>
    public ushort Type { get; }
    /// <summary>The largest datagram that the client takes.</summary>
    public int DatagramSize { get; }
    private int QuestionEnd { get; }
    private bool IsExtended { get; }

    /// <summary>Reads a query with one question of the internet class; false for all else.</summary>
    public static bool TryRead(ReadOnlySpan<byte> query, out DnsMessage message)
    {
        message = default;
        if (query.Length < HeaderSize || (query[2] & 0xF8) != 0 || BinaryPrimitives.ReadUInt16BigEndian(query[4..]) != 1) return false;
        StringBuilder name = new();
        int at = HeaderSize;
        while (true)
        {
            if (at >= query.Length) return false;
            int length = query[at++];
            if (length == 0) break;
            // A question of its own has no pointers.
            if (length > LongestLabel || at + length > query.Length || name.Length + length > LongestName) return false;
            if (name.Length > 0) name.Append('.');
            foreach (byte letter in query.Slice(at, length)) name.Append(letter is > 32 and < 127 ? char.ToLowerInvariant((char)letter) : '?');
            at += length;
        }

        if (at + 4 > query.Length || BinaryPrimitives.ReadUInt16BigEndian(query[(at + 2)..]) != 1) return false;
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(query[at..]);
        int end = at + 4;
        // EDNS (RFC 6891): an additional record of the root, whose class is the size.
        bool extended = query.Length >= end + 11 && query[end] == 0 && BinaryPrimitives.ReadUInt16BigEndian(query[(end + 1)..]) == Options;
        int size = extended ? Math.Max(SmallestDatagram, (int)BinaryPrimitives.ReadUInt16BigEndian(query[(end + 3)..])) : SmallestDatagram;
        message = new DnsMessage(name.ToString(), type, end, size, extended);
        return true;
    }

    /// <summary>The address that a name for a reverse look-up stands for; null where it is none.</summary>
    public static IPAddress? ReverseAddress(string name)
    {
        string[] labels = name.Split('.');
        if (name.EndsWith(".in-addr.arpa", StringComparison.Ordinal) && labels.Length == 6)
        {
            return IPAddress.TryParse($"{labels[3]}.{labels[2]}.{labels[1]}.{labels[0]}", out IPAddress? address) ? address : null;
        }

        if (!name.EndsWith(".ip6.arpa", StringComparison.Ordinal) || labels.Length != 34) return null;
        byte[] bytes = new byte[16];
        for (int i = 0; i < 32; i++)
        {
            if (labels[31 - i].Length != 1 || !char.IsAsciiHexDigit(labels[31 - i][0])) return null;
            bytes[i / 2] = (byte)((bytes[i / 2] << 4) | Convert.ToInt32(labels[31 - i], 16));
        }

        return new IPAddress(bytes);
    }

    /// <summary>An answer with addresses; none is "the name is there, but nothing of that kind".</summary>
    /// <param name="query">The query.</param>
    /// <param name="values">The data of each record.</param>
    /// <param name="limit">The largest answer; a longer one is cut, and says so.</param>
    public byte[] Answer(ReadOnlySpan<byte> query, IReadOnlyList<byte[]> values, int limit)
    {
        int tail = IsExtended ? 11 : 0;
        int size = QuestionEnd + tail, count = 0;
        while (count < values.Count && size + 12 + values[count].Length <= limit) size += 12 + values[count++].Length;
        byte[] answer = new byte[size];
        Header(query, answer, 0, count < values.Count);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)count);
        int at = QuestionEnd;
        for (int i = 0; i < count; i++)
        {
            // A pointer to the name in the question.
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(at), 0xC000 | HeaderSize);
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(at + 2), Type);
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(at + 4), 1);
            BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(at + 6), TimeToLive);
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(at + 10), (ushort)values[i].Length);
            values[i].CopyTo(answer.AsSpan(at + 12));
            at += 12 + values[i].Length;
        }

        if (IsExtended)
        {
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(10), 1);
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(at + 1), Options);
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(at + 3), 4096);
        }

        return answer;
    }

    /// <summary>An answer that is an error.</summary>
    public byte[] Failure(ReadOnlySpan<byte> query, int code)
    {
        byte[] answer = new byte[QuestionEnd];
        Header(query, answer, code, truncated: false);
        return answer;
    }

    /// <summary>An answer that is nothing but cut: the client asks again over TCP.</summary>
    public byte[] Cut(ReadOnlySpan<byte> query)
    {
        byte[] answer = new byte[QuestionEnd];
        Header(query, answer, 0, truncated: true);
        return answer;
    }

    /// <summary>Whether something is an answer to this question: the same number, and the same question, which servers may write in other letters.</summary>
    public bool IsAnswer(ReadOnlySpan<byte> query, ReadOnlySpan<byte> answer)
    {
        if (answer.Length < HeaderSize || answer[0] != query[0] || answer[1] != query[1] || (answer[2] & 0x80) == 0) return false;
        // Some that refuse or fail leave the question out.
        if (BinaryPrimitives.ReadUInt16BigEndian(answer[4..]) == 0) return (answer[3] & 0xF) != 0;
        return answer.Length >= QuestionEnd
            && SameName(query[HeaderSize..(QuestionEnd - 4)], answer[HeaderSize..(QuestionEnd - 4)])
            && query[(QuestionEnd - 4)..QuestionEnd].SequenceEqual(answer[(QuestionEnd - 4)..QuestionEnd]);
    }

    private static bool SameName(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        for (int i = 0; i < one.Length; i++)
        {
            if (one[i] != other[i] && (!char.IsAsciiLetter((char)one[i]) || (one[i] ^ other[i]) != 0x20)) return false;
        }

        return true;
    }

    /// <summary>Whether an answer is cut (TC).</summary>
    public static bool IsCut(ReadOnlySpan<byte> answer) => (answer[2] & 2) != 0;

    /// <summary>Whether a server says that it has failed, does not know how, or does not want to: SERVFAIL, NOTIMP, REFUSED.</summary>
    public static bool HasFailed(ReadOnlySpan<byte> answer) => (answer[3] & 0xF) is 2 or 4 or 5;

    /// <summary>A name as a record holds it; null for one that no record can hold.</summary>
    public static byte[]? NameData(string name)
    {
        if (name.Length > LongestName || name.Split('.').Any(static label => label.Length is 0 or > LongestLabel)) return null;
        byte[] data = new byte[name.Length + 2];
        int at = 0;
        foreach (string label in name.Split('.'))
        {
            data[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, data.AsSpan(at));
        }

        return data;
    }

    // It is a response; recursion is there, where it is wanted.
    private void Header(ReadOnlySpan<byte> query, byte[] answer, int code, bool truncated)
    {
        query[..QuestionEnd].CopyTo(answer);
        answer.AsSpan(6, 6).Clear();
        answer[2] = (byte)(0x80 | (query[2] & 1) | (truncated ? 2 : 0));
        answer[3] = (byte)(0x80 | code);
    }
}
