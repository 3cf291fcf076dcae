using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Logs;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>Carries one output stream of the container, a pipe or the terminal, into the log and to the attached clients.</summary>
internal sealed class OutputPump : IEventHandler, IDisposable
{
    // The most that an unprivileged process can make a pipe hold (fs.pipe-max-size); a terminal holds far less.
    private const int MaximumPipe = 1024 * 1024;

    private readonly OutputStream _stream;
    private readonly SafeFileHandle _file;
    private readonly JsonLogWriter? _log;
    private readonly ControlServer _clients;
    private readonly EventLoop.Registration _registration;
    private int _drained;
    private bool _isClosed;

    /// <summary>Takes over the monitor's end.</summary>
    public OutputPump(EventLoop loop, OutputStream stream, SafeFileHandle file, JsonLogWriter? log, ControlServer clients)
    {
        _stream = stream;
        _file = file;
        _log = log;
        _clients = clients;
        _registration = loop.Add(file, Libc.EPOLLIN, this);
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        Read();
        if (_clients.IsHeld) Pause();
    }

    /// <summary>Reads no more: the container's writes wait when its pipe is full.</summary>
    public void Pause()
    {
        if (!_isClosed) _registration.Change(0);
    }

    /// <summary>Reads again.</summary>
    public void Resume()
    {
        if (!_isClosed) _registration.Change(Libc.EPOLLIN);
    }

    /// <summary>
    /// Reads what the ended process has left in the pipe; what a process that still has the other end writes later is not waited for.
    /// </summary>
    /// <returns>False when a client has to read first.</returns>
    public bool Drain()
    {
        while (!_isClosed && _drained < MaximumPipe)
        {
            if (_clients.IsHeld) return false;
            int count = Read();
            if (count <= 0) break;
            _drained += count;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        _registration.Dispose();
        _file.Dispose();
    }

    private int Read()
    {
        Span<byte> buffer = _clients.Buffer;
        int count = Libc.Read(_file, buffer);
        if (count == -Errno.EAGAIN) return count;
        if (count <= 0)
        {
            // The end of a pipe; or EIO, which is how a terminal says that nobody has it open any more.
            Dispose();
            return count;
        }

        ReadOnlySpan<byte> data = buffer[..count];
        if (_log is not null)
        {
            _log.Write(_stream, data, DateTime.UtcNow);
            _log.Flush();
        }

        _clients.Broadcast(_stream, data);
        return count;
    }
}
