using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Logs;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// A client's end of the control socket: the streams of a container's first process. The exit code comes behind the output, so
/// <see cref="WaitAsync"/> completes when somebody has read the output to its end.
/// </summary>
internal sealed class AttachedSession : IContainerSession
{
    private const int LargestInput = 32 * 1024;

    private readonly SafeFileHandle _socket;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly byte[] _header = new byte[ControlFrame.HeaderSize];
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TaskCompletionSource<int> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JsonLogScanner? _replay;

    /// <summary>Takes over a connected socket on which the request has been sent.</summary>
    /// <param name="socket">The socket; reading and writing it must not wait.</param>
    /// <param name="processId">The first process on the host, where it is known.</param>
    public AttachedSession(SafeFileHandle socket, int? processId)
    {
        _socket = socket;
        ProcessId = processId;
    }

    /// <inheritdoc/>
    public int? ProcessId { get; }

    /// <summary>Reads the first frame: from then on no output is missed.</summary>
    /// <returns>Where the log ended at that moment.</returns>
    public async Task<LogPosition> JoinAsync(CancellationToken cancellationToken)
    {
        (ControlFrameKind kind, int length) = await ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        if (kind != ControlFrameKind.Joined || length != ControlFrame.JoinedSize) throw Lost();
        await ReadExactlyAsync(_buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        return new LogPosition(BinaryPrimitives.ReadUInt64BigEndian(_buffer), BinaryPrimitives.ReadInt64BigEndian(_buffer.AsSpan(8)));
    }

    /// <summary>What the log holds up to a position comes before the live output.</summary>
    public void Replay(string logPath, LogPosition end) => _replay = new JsonLogScanner(logPath, end);

    /// <inheritdoc/>
    public async IAsyncEnumerable<OutputChunk> ReadOutputAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (_replay is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_replay.TryRead(out JsonLogRecord record))
            {
                yield return new OutputChunk(record.Stream, record.Text);
                continue;
            }

            _replay.Dispose();
            _replay = null;
        }

        while (!_exit.Task.IsCompleted)
        {
            (ControlFrameKind kind, int length) = await ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
            if (kind == ControlFrameKind.Exit)
            {
                await ReadExactlyAsync(_buffer.AsMemory(0, ControlFrame.ExitCodeSize), cancellationToken).ConfigureAwait(false);
                _exit.TrySetResult(BinaryPrimitives.ReadInt32BigEndian(_buffer));
                yield break;
            }

            bool isOutput = kind is ControlFrameKind.StandardOutput or ControlFrameKind.StandardError;
            while (length > 0)
            {
                int count = await ReadAsync(_buffer.AsMemory(0, Math.Min(length, _buffer.Length)), cancellationToken).ConfigureAwait(false);
                length -= count;
                if (isOutput) yield return new OutputChunk((OutputStream)kind, _buffer.AsMemory(0, count));
            }
        }
    }

    /// <inheritdoc/>
    public async Task WriteInputAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (!data.IsEmpty)
        {
            ReadOnlyMemory<byte> part = data[..Math.Min(data.Length, LargestInput)];
            await SendAsync(ControlFrameKind.StandardInput, part, cancellationToken).ConfigureAwait(false);
            data = data[part.Length..];
        }
    }

    /// <inheritdoc/>
    public Task CloseInputAsync(CancellationToken cancellationToken) => SendAsync(ControlFrameKind.StandardInput, default, cancellationToken);

    /// <inheritdoc/>
    public Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken)
    {
        byte[] size = new byte[ControlFrame.ResizeSize];
        BinaryPrimitives.WriteUInt16BigEndian(size, checked((ushort)columns));
        BinaryPrimitives.WriteUInt16BigEndian(size.AsSpan(2), checked((ushort)rows));
        return SendAsync(ControlFrameKind.Resize, size, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<int> WaitAsync(CancellationToken cancellationToken) => _exit.Task.WaitAsync(cancellationToken);

    /// <summary>Disconnects; the container goes on.</summary>
    public ValueTask DisposeAsync()
    {
        _replay?.Dispose();
        _socket.Dispose();
        _writing.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<(ControlFrameKind Kind, int Length)> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        await ReadExactlyAsync(_header, cancellationToken).ConfigureAwait(false);
        return ControlFrame.ReadHeader(_header);
    }

    private async Task ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty) buffer = buffer[await ReadAsync(buffer, cancellationToken).ConfigureAwait(false)..];
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            int count = Libc.Read(_socket, buffer.Span);
            if (count > 0) return count;
            if (count != -Errno.EAGAIN)
            {
                ContainerException lost = Lost();
                // Whoever waits for the exit code hears of it as well; he need not.
                if (_exit.TrySetException(lost)) _ = _exit.Task.Exception;
                throw lost;
            }

            await DescriptorWaiter.WaitReadableAsync(_socket, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(ControlFrameKind kind, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        byte[] header = new byte[ControlFrame.HeaderSize];
        ControlFrame.WriteHeader(header, kind, data.Length);
        // A frame that is begun must be ended, or the stream is spoilt: only the waiting for its turn can be cancelled.
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            int sent = 0;
            while (sent < header.Length + data.Length)
            {
                int count = Libc.Send(_socket, header.AsSpan(Math.Min(sent, header.Length)), data.Span[Math.Max(0, sent - header.Length)..]);
                if (count == -Errno.EAGAIN)
                {
                    await DescriptorWaiter.WaitWritableAsync(_socket, sent == 0 ? cancellationToken : CancellationToken.None).ConfigureAwait(false);
                }
                else if (count < 0)
                {
                    // The process has ended: what it would have read is of no use to anybody. The reading side hears how it ended.
                    return;
                }
                else
                {
                    sent += count;
                }
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    private static ContainerException Lost() => new(
        ErrorCode.MonitorLost,
        "The connection to the container ended early: its output was not read fast enough, or its monitor was killed. The container's log has all of it.");
}
