using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>The monitor's end of the container's standard input: a pipe, or the terminal.</summary>
internal sealed class ContainerInput : IEventHandler, IDisposable
{
    // What closes a terminal's input is a character, VEOF in termios(3); the end of file that it makes is read, and the terminal lives on.
    private const byte EndOfTransmission = 4;

    private readonly SafeFileHandle _file;
    private readonly bool _isTerminal;
    private readonly EventLoop.Registration _registration;
    private readonly List<ControlConnection> _waiting = [];
    private bool _isClosed;

    /// <summary>Takes over the monitor's end.</summary>
    public ContainerInput(EventLoop loop, SafeFileHandle file, bool isTerminal)
    {
        _file = file;
        _isTerminal = isTerminal;
        _registration = loop.Add(file, 0, this);
    }

    /// <summary>Writes what the container takes without waiting.</summary>
    /// <returns>How many bytes that is; all of them when nobody reads any more, since nothing else can be done with them.</returns>
    public int Write(ReadOnlySpan<byte> data)
    {
        if (_isClosed) return data.Length;
        int written = 0;
        while (written < data.Length)
        {
            int count = Libc.Write(_file, data[written..]);
            if (count == -Errno.EAGAIN) return written;
            if (count < 0)
            {
                Close();
                return data.Length;
            }

            written += count;
        }

        return written;
    }

    /// <summary>Tells a client when the container takes more.</summary>
    public void Await(ControlConnection connection)
    {
        _waiting.Add(connection);
        _registration.Change(Libc.EPOLLOUT);
    }

    /// <summary>The client is gone.</summary>
    public void Forget(ControlConnection connection) => _waiting.Remove(connection);

    /// <summary>The process reads end of file when it has read all that was written.</summary>
    public void End()
    {
        if (_isClosed) return;
        if (_isTerminal) Libc.Write(_file, [EndOfTransmission]);
        else Close();
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        _registration.Change(0);
        // Those that still cannot go on put themselves in the list again.
        ControlConnection[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (ControlConnection connection in waiting) connection.OnInputTaken();
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void Close()
    {
        if (_isClosed) return;
        _isClosed = true;
        _registration.Dispose();
        _file.Dispose();
        ControlConnection[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (ControlConnection connection in waiting) connection.OnInputTaken();
    }
}
