namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Bytes in unmanaged memory, filled at the end and emptied from the front. Unlike an array its pages cost nothing before they are
/// written, nothing moves or clears them, and disposing gives them back to the kernel at once.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private byte* _memory;
    private int _start;

    /// <summary>Makes an empty buffer.</summary>
    /// <param name="capacity">Bytes that it can hold.</param>
    public NativeBuffer(int capacity)
    {
        _memory = Libc.MapMemory(capacity);
        Capacity = capacity;
    }

    /// <summary>Bytes that it can hold.</summary>
    public int Capacity { get; }

    /// <summary>Bytes that it holds.</summary>
    public int Length { get; private set; }

    /// <summary>What it holds.</summary>
    public Span<byte> Content => new(_memory + _start, Length);

    /// <summary>The room behind the content: all that there is when the content begins at the front.</summary>
    public Span<byte> Free => new(_memory + _start + Length, Capacity - _start - Length);

    /// <summary>Copies bytes behind the content; there must be room for them, though not in one piece.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Free.Length && _start > 0)
        {
            Content.CopyTo(new Span<byte>(_memory, Length));
            _start = 0;
        }

        bytes.CopyTo(Free);
        Length += bytes.Length;
    }

    /// <summary>Counts bytes that were written into <see cref="Free"/>.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Free.Length);
        Length += count;
    }

    /// <summary>Takes bytes away from the front.</summary>
    public void RemoveFirst(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Length);
        Length -= count;
        _start = Length == 0 ? 0 : _start + count;
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        Length = 0;
        _start = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_memory is not null) Libc.UnmapMemory(_memory, Capacity);
        _memory = null;
        Clear();
    }
}
