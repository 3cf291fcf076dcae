using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Logs;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>The control socket and its clients.</summary>
internal sealed class ControlServer : IEventHandler, IDisposable
{
    /// <summary>The most bytes that are read at once, from a client or from the container.</summary>
    public const int BufferSize = 32 * 1024;

    // A client costs a descriptor and a few hundred bytes; this many are enough for people and keep a mistake in a script small.
    private const int MaximumClients = 64;
    private const uint OwnerOnly = 0x180;

    private readonly EventLoop _loop;
    private readonly JsonLogWriter? _log;
    private readonly List<ControlConnection> _connections = [];
    private readonly NativeBuffer _buffer = new(BufferSize);
    private SafeFileHandle? _listener;
    private EventLoop.Registration? _registration;
    // While the list is gone through, nobody is told of changes: whoever is told may read more output into the one buffer, or send the
    // exit and so disconnect others, in the middle of it.
    private bool _goesThrough;
    private bool _hasChanged;

    /// <summary>A server without a socket.</summary>
    /// <param name="loop">Where its files are watched.</param>
    /// <param name="log">The log, for where a client joins.</param>
    public ControlServer(EventLoop loop, JsonLogWriter? log)
    {
        _loop = loop;
        _log = log;
    }

    /// <summary>Is called when something that waited for a client has been sent, or a client is gone.</summary>
    public Action? Changed { get; set; }

    /// <summary>Is called when a client has taken some of what waits for it.</summary>
    public Action? Progress { get; set; }

    /// <summary>Makes the container's networks as the engine's new plan says, and reports.</summary>
    public Func<MonitorReport> ChangeNetwork { get; set; } = static () => throw new InvalidOperationException("No container is supervised.");

    /// <summary>The container's standard input; null while it has none.</summary>
    public ContainerInput? Input { get; set; }

    /// <summary>The container's terminal; null while it has none.</summary>
    public SafeFileHandle? Terminal { get; set; }

    /// <summary>The one buffer for reading, from clients and from the container: what is read is passed on at once.</summary>
    public Span<byte> Buffer
    {
        get
        {
            _buffer.Clear();
            return _buffer.Free;
        }
    }

    /// <summary>Whether the container's output has to wait for a client.</summary>
    public bool IsHeld => _connections.Exists(static connection => connection.Holds);

    /// <summary>Whether something waits to be read by a client.</summary>
    public bool HasPending => _connections.Exists(static connection => connection.HasPending);

    /// <summary>Whether a client has connected but not yet said what it wants.</summary>
    public bool HasUndecided => _connections.Exists(static connection => connection.IsUndecided);

    /// <summary>The exit code and exit.json, once the container has ended for good.</summary>
    public byte[]? End { get; private set; }

    /// <summary>Makes the socket; only its owner, and root, may use it.</summary>
    public void Listen(string path)
    {
        _listener = Libc.ListenLocal(path, OwnerOnly);
        _registration = _loop.Add(_listener, Libc.EPOLLIN, this);
    }

    /// <summary>Takes over a client that was connected before the monitor was started: it misses nothing of the output.</summary>
    public void Adopt(SafeFileHandle socket)
    {
        Libc.SetNonBlocking(socket);
        ControlConnection connection = new(this, _loop, socket);
        _connections.Add(connection);
        connection.OnReady(Libc.EPOLLIN);
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        while (Libc.TryAccept(_listener!) is { } socket)
        {
            uint user = Libc.PeerUserId(socket);
            if (_connections.Count >= MaximumClients || (user != 0 && user != Libc.EffectiveUserId))
            {
                socket.Dispose();
                continue;
            }

            _connections.Add(new ControlConnection(this, _loop, socket));
        }
    }

    /// <summary>A client attaches: it is told where the log ends, and gets what is not in it yet.</summary>
    public void Join(ControlConnection connection)
    {
        if (_log is null)
        {
            connection.SendJoined(default, default, default);
            return;
        }

        _log.Flush();
        connection.SendJoined(_log.Position, _log.Unfinished(OutputStream.StandardOutput), _log.Unfinished(OutputStream.StandardError));
    }

    /// <summary>Sends output of the container to all clients that want it.</summary>
    public void Broadcast(OutputStream stream, ReadOnlySpan<byte> data)
    {
        _goesThrough = true;
        // From the last to the first: one that is disconnected takes itself out of the list.
        for (int index = _connections.Count - 1; index >= 0; index--) _connections[index].SendOutput(stream, data);
        WentThrough();
    }

    /// <summary>The first process has ended: attached clients get their last frame.</summary>
    public void SendExit(ReadOnlySpan<byte> exitCode)
    {
        _goesThrough = true;
        for (int index = _connections.Count - 1; index >= 0; index--)
        {
            if (!_connections[index].IsWaiter) _connections[index].SendExit(exitCode);
        }

        WentThrough();
    }

    /// <summary>
    /// The container has ended for good: waiters, and clients that come later, get the exit code and exit.json. Waiters are connected to
    /// the monitor's own end.
    /// </summary>
    public void SendEnd(byte[] payload)
    {
        End = payload;
        _goesThrough = true;
        for (int index = _connections.Count - 1; index >= 0; index--)
        {
            if (_connections[index].IsWaiter) _connections[index].SendExit(payload);
        }

        WentThrough();
    }

    /// <summary>Disconnects those to whom something could not be sent.</summary>
    public void DropPending()
    {
        _goesThrough = true;
        for (int index = _connections.Count - 1; index >= 0; index--)
        {
            if (_connections[index].HasPending) _connections[index].Dispose();
        }

        WentThrough();
    }

    /// <summary>Takes in who is waiting to be accepted, and listens no more.</summary>
    public void StopListening()
    {
        if (_listener is null) return;
        OnReady(Libc.EPOLLIN);
        _registration!.Dispose();
        _listener.Dispose();
        _listener = null;
    }

    /// <summary>Sets the terminal's size.</summary>
    public void Resize(ushort columns, ushort rows)
    {
        // A terminal whose process is just ending may refuse; then the size does not matter.
        if (Terminal is { } terminal) Libc.TrySetTerminalSize(terminal, columns, rows);
    }

    /// <summary>A client is gone.</summary>
    public void Remove(ControlConnection connection)
    {
        _connections.Remove(connection);
        OnChanged();
    }

    /// <summary>Something that waited has been sent.</summary>
    public void OnChanged()
    {
        if (_goesThrough) _hasChanged = true;
        else Changed?.Invoke();
    }

    /// <summary>Some of what waits has been sent.</summary>
    public void OnProgress() => Progress?.Invoke();

    /// <inheritdoc/>
    public void Dispose()
    {
        Changed = null;
        Progress = null;
        _registration?.Dispose();
        _listener?.Dispose();
        while (_connections.Count > 0) _connections[^1].Dispose();
        _buffer.Dispose();
    }

    private void WentThrough()
    {
        _goesThrough = false;
        if (!_hasChanged) return;
        _hasChanged = false;
        Changed?.Invoke();
    }
}
