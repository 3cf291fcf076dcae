using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Sessions;

/// <summary>
/// The engine's side of a command that is executed in a container: its pipes or its terminal, and its end. Nothing here blocks a thread: the
/// descriptors do not wait, and all waiting is done on the one thread of <see cref="DescriptorWaiter"/>.
/// </summary>
internal sealed class ExecSession : IContainerSession
{
    private const int PieceSize = 64 * 1024;
    private const int PiecesAhead = 4;
    private static readonly byte[] s_endOfTransmission = [4];

    private readonly SafeFileHandle _socket;
    private readonly SafeFileHandle? _output;
    private readonly SafeFileHandle? _error;
    private readonly SafeFileHandle? _terminal;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task<int> _exit;
    private SafeFileHandle? _input;

    /// <summary>Takes over a session whose command runs.</summary>
    /// <param name="processId">The command on the host.</param>
    /// <param name="exit">Completes with the exit code.</param>
    /// <param name="socket">Its closing kills the command.</param>
    /// <param name="streams">The pipes; none with a terminal or when detached.</param>
    /// <param name="terminal">The terminal's master side, or null.</param>
    public ExecSession(int processId, Task<int> exit, SafeFileHandle socket, SessionStreams streams, SafeFileHandle? terminal)
    {
        ProcessId = processId;
        _exit = exit;
        _socket = socket;
        (_input, _output, _error) = streams.Take();
        _terminal = terminal;
        if (terminal is not null) Libc.SetNonBlocking(terminal);
    }

    /// <inheritdoc/>
    public int? ProcessId { get; }

    /// <inheritdoc/>
    public async IAsyncEnumerable<OutputChunk> ReadOutputAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<(OutputStream Stream, byte[] Buffer, int Length)> pieces =
            Channel.CreateBounded<(OutputStream, byte[], int)>(new BoundedChannelOptions(PiecesAhead) { SingleReader = true });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task reading = Task.WhenAll(
            PumpAsync(_terminal ?? _output, OutputStream.StandardOutput, pieces.Writer, stop.Token),
            PumpAsync(_error, OutputStream.StandardError, pieces.Writer, stop.Token));
        _ = reading.ContinueWith(task => pieces.Writer.TryComplete(task.Exception?.InnerException), TaskScheduler.Default);
        try
        {
            await foreach ((OutputStream stream, byte[] buffer, int length) in pieces.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return new OutputChunk(stream, buffer.AsMemory(0, length));
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task WriteInputAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            SafeFileHandle target = _terminal ?? _input
                ?? throw new ContainerException(ErrorCode.InvalidArgument, "The command has no standard input; execute it interactively to write to it.");
            while (!data.IsEmpty)
            {
                int count = Libc.Write(target, data.Span);
                if (count >= 0) data = data[count..];
                else if (count == -Errno.EAGAIN) await DescriptorWaiter.WaitWritableAsync(target, cancellationToken).ConfigureAwait(false);
                else throw KernelError.From("write", -count, "standard input");
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public async Task CloseInputAsync(CancellationToken cancellationToken)
    {
        if (_terminal is not null)
        {
            // A terminal has no end of file: its line discipline makes one of Ctrl+D at the beginning of a line.
            await WriteInputAsync(s_endOfTransmission, cancellationToken).ConfigureAwait(false);
            return;
        }

        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _input?.Dispose();
            _input = null;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken)
    {
        if (_terminal is null) throw new ContainerException(ErrorCode.InvalidArgument, "The command has no terminal.");
        int errno = Libc.TrySetTerminalSize(_terminal, checked((ushort)columns), checked((ushort)rows));
        if (errno != 0) throw KernelError.From("ioctl(TIOCSWINSZ)", errno, "the command's terminal");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<int> WaitAsync(CancellationToken cancellationToken) => _exit.WaitAsync(cancellationToken);

    /// <summary>Closes the streams; a command that has not ended, and was not detached, is killed.</summary>
    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _input?.Dispose();
        _output?.Dispose();
        _error?.Dispose();
        _terminal?.Dispose();
        _writing.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task PumpAsync(
        SafeFileHandle? source, OutputStream stream, ChannelWriter<(OutputStream Stream, byte[] Buffer, int Length)> pieces, CancellationToken cancellationToken)
    {
        if (source is null) return;
        while (true)
        {
            // Asked before the reading: what a command that has ended wrote is then read in this round. Children that it left behind may
            // hold the pipe open for ever; they are not waited for.
            bool ended = _exit.IsCompleted;
            byte[] buffer = new byte[PieceSize];
            int count = Libc.Read(source, buffer);
            if (count > 0)
            {
                await pieces.WriteAsync((stream, buffer, count), cancellationToken).ConfigureAwait(false);
            }
            else if (count == -Errno.EAGAIN)
            {
                if (ended) return;
                await WaitAsync(source, cancellationToken).ConfigureAwait(false);
            }
            else if (count == 0 || count == -Errno.EIO)
            {
                // EIO is a terminal's end of file: nobody has its other side open any more.
                return;
            }
            else
            {
                throw KernelError.From("read", -count, "the command's output");
            }
        }
    }

    private async Task WaitAsync(SafeFileHandle source, CancellationToken cancellationToken)
    {
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task readable = DescriptorWaiter.WaitReadableAsync(source, done.Token);
        await Task.WhenAny(readable, _exit).ConfigureAwait(false);
        await done.CancelAsync().ConfigureAwait(false);
        await readable.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (readable.IsFaulted) await readable.ConfigureAwait(false);
    }
}
