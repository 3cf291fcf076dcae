using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch;

/// <summary>The unmanaged memory of a plan: strings, structures and arrays that stay where they are until the plan is disposed of.</summary>
internal sealed unsafe class PlanMemory : IDisposable
{
    // Far more than a plan takes: only what is written is paid for.
    private const int ChunkSize = 1 << 20;
    private readonly List<(nint Start, nint Size)> chunks = [];
    private byte* next;
    private int left;

    /// <summary>Zeroed memory, aligned for any structure.</summary>
    public void* Take(int size)
    {
        size = (size + 15) & ~15;
        if (size > left)
        {
            int chunk = Math.Max(size, ChunkSize);
            next = Libc.MapMemory(chunk);
            chunks.Add(((nint)next, chunk));
            left = chunk;
        }

        byte* taken = next;
        next += size;
        left -= size;
        return taken;
    }

    /// <summary>A structure's copy.</summary>
    public long Structure<T>(in T value)
        where T : unmanaged
    {
        T* copy = (T*)Take(sizeof(T));
        *copy = value;
        return (long)copy;
    }

    /// <summary>A copy of an array's elements; 0 for none.</summary>
    public long Array<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        if (values.IsEmpty) return 0;
        void* copy = Take(sizeof(T) * values.Length);
        values.CopyTo(new Span<T>(copy, values.Length));
        return (long)copy;
    }

    /// <summary>A string, UTF-8, ended by a zero.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/> when it contains a zero itself.</exception>
    public long String(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ContainerException(
                ErrorCode.InvalidConfiguration, $"'{text.Replace("\0", "\\0", StringComparison.Ordinal)}' contains a zero byte, which no path, argument or variable can.", text);
        }

        int length = Encoding.UTF8.GetByteCount(text);
        byte* copy = (byte*)Take(length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(copy, length));
        return (long)copy;
    }

    /// <summary>An array of strings, ended by a null pointer, as argv and envp are.</summary>
    public long Strings(IReadOnlyList<string> texts)
    {
        long* pointers = (long*)Take((texts.Count + 1) * sizeof(long));
        for (int i = 0; i < texts.Count; i++) pointers[i] = String(texts[i]);
        return (long)pointers;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((nint start, nint size) in chunks) Libc.UnmapMemory((byte*)start, size);
        chunks.Clear();
        left = 0;
    }
}
