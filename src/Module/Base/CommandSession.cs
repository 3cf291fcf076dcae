using System.Management.Automation;
using System.Text;
using System.Threading.Channels;

namespace ContainerTools.Module;

/// <summary>
/// A process in a container, connected to the pipeline: its output lines go out as they come, also while input is being
/// written, so that neither side waits for the other.
/// </summary>
internal sealed class CommandSession : IDisposable
{
    private readonly CommandOutput _output;
    private readonly ContainerCmdlet _cmdlet;
    private readonly IContainerSession _session;
    // Bounded: a pipeline that is slow makes the process wait, as a pipe would.
    private readonly Channel<(OutputStream Stream, string Line)> _lines
        = Channel.CreateBounded<(OutputStream, string)>(new BoundedChannelOptions(1024) { SingleWriter = true });
    private readonly Task _reading;
    private bool _inputClosed;

    /// <summary>Begins to read the session's output.</summary>
    /// <param name="output">Where the output goes.</param>
    /// <param name="session">The process.</param>
    /// <param name="withInput">Whether input will be written; otherwise the process has none.</param>
    public CommandSession(CommandOutput output, IContainerSession session, bool withInput)
    {
        _output = output;
        _cmdlet = output.Cmdlet;
        _session = session;
        _inputClosed = !withInput;
        CancellationToken cancellation = _cmdlet.Cancellation;
        _reading = Task.Run(() => ReadAsync(cancellation), CancellationToken.None);
    }

    /// <summary>Writes an object, or each element of a collection that is one object in the pipeline.</summary>
    public void WriteAll(PSObject? data)
    {
        if (data?.BaseObject is not byte[] && LanguagePrimitives.GetEnumerable(data) is { } items)
        {
            foreach (object? item in items) Write(item);
        }
        else
        {
            Write(data);
        }
    }

    /// <summary>Writes an object to the process's standard input: bytes as they are, everything else as a line of text.</summary>
    public void Write(object? data)
    {
        if (_inputClosed) return;
        data = data is PSObject wrapper ? wrapper.BaseObject : data;
        byte[] bytes = data switch
        {
            byte[] block => block,
            byte single => [single],
            string text => Encoding.UTF8.GetBytes(text + "\n"),
            _ => Encoding.UTF8.GetBytes(LanguagePrimitives.ConvertTo<string>(data) + "\n"),
        };
        try
        {
            Task writing = _session.WriteInputAsync(bytes, _cmdlet.Cancellation);
            EmitUntil(writing);
            _cmdlet.Await(writing);
            EmitReady();
        }
        catch (Exception error) when (error is IOException or KernelException { ErrnoName: "EPIPE" or "ECONNRESET" })
        {
            // The process does not read any more (head -1): not an error, as in any pipe.
            _inputClosed = true;
        }
    }

    /// <summary>Closes standard input, emits the rest of the output, and returns the exit code.</summary>
    public int Finish()
    {
        if (!_inputClosed) EmitUntil(_session.CloseInputAsync(_cmdlet.Cancellation));
        while (_cmdlet.Await(_lines.Reader.WaitToReadAsync(_cmdlet.Cancellation).AsTask())) EmitReady();
        _cmdlet.Await(_reading);
        return _cmdlet.Await(_session.WaitAsync(_cmdlet.Cancellation));
    }

    /// <summary>Lets go of the process. Where the pipeline was interrupted, that ends an exec'd process.</summary>
    public void Dispose()
    {
        Task end = Task.Run(async () => await _session.DisposeAsync());
        end.ContinueWith(static _ => { }, TaskScheduler.Default).GetAwaiter().GetResult();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            LineReader output = new(), error = new();
            await foreach (OutputChunk chunk in _session.ReadOutputAsync(cancellationToken).ConfigureAwait(false))
            {
                foreach (string line in (chunk.Stream == OutputStream.StandardError ? error : output).Read(chunk.Data))
                {
                    await _lines.Writer.WriteAsync((chunk.Stream, line), cancellationToken).ConfigureAwait(false);
                }
            }

            foreach (string line in output.Finish())
            {
                await _lines.Writer.WriteAsync((OutputStream.StandardOutput, line), cancellationToken).ConfigureAwait(false);
            }

            foreach (string line in error.Finish())
            {
                await _lines.Writer.WriteAsync((OutputStream.StandardError, line), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            // An exception reaches the pipeline through _reading, after the lines that came before it.
            _lines.Writer.TryComplete();
        }
    }

    private void EmitUntil(Task task)
    {
        while (!task.IsCompleted)
        {
            Task<bool> ready = _lines.Reader.WaitToReadAsync(_cmdlet.Cancellation).AsTask();
            _cmdlet.Await(Task.WhenAny(task, ready));
            if (ready.IsCompletedSuccessfully && !ready.Result) return;
            EmitReady();
        }
    }

    private void EmitReady()
    {
        while (_lines.Reader.TryRead(out (OutputStream Stream, string Line) next)) _output.Emit(next.Stream, next.Line);
    }
}
