using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ContainerTools.Bench.Networks;

/// <summary>Waits at a published port, from another machine, until a byte comes.</summary>
internal static class FirstByte
{
    // A connection that nobody has taken by then is tried anew: who publishes the port before the container is there would else wait for the client's kernel, which
    // asks again after a second.
    private const int ConnectMicroseconds = 20_000;
    private const int ReadMicroseconds = 200_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Starts a server and waits for its first byte.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="port">The published port.</param>
    /// <param name="start">Starts the server.</param>
    /// <param name="eager">The client tries from the beginning, else as soon as the engine says that the container runs.</param>
    /// <returns>Milliseconds from the call of <paramref name="start"/> to the byte.</returns>
    public static double Measure(NetworkEngine engine, int port, Action start, bool eager)
    {
        NetworkMachine neighbour = engine.Neighbour;
        IPEndPoint server = new(IPAddress.Parse(NetworkEngine.MachineAddress), port);
        using ManualResetEventSlim go = new(initialState: eager), ready = new();
        Task<long> byteCame = Task.Run(() => neighbour.Run(() =>
        {
            ready.Set();
            go.Wait();
            return Wait(server);
        }));
        ready.Wait();
        long begun = Stopwatch.GetTimestamp();
        try
        {
            start();
        }
        finally
        {
            go.Set();
        }

        return Stopwatch.GetElapsedTime(begun, byteCame.GetAwaiter().GetResult()).TotalMilliseconds;
    }

    private static long Wait(IPEndPoint server)
    {
        long end = Stopwatch.GetTimestamp() + (long)(s_patience.TotalSeconds * Stopwatch.Frequency);
        byte[] buffer = new byte[1];
        while (Stopwatch.GetTimestamp() < end)
        {
            if (Try(server, buffer)) return Stopwatch.GetTimestamp();
            Thread.Sleep(1);
        }

        throw new BenchException($"Nothing came from {server} within {s_patience.TotalSeconds} seconds.");
    }

    private static bool Try(IPEndPoint server, byte[] buffer)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            socket.Connect(server);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // As asked for.
        }
        catch (SocketException)
        {
            return false;
        }

        try
        {
            if (!socket.Poll(ConnectMicroseconds, SelectMode.SelectWrite)) return false;
            return socket.Poll(ReadMicroseconds, SelectMode.SelectRead) && socket.Receive(buffer) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
