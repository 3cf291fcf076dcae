using System.Buffers.Binary;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>One client of the control socket. All it can make the monitor hold is bounded.</summary>
internal sealed class ControlConnection : IEventHandler, IDisposable
{
    /// <summary>
    /// Bytes that wait for a client, beyond what the kernel holds for its socket (about 200 KB). A client that falls so far behind is
    /// disconnected, without an exit frame: the container must not wait for it, the monitor's memory must not grow, and a stream with
    /// a hole would be worse than one that ends. What it missed is in the log.
    /// </summary>
    public const int MaximumPending = 1024 * 1024;

    private readonly ControlServer _server;
    private readonly SafeFileHandle _socket;
    private readonly EventLoop.Registration _registration;
    private NativeBuffer? _line = new(ControlRequest.MaximumLine);
    private ControlRequest? _request;
    private NativeBuffer? _pending;
    private NativeBuffer? _untaken;
    private Small _header;
    private int _headerLength;
    private Small _resize;
    private int _resizeLength;
    private ControlFrameKind _kind;
    private int _remaining;
    private bool _endsInput;
    private bool _closesWhenSent;
    private bool _isClosed;

    /// <summary>Takes over a connected socket.</summary>
    public ControlConnection(ControlServer server, EventLoop loop, SafeFileHandle socket)
    {
        _server = server;
        _socket = socket;
        _registration = loop.Add(socket, Libc.EPOLLIN, this);
    }

    /// <summary>Whether the container's output has to wait for this client.</summary>
    public bool Holds => _request is { Hold: true } && HasPending;

    /// <summary>Whether something waits to be read by the client.</summary>
    public bool HasPending => _pending is not null;

    /// <summary>Whether it waits for the container's end only.</summary>
    public bool IsWaiter => _request is { Verb: ControlVerb.Wait };

    /// <summary>Whether it has not said yet what it wants.</summary>
    public bool IsUndecided => _request is null && !_isClosed;

    private bool IsAttached => _request is { Verb: ControlVerb.Attach } && !_closesWhenSent;

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        if ((events & Libc.EPOLLOUT) != 0) SendPending();
        if (!_isClosed && (events & ~Libc.EPOLLOUT) != 0) Receive();
    }

    /// <summary>Sends the first frame: where the log ends, and what the streams have written since their last line end.</summary>
    public void SendJoined(Logs.LogPosition position, ReadOnlySpan<byte> standardOutput, ReadOnlySpan<byte> standardError)
    {
        Span<byte> payload = stackalloc byte[ControlFrame.JoinedSize];
        BinaryPrimitives.WriteUInt64BigEndian(payload, position.Inode);
        BinaryPrimitives.WriteInt64BigEndian(payload[8..], position.Offset);
        Send(ControlFrameKind.Joined, payload);
        if (!standardOutput.IsEmpty) Send(ControlFrameKind.StandardOutput, standardOutput);
        if (!standardError.IsEmpty) Send(ControlFrameKind.StandardError, standardError);
    }

    /// <summary>Sends output of the container, if the client wants it.</summary>
    public void SendOutput(OutputStream stream, ReadOnlySpan<byte> data)
    {
        if (IsAttached) Send((ControlFrameKind)stream, data);
    }

    /// <summary>Sends the last frame; the connection is closed when all is sent.</summary>
    /// <param name="payload">The exit code, and for a waiter exit.json.</param>
    public void SendExit(ReadOnlySpan<byte> payload)
    {
        if (_request is null || _closesWhenSent || _isClosed) return;
        Send(ControlFrameKind.Exit, payload);
        _closesWhenSent = true;
        if (!HasPending && !IsWaiter) Dispose();
    }

    // The only frame there is for who has asked for something to be done.
    private void SendResult(MonitorReport report)
    {
        Send(ControlFrameKind.Result, MonitorReportFormat.WriteLine(report).Span);
        _closesWhenSent = true;
        if (!HasPending) Dispose();
    }

    /// <summary>The container has taken standard input, or never will.</summary>
    public void OnInputTaken()
    {
        if (_isClosed || _untaken is null) return;
        _untaken.RemoveFirst(WriteInput(_untaken.Content));
        if (_untaken.Length > 0)
        {
            _server.Input!.Await(this);
            return;
        }

        _untaken.Dispose();
        _untaken = null;
        if (_endsInput) _server.Input?.End();
        Watch();
    }

    /// <summary>Disconnects.</summary>
    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        _registration.Dispose();
        _socket.Dispose();
        _line?.Dispose();
        _untaken?.Dispose();
        _pending?.Dispose();
        _pending = null;
        _server.Input?.Forget(this);
        _server.Remove(this);
    }

    private void Watch() => _registration.Change((_untaken is null ? Libc.EPOLLIN : 0) | (HasPending ? Libc.EPOLLOUT : 0));

    private void Receive()
    {
        Span<byte> buffer = _server.Buffer;
        int count = Libc.Read(_socket, buffer);
        if (count == -Errno.EAGAIN) return;
        if (count <= 0)
        {
            Dispose();
            return;
        }

        ReadOnlySpan<byte> data = buffer[..count];
        while (!data.IsEmpty && !_isClosed) data = _request is null ? TakeLine(data) : TakeFrame(data);
        if (!_isClosed) Watch();
    }

    private ReadOnlySpan<byte> TakeLine(ReadOnlySpan<byte> data)
    {
        int end = data.IndexOf((byte)'\n');
        ReadOnlySpan<byte> part = end < 0 ? data : data[..end];
        if (_line!.Length + part.Length < _line.Capacity)
        {
            _line.Append(part);
            if (end < 0) return default;
            _request = ControlRequest.Parse(_line.Content);
        }

        if (_request is null)
        {
            Dispose();
            return default;
        }

        _line.Dispose();
        _line = null;
        if (IsAttached) _server.Join(this);
        if (_request.Verb == ControlVerb.Network && _server.End is null) SendResult(_server.ChangeNetwork());
        if (_server.End is { } last) SendExit(IsWaiter ? last : last.AsSpan(0, ControlFrame.ExitCodeSize));
        _server.OnChanged();
        return data[(end + 1)..];
    }

    private ReadOnlySpan<byte> TakeFrame(ReadOnlySpan<byte> data)
    {
        if (_headerLength < ControlFrame.HeaderSize)
        {
            int part = Math.Min(data.Length, ControlFrame.HeaderSize - _headerLength);
            data[..part].CopyTo(((Span<byte>)_header)[_headerLength..]);
            _headerLength += part;
            data = data[part..];
            if (_headerLength < ControlFrame.HeaderSize) return data;
            (_kind, _remaining) = ControlFrame.ReadHeader(_header);
            _resizeLength = 0;
            if (_remaining < 0)
            {
                Dispose();
                return default;
            }

            if (_remaining == 0 && _kind == ControlFrameKind.StandardInput && _request!.StandardInput) EndInput();
        }

        int taken = Math.Min(data.Length, _remaining);
        ReadOnlySpan<byte> payload = data[..taken];
        _remaining -= taken;
        if (_remaining == 0) _headerLength = 0;
        if (_kind == ControlFrameKind.StandardInput && _request!.StandardInput) TakeInput(payload);
        else if (_kind == ControlFrameKind.Resize) TakeResize(payload);
        return data[taken..];
    }

    private void TakeInput(ReadOnlySpan<byte> data)
    {
        if (_endsInput) return;
        int written = _untaken is null ? WriteInput(data) : 0;
        if (written == data.Length) return;
        // Nothing more is read from the client until the container has taken this: it is never more than one buffer.
        if (_untaken is null)
        {
            _untaken = new NativeBuffer(ControlServer.BufferSize);
            _server.Input!.Await(this);
        }

        _untaken.Append(data[written..]);
    }

    private int WriteInput(ReadOnlySpan<byte> data) => _server.Input is { } input ? input.Write(data) : data.Length;

    private void EndInput()
    {
        _endsInput = true;
        if (_untaken is null) _server.Input?.End();
    }

    private void TakeResize(ReadOnlySpan<byte> data)
    {
        Span<byte> size = ((Span<byte>)_resize)[..ControlFrame.ResizeSize];
        int part = Math.Min(data.Length, size.Length - _resizeLength);
        data[..part].CopyTo(size[_resizeLength..]);
        _resizeLength += part;
        if (_remaining == 0 && _resizeLength == size.Length)
        {
            _server.Resize(BinaryPrimitives.ReadUInt16BigEndian(size), BinaryPrimitives.ReadUInt16BigEndian(size[2..]));
        }
    }

    private void Send(ControlFrameKind kind, ReadOnlySpan<byte> data)
    {
        if (_isClosed) return;
        Span<byte> header = stackalloc byte[ControlFrame.HeaderSize];
        ControlFrame.WriteHeader(header, kind, data.Length);
        int sent = 0;
        if (_pending is null)
        {
            sent = Libc.Send(_socket, header, data);
            if (sent < 0)
            {
                if (sent != -Errno.EAGAIN)
                {
                    Dispose();
                    return;
                }

                sent = 0;
            }

            if (sent == header.Length + data.Length) return;
            // Only what is written to costs memory.
            _pending = new NativeBuffer(MaximumPending);
            Watch();
        }

        if (_pending.Length + header.Length + data.Length - sent > _pending.Capacity)
        {
            Dispose();
            return;
        }

        if (sent < header.Length) _pending.Append(header[sent..]);
        _pending.Append(data[Math.Max(0, sent - header.Length)..]);
    }

    private void SendPending()
    {
        while (_pending is { Length: > 0 })
        {
            int sent = Libc.Send(_socket, _pending.Content, default);
            if (sent == -Errno.EAGAIN) return;
            if (sent < 0)
            {
                Dispose();
                return;
            }

            _pending.RemoveFirst(sent);
            _server.OnProgress();
        }

        if (_pending is null) return;
        _pending.Dispose();
        _pending = null;
        if (_closesWhenSent && !IsWaiter)
        {
            Dispose();
            return;
        }

        Watch();
        _server.OnChanged();
    }

    [System.Runtime.CompilerServices.InlineArray(ControlFrame.HeaderSize)]
    private struct Small
    {
        private byte _first;
    }
}
