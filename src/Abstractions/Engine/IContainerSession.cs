namespace ContainerTools;

/// <summary>A connection to a process in a container: its streams, its terminal's size, its end.</summary>
public interface IContainerSession : IAsyncDisposable
{
    /// <summary>The process id on the host, or null where it is not known (attach, remote engines).</summary>
    int? ProcessId { get; }

    /// <summary>The output as it comes, in pieces of any size; ends when the process's streams are closed.</summary>
    IAsyncEnumerable<OutputChunk> ReadOutputAsync(CancellationToken cancellationToken);

    /// <summary>Writes to standard input.</summary>
    Task WriteInputAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Closes standard input: the process reads end of file.</summary>
    Task CloseInputAsync(CancellationToken cancellationToken);

    /// <summary>Tells the terminal its size in character cells.</summary>
    Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken);

    /// <summary>Waits for the process to end: its exit status, or 128 + the signal's number.</summary>
    Task<int> WaitAsync(CancellationToken cancellationToken);
}

/// <summary>A piece of output.</summary>
/// <param name="Stream">Where it was written.</param>
/// <param name="Data">The bytes; valid until the next piece is asked for.</param>
public readonly record struct OutputChunk(OutputStream Stream, ReadOnlyMemory<byte> Data);
