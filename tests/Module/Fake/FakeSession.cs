using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;

namespace ContainerTools.Module.Tests;

/// <summary>A process that writes what it is told to, and remembers what it reads.</summary>
internal sealed class FakeSession : IContainerSession
{
    private readonly Channel<(OutputStream Stream, byte[] Data)> _output = Channel.CreateUnbounded<(OutputStream, byte[])>();
    private readonly StringBuilder _input = new();

    public int ExitCode { get; init; }

    /// <summary>Sends back what it reads, and ends with its input.</summary>
    public bool Echo { get; init; }

    /// <summary>Fails every write after this many.</summary>
    public int BreaksAfter { get; init; } = int.MaxValue;

    public string Input => _input.ToString();

    public bool Disposed { get; private set; }

    public int? ProcessId => 42;

    private int _writes;

    public FakeSession Out(string text, OutputStream stream = OutputStream.StandardOutput)
    {
        _output.Writer.TryWrite((stream, Encoding.UTF8.GetBytes(text)));
        return this;
    }

    public FakeSession End()
    {
        _output.Writer.TryComplete();
        return this;
    }

    public async IAsyncEnumerable<OutputChunk> ReadOutputAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach ((OutputStream stream, byte[] data) in _output.Reader.ReadAllAsync(cancellationToken))
        {
            yield return new OutputChunk(stream, data);
        }
    }

    public Task WriteInputAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (++_writes > BreaksAfter) throw new KernelException("write", 32, "EPIPE", "write: EPIPE (broken pipe)");
        _input.Append(Encoding.UTF8.GetString(data.Span));
        if (Echo) _output.Writer.TryWrite((OutputStream.StandardOutput, data.ToArray()));
        return Task.CompletedTask;
    }

    public Task CloseInputAsync(CancellationToken cancellationToken)
    {
        if (Echo) End();
        return Task.CompletedTask;
    }

    public Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<int> WaitAsync(CancellationToken cancellationToken) => Task.FromResult(ExitCode);

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }
}
