using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>Asks rtnetlink(7). The socket belongs to the network namespace of the thread that made it, wherever that goes afterwards.</summary>
internal sealed class NetlinkSocket : IDisposable
{
    private const ushort NLMSG_ERROR = 2;
    private const ushort NLMSG_DONE = 3;
    private const ushort NLM_F_CAPPED = 0x100;
    private const ushort NLM_F_ACK_TLVS = 0x200;
    private const ushort NLMSGERR_ATTR_MSG = 1;
    private readonly SafeFileHandle _socket = Libc.OpenRouteNetlink();
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
        ReadOnlySpan<byte> request = message.Finish(++_sequence);
        int written = Libc.Write(_socket, request);
        if (written < 0) return -written;
        byte[] buffer = new byte[32 * 1024];
        while (true)
        {
            int read = Libc.Read(_socket, buffer);
            if (read < 0) return -read;
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, read);
            while (rest.Length >= NetlinkMessage.HeaderSize)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                ushort type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
                ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]);
                bool isOurs = BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]) == _sequence;
                ReadOnlySpan<byte> payload = rest[NetlinkMessage.HeaderSize..length];
                rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
                if (!isOurs) continue;
                if (type == NLMSG_DONE) return 0;
                if (type == NLMSG_ERROR)
                {
                    int errno = -BinaryPrimitives.ReadInt32LittleEndian(payload);
                    if (errno != 0 && (flags & NLM_F_ACK_TLVS) != 0) error = Words(payload, (flags & NLM_F_CAPPED) != 0);
                    return errno;
                }

                part?.Invoke(type, payload);
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
    public static KernelException Error(int errno, string what, string? words)
        => KernelError.From("rtnetlink", errno, words is null ? $"(to {what})" : $"(to {what}; the kernel says: {words})");

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
}
