using System.Net;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// One question that was passed on, from server to server:
/// <code>
///   begin ──▶ asking over UDP ──▶ answered            (cut: the same server over TCP)
///     └─────▶ connecting ──▶ asking over TCP ──▶ answered
///   silent, refused, failed: the next server; none left: the best answer there was, or SERVFAIL
/// </code>
/// </summary>
internal sealed class DnsForward : IEventHandler, IDisposable
{
    private const int Port = 53;
    private readonly DnsForwarder _owner;
    private readonly DnsMessage _question;
    private readonly byte[] _query;
    private readonly bool _isStream;
    private readonly byte[] _client;
    private readonly DnsServer.Reply _reply;
    private readonly List<int> _order;
    private SafeFileHandle? _socket;
    private EventLoop.Registration? _registration;
    private int _server;
    private bool _overStream;
    private bool _isSent;
    private byte[]? _stream;
    private int _streamLength;
    // A cut answer, or one that says that the server has failed: better than none.
    private byte[]? _fallback;

    /// <summary>A question.</summary>
    /// <param name="owner">Who passes it on.</param>
    /// <param name="question">The question.</param>
    /// <param name="query">It as it came.</param>
    /// <param name="isStream">It came over TCP.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="reply">Gets the answer.</param>
    /// <param name="order">The servers to be asked, one after another.</param>
    public DnsForward(DnsForwarder owner, DnsMessage question, byte[] query, bool isStream, byte[] client, DnsServer.Reply reply, List<int> order)
    {
        _owner = owner;
        _question = question;
        _query = query;
        _isStream = isStream;
        _client = client;
        _reply = reply;
        _order = order;
        Place = new LinkedListNode<DnsForward>(this);
    }

    /// <summary>Its place among those that wait.</summary>
    public LinkedListNode<DnsForward> Place { get; }

    /// <summary>When the server counts as silent, in the milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long Deadline { get; set; }

    /// <summary>Whether it is this question of this client.</summary>
    public bool IsSame(ReadOnlySpan<byte> query, ReadOnlySpan<byte> client) => !_isStream && query.SequenceEqual(_query) && client.SequenceEqual(_client);

    /// <summary>Asks the first server.</summary>
    public void Begin() => Next();

    /// <summary>The server has not answered in time.</summary>
    public void OnSilence()
    {
        _owner.Remember(_server, isSilent: true);
        Next();
    }

    /// <summary>Answers without a server's help.</summary>
    public void Fail()
    {
        Dispose();
        _reply(_fallback ?? _question.Failure(_query, DnsMessage.ServerFailure));
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        if (_overStream) OnStream();
        else OnDatagram();
    }

    /// <summary>Forgets it, without an answer.</summary>
    public void Dispose()
    {
        Close();
        _owner.Leave(this);
    }

    private void Next()
    {
        while (_order.Count > 0)
        {
            _server = _order[0];
            _order.RemoveAt(0);
            if (!TryAsk(overStream: _isStream)) continue;
            _owner.Wait(this);
            return;
        }

        Fail();
    }

    private bool TryAsk(bool overStream)
    {
        Close();
        if (!IPAddress.TryParse(_owner.Servers[_server], out IPAddress? address)) return false;
        // Null for a server by IPv6 where the kernel has none, or when no descriptor is left: as one that does not answer.
        SafeFileHandle? socket = Libc.TryOpenNetworkSocket(address.GetAddressBytes().Length == 16, overStream ? Libc.StreamSocket : Libc.DatagramSocket, 0, out int errno);
        if (socket is null) return false;
        errno = Libc.TryConnect(socket, address, Port);
        bool isUnderWay = overStream ? errno == 0 || errno == Errno.EINPROGRESS : errno == 0 && Libc.Write(socket, _query) == _query.Length;
        if (!isUnderWay)
        {
            socket.Dispose();
            return false;
        }

        _socket = socket;
        _overStream = overStream;
        _isSent = !overStream;
        _registration = _owner.Loop.Add(socket, overStream ? Libc.EPOLLOUT : Libc.EPOLLIN, this);
        return true;
    }

    private void Close()
    {
        _registration?.Dispose();
        _registration = null;
        _socket?.Dispose();
        _socket = null;
        _stream = null;
        _streamLength = 0;
    }

    private void OnDatagram()
    {
        int length = Libc.Read(_socket!, _owner.Buffer);
        if (length == -Errno.EAGAIN) return;
        // Nobody listens there: the next one.
        if (length < 0) Next();
        else if (_question.IsAnswer(_query, _owner.Buffer.AsSpan(0, length))) Take(_owner.Buffer.AsSpan(0, length));
        // A connected socket hears of its server alone; what does not fit to the question is late or forged, and the answer may still come.
    }

    private void OnStream()
    {
        if (!_isSent)
        {
            Span<byte> size = [(byte)(_query.Length >> 8), (byte)_query.Length];
            // The connection has failed, or takes nothing.
            if (Libc.Send(_socket!, size, _query) != _query.Length + size.Length)
            {
                Next();
                return;
            }

            _isSent = true;
            _registration!.Change(Libc.EPOLLIN);
            return;
        }

        _stream ??= new byte[2];
        int count = Libc.Read(_socket!, _stream.AsSpan(_streamLength));
        if (count == -Errno.EAGAIN) return;
        if (count <= 0)
        {
            Next();
            return;
        }

        _streamLength += count;
        if (_streamLength < _stream.Length) return;
        if (_streamLength == 2)
        {
            Array.Resize(ref _stream, 2 + ((_stream[0] << 8) | _stream[1]));
            if (_stream.Length > 2) return;
        }

        byte[] answer = _stream[2..];
        if (_question.IsAnswer(_query, answer)) Take(answer);
        else Next();
    }

    private void Take(ReadOnlySpan<byte> answer)
    {
        _owner.Remember(_server, isSilent: false);
        if (DnsMessage.HasFailed(answer))
        {
            // Another may know. This one is not asked again.
            _fallback ??= answer.ToArray();
            _order.RemoveAll(server => server == _server);
            Next();
            return;
        }

        if (DnsMessage.IsCut(answer) && !_overStream)
        {
            _fallback = answer.ToArray();
            if (TryAsk(overStream: true)) _owner.Wait(this);
            else Fail();
            return;
        }

        // What is too long for the client's datagram it gets cut, and asks again over TCP.
        bool fits = _isStream || answer.Length <= _question.DatagramSize;
        byte[] whole = fits ? answer.ToArray() : _fallback ?? _question.Cut(_query);
        Dispose();
        _reply(whole);
    }
}
