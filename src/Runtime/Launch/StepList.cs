using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// The steps of a plan, where the interpreter reads them: in memory of the kernel's, of which only what is written is paid for. A list of the collector's is
/// zeroed to its capacity, copied when it grows, and copied once more to stay where it is; a start is mostly page faults.
/// </summary>
internal sealed unsafe class StepList : IDisposable
{
    private const int FirstCapacity = 4096;
    private Step* steps;
    private int capacity;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The first; moves when a step is added.</summary>
    public Step* First => steps;

    /// <summary>The step at an index; moves when a step is added.</summary>
    public ref Step this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return ref steps[index];
        }
    }

    /// <summary>Appends a step.</summary>
    public void Add(in Step step)
    {
        if (Count == capacity) Grow();
        steps[Count++] = step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (steps is not null) Libc.UnmapMemory((byte*)steps, SizeOf(capacity));
        steps = null;
        capacity = Count = 0;
    }

    private void Grow()
    {
        int wanted = capacity == 0 ? FirstCapacity : checked(capacity * 2);
        Step* larger = (Step*)Libc.MapMemory(SizeOf(wanted));
        if (steps is not null)
        {
            new ReadOnlySpan<Step>(steps, Count).CopyTo(new Span<Step>(larger, Count));
            Libc.UnmapMemory((byte*)steps, SizeOf(capacity));
        }

        steps = larger;
        capacity = wanted;
    }

    private static nint SizeOf(int count) => checked((nint)count * sizeof(Step));
}
