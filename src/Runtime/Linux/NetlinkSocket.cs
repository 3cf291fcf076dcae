using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>Asks netlink(7). The socket belongs to the network namespace of the thread that made it, wherever that goes afterwards.</summary>
/// <param name="protocol">NETLINK_…; 0 is rtnetlink(7).</param>
internal sealed class NetlinkSocket(int protocol = 0) : IDisposable
{
    private const ushort NLMSG_ERROR = 2;
    private const ushort NLMSG_DONE = 3;
    private const ushort NLM_F_CAPPED = 0x100;
    private const ushort NLM_F_ACK_TLVS = 0x200;
    private const ushort NLMSGERR_ATTR_MSG = 1;

    // Half of what a socket has by default (net.core.wmem_default), which limits what goes to the kernel at once.
    private const int OrdinarySendBuffer = 100 * 1024;
    private readonly SafeFileHandle _socket = Libc.OpenNetlink(protocol);
    private readonly byte[] _buffer = new byte[32 * 1024];
    private uint _sequence;

    /// <summary>Gets each part of an answer: the message's type, and what comes after its header.</summary>
    public delegate void Part(ushort type, ReadOnlySpan<byte> payload);

    /// <summary>Sends a request and reads to the end of its answer; the request must ask for an acknowledgement or be a dump.</summary>
    /// <param name="message">The request.</param>
    /// <param name="part">Gets the parts of the answer.</param>
    /// <param name="error">The kernel's words, where it has any.</param>
    /// <returns>0 or the errno.</returns>
    public int TryAsk(NetlinkMessage message, Part? part, out string? error)
    {
        error = null;
        int written = Libc.Write(_socket, message.Finish(++_sequence));
        if (written < 0) return -written;
        while (true)
        {
            int read = Libc.Read(_socket, _buffer);
            if (read < 0) return -read;
            foreach (Answer answer in Answers(read))
            {
                if (answer.Sequence != _sequence) continue;
                if (answer.Type == NLMSG_DONE) return 0;
                if (answer.Type == NLMSG_ERROR) return Result(answer, out error);
                part?.Invoke(answer.Type, _buffer.AsSpan(answer.Payload));
            }
        }
    }

    /// <summary>
    /// Sends requests in one piece, so that the kernel takes one after the other without coming back in between. Whether it goes on after one that failed is up to
    /// the protocol: rtnetlink does, a transaction of nftables does nothing at all then.
    /// </summary>
    /// <param name="messages">The requests, of which the last that asks for an acknowledgement is waited for.</param>
    /// <param name="error">The kernel's words to the first that failed, where it has any.</param>
    /// <returns>0 or the errno of the first that failed.</returns>
    public int TryAskTogether(IReadOnlyList<NetlinkMessage> messages, out string? error)
    {
        error = null;
        uint first = _sequence + 1, last = 0;
        using MemoryStream together = new();
        foreach (NetlinkMessage message in messages)
        {
            together.Write(message.Finish(++_sequence));
            if (message.IsAcknowledged) last = _sequence;
        }

        ReadOnlySpan<byte> request = together.GetBuffer().AsSpan(0, (int)together.Length);
        if (request.Length > OrdinarySendBuffer) Libc.ForceSendBuffer(_socket, request.Length * 2);
        int written = Libc.Write(_socket, request);
        if (written < 0) return -written;
        int result = 0;
        while (true)
        {
            int read = Libc.Read(_socket, _buffer);
            if (read < 0) return -read;
            foreach (Answer answer in Answers(read))
            {
                if (answer.Type != NLMSG_ERROR || answer.Sequence < first || answer.Sequence > _sequence) continue;
                int errno = Result(answer, out string? words);
                if (errno != 0 && result == 0) (result, error) = (errno, words);
                // A transaction that is refused as a whole is answered at its beginning, which asks for nothing.
                if (answer.Sequence == last || (errno != 0 && answer.Sequence == first && !messages[0].IsAcknowledged)) return result;
            }
        }
    }

    /// <summary>As <see cref="TryAsk"/>; an error is thrown.</summary>
    /// <param name="message">The request.</param>
    /// <param name="what">What was to be done, for the error: <c>make the bridge ct0</c>.</param>
    /// <param name="part">Gets the parts of the answer.</param>
    /// <exception cref="KernelException">With the kernel's own words.</exception>
    public void Ask(NetlinkMessage message, string what, Part? part = null)
    {
        int errno = TryAsk(message, part, out string? words);
        if (errno != 0) throw Error(errno, what, words);
    }

    /// <summary>The error of a request.</summary>
    public static KernelException Error(int errno, string what, string? words, string protocol = "rtnetlink")
        => KernelError.From(protocol, errno, words is null ? $"(to {what})" : $"(to {what}; the kernel says: {words})");

    /// <summary>Goes through attributes.</summary>
    public static IEnumerable<(ushort Type, byte[] Value)> Attributes(byte[] payload, int start)
    {
        while (start + 4 <= payload.Length)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(payload.AsSpan(start));
            if (length < 4 || start + length > payload.Length) yield break;
            yield return ((ushort)(BinaryPrimitives.ReadUInt16LittleEndian(payload.AsSpan(start + 2)) & 0x3FFF), payload[(start + 4)..(start + length)]);
            start += (length + 3) & ~3;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private List<Answer> Answers(int length)
    {
        List<Answer> answers = [];
        for (int start = 0; start + NetlinkMessage.HeaderSize <= length;)
        {
            ReadOnlySpan<byte> header = _buffer.AsSpan(start, NetlinkMessage.HeaderSize);
            int size = BinaryPrimitives.ReadInt32LittleEndian(header);
            answers.Add(new Answer(
                BinaryPrimitives.ReadUInt16LittleEndian(header[4..]),
                BinaryPrimitives.ReadUInt16LittleEndian(header[6..]),
                BinaryPrimitives.ReadUInt32LittleEndian(header[8..]),
                (start + NetlinkMessage.HeaderSize)..(start + size)));
            start += (size + 3) & ~3;
        }

        return answers;
    }

    private int Result(Answer answer, out string? words)
    {
        ReadOnlySpan<byte> payload = _buffer.AsSpan(answer.Payload);
        int errno = -BinaryPrimitives.ReadInt32LittleEndian(payload);
        words = errno != 0 && (answer.Flags & NLM_F_ACK_TLVS) != 0 ? Words(payload, (answer.Flags & NLM_F_CAPPED) != 0) : null;
        return errno;
    }

    private static string? Words(ReadOnlySpan<byte> payload, bool capped)
    {
        // The errno, the request's header, and, unless it is capped, the request's body come before the attributes.
        int start = 4 + (capped ? NetlinkMessage.HeaderSize : (BinaryPrimitives.ReadInt32LittleEndian(payload[4..]) + 3) & ~3);
        foreach ((ushort type, byte[] value) in Attributes(payload.ToArray(), start))
        {
            if (type == NLMSGERR_ATTR_MSG) return Encoding.UTF8.GetString(value).TrimEnd('\0');
        }

        return null;
    }

    // A message of the kernel's: where its payload is in the buffer.
    private readonly record struct Answer(ushort Type, ushort Flags, uint Sequence, Range Payload);
}
