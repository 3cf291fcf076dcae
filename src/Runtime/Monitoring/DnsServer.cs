using System.Net;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// The resolver of one container: listens at 127.0.0.11 in the container's network namespace, on sockets that were made there, and answers from the networks'
/// folders of names, which need no copy and are never out of date. All else is asked of the host's servers (<see cref="DnsForwarder"/>).
/// </summary>
internal sealed class DnsServer : IEventHandler, IDisposable
{
    private const int LargestQuery = 4096;
    private const int MostConnections = 32;
    private readonly EventLoop _loop;
    private readonly SafeFileHandle _datagrams;
    private readonly SafeFileHandle _streams;
    private readonly EventLoop.Registration _datagramRegistration;
    private readonly EventLoop.Registration _streamRegistration;
    private readonly DnsForwarder _forwarder;
    private readonly LinkedList<Connection> _connections = new();
    private uint _turn;

    /// <summary>Begins to answer.</summary>
    public DnsServer(EventLoop loop, NetworkPlan plan, SafeFileHandle datagrams, SafeFileHandle streams)
    {
        _loop = loop;
        Plan = plan;
        _datagrams = datagrams;
        _streams = streams;
        _forwarder = new DnsForwarder(loop, plan.Servers, TimeSpan.FromSeconds(plan.ServerTimeout), plan.ServerAttempts);
        _datagramRegistration = loop.Add(datagrams, Libc.EPOLLIN, this);
        _streamRegistration = loop.Add(streams, Libc.EPOLLIN, new Acceptor(this));
    }

    /// <summary>The networks whose names are known.</summary>
    public NetworkPlan Plan { get; set; }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        byte[] buffer = new byte[LargestQuery];
        Span<byte> client = stackalloc byte[28];
        int length = Libc.ReceiveFrom(_datagrams, buffer, client, out int clientLength);
        if (length <= 0) return;
        byte[] address = client[..clientLength].ToArray();
        Handle(buffer.AsSpan(0, length), isStream: false, answer => Libc.SendTo(_datagrams, answer, address), address);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _forwarder.Dispose();
        while (_connections.First is { } connection) connection.Value.Dispose();
        _datagramRegistration.Dispose();
        _streamRegistration.Dispose();
    }

    /// <summary>Gets an answer; it is copied before this returns.</summary>
    public delegate void Reply(ReadOnlySpan<byte> answer);

    private void Handle(ReadOnlySpan<byte> query, bool isStream, Reply reply, byte[] client)
    {
        if (!DnsMessage.TryRead(query, out DnsMessage question)) return;
        List<byte[]>? values;
        try
        {
            values = Find(question);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ContainerException)
        {
            // A folder that goes at this moment, or no descriptor left: that must not end the container.
            reply(question.Failure(query, DnsMessage.ServerFailure));
            return;
        }

        if (values is not null)
        {
            reply(question.Answer(query, values, isStream ? ushort.MaxValue : question.DatagramSize));
            return;
        }

        bool mayLeave = Plan.Endpoints.Any(static endpoint => !endpoint.Internal);
        if (!mayLeave || Plan.Servers.Count == 0)
        {
            reply(question.Failure(query, DnsMessage.ServerFailure));
            return;
        }

        _forwarder.Ask(question, query.ToArray(), isStream, client, reply);
    }

    /// <summary>The records of a name; null where no container has it.</summary>
    private List<byte[]>? Find(DnsMessage question)
    {
        if (question.Type == DnsMessage.Pointer)
        {
            if (DnsMessage.ReverseAddress(question.Name) is not { } address) return null;
            foreach (EndpointPlan endpoint in Plan.Endpoints)
            {
                string? owner = Libc.ReadLink(Path.Combine(Plan.NetworksRun, endpoint.Network, "addresses", address.ToString()));
                if (owner?.Split(' ') is [_, string name] && DnsMessage.NameData($"{name}.{endpoint.Network}") is { } data) return [data];
            }

            return null;
        }

        List<byte[]>? found = null;
        foreach (EndpointPlan endpoint in Plan.Endpoints)
        {
            string name = question.Name;
            string suffix = "." + AddressLeases.Key(endpoint.Network);
            Look(endpoint, name);
            if (name.EndsWith(suffix, StringComparison.Ordinal)) Look(endpoint, name[..^suffix.Length]);
        }

        // Each gets a turn as the first, which is the one that most programs take.
        if (found is { Count: > 1 })
        {
            int first = (int)(_turn++ % (uint)found.Count);
            found = [.. found[first..], .. found[..first]];
        }

        return found;

        void Look(EndpointPlan endpoint, string name)
        {
            if (name.Length == 0 || name[0] == '.' || name.Contains('/', StringComparison.Ordinal)) return;
            string folder = Path.Combine(Plan.NetworksRun, endpoint.Network, "names", name);
            if (!Directory.Exists(folder)) return;
            foreach (string link in Directory.GetFileSystemEntries(folder))
            {
                if (!IPAddress.TryParse(Path.GetFileName(link), out IPAddress? address) || !AddressLeases.Leads(Plan.NetworksRun, endpoint.Network, link)) continue;
                found ??= [];
                byte[] bytes = address.GetAddressBytes();
                if (question.Type == (bytes.Length == 4 ? DnsMessage.A : DnsMessage.AAAA)) found.Add(bytes);
            }
        }
    }

    private void Accept()
    {
        if (Libc.TryAccept(_streams) is not { } socket) return;
        if (_connections.Count >= MostConnections) _connections.First!.Value.Dispose();
        _ = new Connection(this, socket);
    }

    private sealed class Acceptor(DnsServer owner) : IEventHandler
    {
        public void OnReady(uint events) => owner.Accept();
    }

    /// <summary>A client that asks over TCP: messages with two bytes of length before each.</summary>
    private sealed class Connection : IEventHandler, IDisposable
    {
        private readonly DnsServer _owner;
        private readonly SafeFileHandle _socket;
        private readonly EventLoop.Registration _registration;
        private readonly LinkedListNode<Connection> _place;
        private readonly byte[] _buffer = new byte[LargestQuery];
        private int _length;

        public Connection(DnsServer owner, SafeFileHandle socket)
        {
            _owner = owner;
            _socket = socket;
            _registration = owner._loop.Add(socket, Libc.EPOLLIN, this);
            _place = owner._connections.AddLast(this);
        }

        public void OnReady(uint events)
        {
            int count = Libc.Read(_socket, _buffer.AsSpan(_length));
            if (count == -Errno.EAGAIN) return;
            if (count <= 0)
            {
                Dispose();
                return;
            }

            _length += count;
            while (_length >= 2)
            {
                int size = (_buffer[0] << 8) | _buffer[1];
                if (size + 2 > _buffer.Length)
                {
                    Dispose();
                    return;
                }

                if (_length < size + 2) return;
                byte[] query = _buffer[2..(size + 2)];
                _buffer.AsSpan(size + 2, _length - size - 2).CopyTo(_buffer);
                _length -= size + 2;
                _owner.Handle(query, isStream: true, Send, []);
            }
        }

        public void Dispose()
        {
            if (_place.List is null) return;
            _owner._connections.Remove(_place);
            _registration.Dispose();
            _socket.Dispose();
        }

        private void Send(ReadOnlySpan<byte> answer)
        {
            if (_place.List is null) return;
            Span<byte> length = [(byte)(answer.Length >> 8), (byte)answer.Length];
            // A client that does not take an answer of this size at once has gone wrong.
            if (Libc.Send(_socket, length, answer) != answer.Length + 2) Dispose();
        }
    }
}
