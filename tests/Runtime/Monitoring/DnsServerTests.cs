using System.Net;
using System.Net.Sockets;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using ContainerTools.Runtime.Networks;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Monitoring;

/// <summary>The resolver over real sockets: whatever a container sends, it goes on answering.</summary>
public sealed class DnsServerTests : IDisposable
{
    private readonly string _run = Directory.CreateTempSubdirectory("containertools-dns-").FullName;
    private readonly EventLoop _loop = new();
    private readonly SafeFileHandle _datagrams = Listen(Libc.DatagramSocket);
    private readonly SafeFileHandle _streams = Listen(Libc.StreamSocket);
    private readonly SafeFileHandle _stop;
    private readonly SafeFileHandle _stopper;
    private readonly Thread _thread;
    private readonly DnsServer _server;
    private Exception? _failure;

    public DnsServerTests()
    {
        AddressLeases leases = new(_run, "red");
        leases.Prepare();
        NetworkSubnet subnet = new(IPNetwork.Parse("10.7.0.0/24"), IPAddress.Parse("10.7.0.1"));
        IPAddress address = leases.Take(subnet, null, "id", "web", _ => true);
        leases.AddNames("id", ["web"], address);
        NetworkPlan plan = new()
        {
            Id = "id",
            NetworksRun = _run,
            Endpoints = [new EndpointPlan { Network = "red", Driver = "bridge", Parent = "br", Device = "eth0", Addresses = ["10.7.0.2/24"] }],
        };
        _server = new DnsServer(_loop, plan, _datagrams, _streams);
        (_stop, _stopper) = Libc.CreatePipe();
        _loop.Add(_stop, Libc.EPOLLIN, new Stopper(_loop));
        _thread = new Thread(Run);
        _thread.Start();
    }

    public void Dispose()
    {
        Libc.Write(_stopper, [1]);
        _thread.Join();
        _server.Dispose();
        _loop.Dispose();
        foreach (SafeFileHandle handle in (SafeFileHandle[])[_datagrams, _streams, _stop, _stopper]) handle.Dispose();
        Directory.Delete(_run, recursive: true);
        Assert.Null(_failure);
    }

    [Fact]
    public void It_answers_after_any_number_of_hostile_datagrams()
    {
        using UdpClient client = new();
        client.Connect(IPAddress.Loopback, Libc.BoundPort(_datagrams));
        Random random = new(4711);
        byte[][] seeds = [DnsMessageTests.Query("web", DnsMessage.A), DnsMessageTests.Query("web.red", DnsMessage.AAAA, 4096), DnsMessageTests.Query("2.0.7.10.in-addr.arpa", DnsMessage.Pointer)];
        for (int i = 0; i < 20_000; i++) client.Send(DnsMessageTests.Mutate(random, seeds[i % seeds.Length]));
        // Names that would be paths.
        foreach (string name in (string[])["..", "...", "/", "../../etc", "web/../web", new string('a', 63)]) client.Send(Raw(name));
        Assert.Equal([10, 7, 0, 2], LastAnswer(client)[^4..]);
    }

    [Fact]
    public void It_answers_after_hostile_streams()
    {
        Random random = new(4712);
        int port = Libc.BoundPort(_streams);
        for (int i = 0; i < 200; i++)
        {
            using TcpClient client = new();
            client.Connect(IPAddress.Loopback, port);
            byte[] query = DnsMessageTests.Mutate(random, DnsMessageTests.Query("web", DnsMessage.A));
            int said = i % 3 == 0 ? random.Next(65536) : query.Length;
            try
            {
                client.GetStream().Write([(byte)(said >> 8), (byte)said, .. query, .. query.AsSpan(0, random.Next(query.Length + 1))]);
            }
            catch (IOException)
            {
                // It has closed the connection already.
            }
        }

        using TcpClient good = new();
        good.Connect(IPAddress.Loopback, port);
        byte[] question = DnsMessageTests.Query("web", DnsMessage.A);
        // In pieces, and two at once.
        byte[] both = [0, (byte)question.Length, .. question, 0, (byte)question.Length, .. question];
        foreach (byte[] piece in both.Chunk(5)) good.GetStream().Write(piece);
        byte[] answer = new byte[2 * (2 + question.Length + 16)];
        good.GetStream().ReadExactly(answer);
        Assert.Equal([10, 7, 0, 2], answer[^4..]);
    }

    private byte[] LastAnswer(UdpClient client)
    {
        // What answers the mutated ones comes first; ours has a number of its own, and is asked again where the socket's queue was full.
        byte[] query = DnsMessageTests.Query("web", DnsMessage.A);
        (query[0], query[1]) = (0xFE, 0xDC);
        client.Client.ReceiveTimeout = 1000;
        IPEndPoint from = new(IPAddress.Any, 0);
        client.Send(query);
        while (true)
        {
            Assert.Null(_failure);
            try
            {
                byte[] answer = client.Receive(ref from);
                if (answer.Length == query.Length + 16 && answer[0] == 0xFE && answer[1] == 0xDC) return answer;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.TimedOut)
            {
                client.Send(query);
            }
        }
    }

    private static byte[] Raw(string label)
    {
        byte[] query = DnsMessageTests.Query(new string('x', label.Length), DnsMessage.A);
        System.Text.Encoding.ASCII.GetBytes(label).CopyTo(query.AsSpan(13));
        return query;
    }

    private static SafeFileHandle Listen(int type)
    {
        SafeFileHandle socket = Libc.OpenNetworkSocket(ipv6: false, type);
        Assert.Equal(0, Libc.TryBind(socket, IPAddress.Loopback, 0));
        if (type == Libc.StreamSocket) Assert.Equal(0, Libc.TryListen(socket));
        return socket;
    }

    private void Run()
    {
        try
        {
            _loop.Run();
        }
        catch (Exception error)
        {
            _failure = error;
        }
    }

    private sealed class Stopper(EventLoop loop) : IEventHandler
    {
        public void OnReady(uint events) => loop.Stop();
    }
}
