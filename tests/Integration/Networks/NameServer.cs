using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>
/// A name server of the test's own, at port 53 of an address of its network namespace, over UDP and TCP. It answers by the first label of the question: what begins with <c>big</c> with
/// so many addresses that no datagram of 512 bytes holds them, <c>missing</c> with NXDOMAIN, all else with one address.
/// </summary>
internal sealed class NameServer : IDisposable
{
    private const int ManyAddresses = 60;
    private readonly UdpClient _datagrams;
    private readonly TcpListener _streams;
    private readonly Task _both;
    private volatile bool _disposed;
    private int _queries;
    private int _streamQueries;

    public NameServer(string address, string answer)
    {
        Answer = IPAddress.Parse(answer);
        IPEndPoint place = new(IPAddress.Parse(address), 53);
        _datagrams = new UdpClient(place);
        _streams = new TcpListener(place);
        _streams.Start();
        _both = Task.WhenAll(Task.Run(DatagramsAsync), Task.Run(StreamsAsync));
    }

    public IPAddress Answer { get; }

    /// <summary>It takes questions and says nothing.</summary>
    public volatile bool IsSilent;

    /// <summary>It answers SERVFAIL.</summary>
    public volatile bool Fails;

    public int Queries => Volatile.Read(ref _queries);

    public int StreamQueries => Volatile.Read(ref _streamQueries);

    public void Dispose()
    {
        _disposed = true;
        _datagrams.Dispose();
        _streams.Stop();
        _both.Wait();
    }

    private async Task DatagramsAsync()
    {
        try
        {
            while (true)
            {
                UdpReceiveResult query = await _datagrams.ReceiveAsync();
                Interlocked.Increment(ref _queries);
                if (!IsSilent) await _datagrams.SendAsync(Reply(query.Buffer, 512), query.RemoteEndPoint);
            }
        }
        catch (Exception) when (_disposed)
        {
            // Closing the sockets is what ends this.
        }
    }

    private async Task StreamsAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _streams.AcceptTcpClientAsync();
                NetworkStream stream = client.GetStream();
                byte[] size = new byte[2];
                await stream.ReadExactlyAsync(size);
                byte[] query = new byte[(size[0] << 8) | size[1]];
                await stream.ReadExactlyAsync(query);
                Interlocked.Increment(ref _streamQueries);
                byte[] reply = Reply(query, ushort.MaxValue);
                await stream.WriteAsync((byte[])[(byte)(reply.Length >> 8), (byte)reply.Length, .. reply]);
            }
        }
        catch (Exception) when (_disposed)
        {
            // Closing the sockets is what ends this.
        }
    }

    private byte[] Reply(byte[] query, int limit)
    {
        int end = 12;
        while (query[end] != 0) end += query[end] + 1;
        end += 5;
        string first = Encoding.ASCII.GetString(query, 13, query[12]);
        bool isAddress = query[end - 3] == 1;
        int code = Fails ? 2 : first == "missing" ? 3 : 0;
        int count = code != 0 || !isAddress ? 0 : first.StartsWith("big", StringComparison.Ordinal) ? ManyAddresses : 1;
        bool cut = end + (count * 16) > limit;
        if (cut) count = 0;
        byte[] reply = new byte[end + (count * 16)];
        query.AsSpan(0, end).CopyTo(reply);
        reply[2] = (byte)(0x80 | (query[2] & 1) | (cut ? 2 : 0));
        reply[3] = (byte)(0x80 | code);
        (reply[6], reply[7]) = ((byte)(count >> 8), (byte)count);
        reply.AsSpan(8, 4).Clear();
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> record = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, .. Answer.GetAddressBytes()];
            record.CopyTo(reply.AsSpan(end + (i * 16)));
            reply[end + (i * 16) + 15] = (byte)(i + 1);
        }

        return reply;
    }
}
