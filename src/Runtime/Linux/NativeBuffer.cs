using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Bytes in unmanaged memory, filled from the front. Unlike an array its pages cost nothing before they are written, and nothing
/// moves or clears them.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private byte* _start;

    /// <summary>Makes an empty buffer.</summary>
    /// <param name="capacity">Bytes that it can hold.</param>
    public NativeBuffer(int capacity)
    {
        _start = (byte*)NativeMemory.Alloc((nuint)capacity);
        Capacity = capacity;
    }

    /// <summary>Bytes that it can hold.</summary>
    public int Capacity { get; }

    /// <summary>Bytes that it holds.</summary>
    public int Length { get; private set; }

    /// <summary>What it holds.</summary>
    public Span<byte> Content => new(_start, Length);

    /// <summary>The room behind the content.</summary>
    public Span<byte> Free => new(_start + Length, Capacity - Length);

    /// <summary>Copies bytes behind the content; there must be room.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Free);
        Length += bytes.Length;
    }

    /// <summary>Counts bytes that were written into <see cref="Free"/>.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Capacity - Length));
        Length += count;
    }

    /// <summary>Takes bytes away from the front; the rest moves up.</summary>
    public void RemoveFirst(int count)
    {
        Content[count..].CopyTo(new Span<byte>(_start, Length));
        Length -= count;
    }

    /// <summary>Empties it.</summary>
    public void Clear() => Length = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_start);
        _start = null;
        Length = 0;
    }
}
