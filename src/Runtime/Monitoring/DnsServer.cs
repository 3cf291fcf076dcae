using System.Net;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// The resolver of one container: listens at 127.0.0.11 in the container's network namespace, on sockets that were made there, and answers from the networks'
/// folders of names, which need no copy and are never out of date. All else is asked of the host's servers, from the host's network namespace.
/// There are no timers: a client that gets no answer asks again, and is passed on to the next server then.
/// </summary>
internal sealed class DnsServer : IEventHandler, IDisposable
{
    private const int LargestQuery = 4096;
    private const int MostForwards = 64;
    private const int MostConnections = 32;
    private readonly EventLoop _loop;
    private readonly SafeFileHandle _datagrams;
    private readonly SafeFileHandle _streams;
    private readonly EventLoop.Registration _datagramRegistration;
    private readonly EventLoop.Registration _streamRegistration;
    private readonly LinkedList<Forward> _forwards = new();
    private readonly LinkedList<Connection> _connections = new();
    private uint _turn;

    /// <summary>Begins to answer.</summary>
    public DnsServer(EventLoop loop, NetworkPlan plan, SafeFileHandle datagrams, SafeFileHandle streams)
    {
        _loop = loop;
        Plan = plan;
        _datagrams = datagrams;
        _streams = streams;
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
        while (_forwards.First is { } forward) forward.Value.Dispose();
        while (_connections.First is { } connection) connection.Value.Dispose();
        _datagramRegistration.Dispose();
        _streamRegistration.Dispose();
    }

    private void Handle(ReadOnlySpan<byte> query, bool isStream, Action<ReadOnlySpan<byte>> reply, byte[] client)
    {
        if (!DnsMessage.TryRead(query, out DnsMessage question)) return;
        if (Find(question) is { } values)
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

        byte[] copy = query.ToArray();
        Forward? before = _forwards.FirstOrDefault(other => other.Query.AsSpan().SequenceEqual(copy) && other.Client.AsSpan().SequenceEqual(client));
        int server = before is null ? 0 : (before.Server + 1) % Plan.Servers.Count;
        before?.Dispose();
        if (_forwards.Count >= MostForwards) _forwards.First!.Value.Dispose();
        if (!Forward.TryStart(this, copy, client, reply, server)) reply(question.Failure(query, DnsMessage.ServerFailure));
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
                if (owner?.Split(' ') is [_, string name]) return [DnsMessage.NameData($"{name}.{endpoint.Network}")];
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
                if (!IPAddress.TryParse(Path.GetFileName(link), out IPAddress? address)) continue;
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

    /// <summary>A question that was passed on.</summary>
    private sealed class Forward : IEventHandler, IDisposable
    {
        private readonly DnsServer _owner;
        private readonly Action<ReadOnlySpan<byte>> _reply;
        private readonly LinkedListNode<Forward> _place;
        private SafeFileHandle _socket;
        private EventLoop.Registration _registration;

        private Forward(DnsServer owner, byte[] query, byte[] client, Action<ReadOnlySpan<byte>> reply, int server, SafeFileHandle socket)
        {
            _owner = owner;
            _reply = reply;
            Query = query;
            Client = client;
            Server = server;
            _socket = socket;
            _registration = owner._loop.Add(socket, Libc.EPOLLIN, this);
            _place = owner._forwards.AddLast(this);
        }

        public byte[] Query { get; }

        public byte[] Client { get; }

        public int Server { get; private set; }

        public static bool TryStart(DnsServer owner, byte[] query, byte[] client, Action<ReadOnlySpan<byte>> reply, int server)
        {
            for (int tried = 0; tried < owner.Plan.Servers.Count; tried++, server = (server + 1) % owner.Plan.Servers.Count)
            {
                if (TrySend(owner, query, server) is not { } socket) continue;
                _ = new Forward(owner, query, client, reply, server, socket);
                return true;
            }

            return false;
        }

        public void OnReady(uint events)
        {
            byte[] answer = new byte[ushort.MaxValue];
            int length = Libc.Read(_socket, answer);
            // A connected socket hears of its server alone; the number is compared as well, for answers that come late or are forged.
            if (length >= 12 && answer[0] == Query[0] && answer[1] == Query[1] && (answer[2] & 0x80) != 0)
            {
                Dispose();
                _reply(answer.AsSpan(0, length));
            }
            else if (length < 0 && length != -Errno.EAGAIN)
            {
                // Nobody listens there: the next one.
                Dispose();
                if (Server + 1 < _owner.Plan.Servers.Count) TryStart(_owner, Query, Client, _reply, Server + 1);
                else if (DnsMessage.TryRead(Query, out DnsMessage question)) _reply(question.Failure(Query, DnsMessage.ServerFailure));
            }
        }

        public void Dispose()
        {
            _registration.Dispose();
            _socket.Dispose();
            if (_place.List is not null) _owner._forwards.Remove(_place);
        }

        private static SafeFileHandle? TrySend(DnsServer owner, byte[] query, int server)
        {
            if (!IPAddress.TryParse(owner.Plan.Servers[server], out IPAddress? address)) return null;
            SafeFileHandle socket;
            try
            {
                socket = Libc.OpenNetworkSocket(address.GetAddressBytes().Length == 16, Libc.DatagramSocket);
            }
            catch (KernelException)
            {
                // A server by IPv6 where the kernel has none, or no descriptor left: as one that does not answer.
                return null;
            }

            if (Libc.TryConnect(socket, address, 53) == 0 && Libc.Write(socket, query) == query.Length) return socket;
            socket.Dispose();
            return null;
        }
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
                _owner.Handle(query, isStream: true, Reply, []);
            }
        }

        public void Dispose()
        {
            if (_place.List is null) return;
            _owner._connections.Remove(_place);
            _registration.Dispose();
            _socket.Dispose();
        }

        private void Reply(ReadOnlySpan<byte> answer)
        {
            if (_place.List is null) return;
            Span<byte> length = [(byte)(answer.Length >> 8), (byte)answer.Length];
            // A client that does not take an answer of this size at once has gone wrong.
            if (Libc.Send(_socket, length, answer) != answer.Length + 2) Dispose();
        }
    }
}
