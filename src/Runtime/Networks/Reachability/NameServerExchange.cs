using System.Net;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>Asks one name server questions, over UDP together, and over TCP each whose answer was cut, as the C library does.</summary>
/// <param name="server">The server.</param>
/// <param name="deadline">When it counts as silent.</param>
internal sealed class NameServerExchange(IPAddress server, Deadline deadline)
{
    private const int Port = 53;
    private const int LargestDatagram = 65535;
    private readonly byte[] _buffer = new byte[LargestDatagram];

    /// <summary>Why a question has no answer, as the end of a sentence that begins with the server; null where all have one.</summary>
    public string? Failure { get; private set; }

    /// <summary>Asks; an answer that says that the server has failed, or does not want to, is none.</summary>
    /// <param name="questions">The questions.</param>
    /// <param name="overStream">Over TCP from the start.</param>
    /// <returns>The answer to each, or null.</returns>
    public byte[]?[] Ask(IReadOnlyList<DnsQuestion> questions, bool overStream)
    {
        byte[]?[] answers = overStream ? new byte[]?[questions.Count] : AskDatagrams(questions);
        for (int i = 0; i < questions.Count; i++)
        {
            if (overStream || (answers[i] is { } cut && DnsMessage.IsCut(cut))) answers[i] = AskStream(questions[i]);
            if (answers[i] is not { } answer || !DnsMessage.HasFailed(answer)) continue;
            Failure = (answer[3] & 0xF) switch { 2 => "failed (SERVFAIL)", 4 => "does not know how (NOTIMP)", _ => "refuses (REFUSED)" };
            answers[i] = null;
        }

        return answers;
    }

    private byte[]?[] AskDatagrams(IReadOnlyList<DnsQuestion> questions)
    {
        byte[]?[] answers = new byte[]?[questions.Count];
        using SafeFileHandle? socket = Open(Libc.DatagramSocket);
        if (socket is null) return answers;
        int missing = questions.Count;
        foreach (DnsQuestion question in questions)
        {
            if (!Take(Libc.Write(socket, question.Query))) return answers;
        }

        while (missing > 0)
        {
            if (!Libc.Poll(socket, Libc.POLLIN, deadline.Left))
            {
                Failure = "does not answer";
                break;
            }

            int length = Libc.Read(socket, _buffer);
            if (length == -Errno.EAGAIN) continue;
            if (!Take(length)) break;
            for (int i = 0; i < questions.Count; i++)
            {
                // What fits to no question is late or forged, and the answer may still come.
                if (answers[i] is not null || !questions[i].IsAnswer(_buffer.AsSpan(0, length))) continue;
                answers[i] = _buffer[..length];
                missing--;
                break;
            }
        }

        return answers;
    }

    private byte[]? AskStream(DnsQuestion question)
    {
        using SafeFileHandle? socket = Open(Libc.StreamSocket);
        if (socket is null) return null;
        if (!Libc.Poll(socket, Libc.POLLOUT, deadline.Left)) return Fail("does not answer over TCP");
        if (!Take(-Libc.PendingError(socket))) return null;
        Span<byte> size = [(byte)(question.Query.Length >> 8), (byte)question.Query.Length];
        if (!Take(Libc.Send(socket, size, question.Query))) return null;
        byte[]? head = Receive(socket, 2);
        byte[]? answer = head is null ? null : Receive(socket, (head[0] << 8) | head[1]);
        return answer is null || question.IsAnswer(answer) ? answer : Fail("answers something else over TCP");
    }

    private byte[]? Receive(SafeFileHandle socket, int length)
    {
        byte[] content = new byte[length];
        for (int at = 0; at < length;)
        {
            if (!Libc.Poll(socket, Libc.POLLIN, deadline.Left)) return Fail("does not answer over TCP");
            int count = Libc.Read(socket, content.AsSpan(at));
            if (count == -Errno.EAGAIN) continue;
            if (!Take(count)) return null;
            if (count == 0) return Fail("ends the connection without an answer");
            at += count;
        }

        return content;
    }

    private SafeFileHandle? Open(int type)
    {
        bool ipv6 = server.GetAddressBytes().Length == 16;
        SafeFileHandle? socket = Libc.TryOpenNetworkSocket(ipv6, type, 0, out int errno);
        if (socket is not null)
        {
            Libc.HearOfErrors(socket, ipv6);
            errno = Libc.TryConnect(socket, server, Port);
            if (errno == 0 || errno == Errno.EINPROGRESS) return socket;
            socket.Dispose();
        }

        Take(-errno);
        return null;
    }

    // The result of a system call: false, with the reason, where it is an error.
    private bool Take(int result)
    {
        if (result >= 0) return true;
        Failure = ReachabilityWords.OfServer(-result);
        return false;
    }

    private byte[]? Fail(string reason)
    {
        Failure = reason;
        return null;
    }
}
