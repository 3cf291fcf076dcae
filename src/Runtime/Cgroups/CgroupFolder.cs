using System.Buffers.Text;
using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>One folder of one hierarchy, with its files by name. Gives an errno its meaning.</summary>
internal sealed class CgroupFolder(CgroupFiles files, string path)
{
    private const int LargestValue = 4096;

    /// <summary>The folder in the file system.</summary>
    public string Path => path;

    /// <summary>The way to the kernel.</summary>
    public CgroupFiles Files => files;

    /// <summary>A file's path.</summary>
    public string PathOf(string name) => string.Concat(path, "/", name);

    /// <summary>A folder below this one.</summary>
    public CgroupFolder Child(string name) => new(files, PathOf(name));

    /// <summary>Whether a file is there.</summary>
    public bool Has(string name) => TryRead(name, []) != -Errno.ENOENT;

    /// <summary>Writes a value; an error names the file and the value.</summary>
    public void Write(string name, string value)
    {
        int errno = TryWrite(name, value);
        if (errno != 0) throw Refused(name, value, errno);
    }

    /// <summary>Writes a number; an error names the file and the number.</summary>
    public void Write(string name, long value)
    {
        int errno = TryWrite(name, value);
        if (errno != 0) throw Refused(name, value.ToString(CultureInfo.InvariantCulture), errno);
    }

    /// <summary>Writes a value and returns 0 or the errno.</summary>
    public int TryWrite(string name, string value)
    {
        if (value.Length > LargestValue / 3) return files.Write(PathOf(name), Encoding.UTF8.GetBytes(value));
        Span<byte> bytes = stackalloc byte[LargestValue];
        return files.Write(PathOf(name), bytes[..Encoding.UTF8.GetBytes(value, bytes)]);
    }

    /// <summary>Writes a number and returns 0 or the errno.</summary>
    public int TryWrite(string name, long value)
    {
        Span<byte> digits = stackalloc byte[24];
        Utf8Formatter.TryFormat(value, digits, out int length);
        return files.Write(PathOf(name), digits[..length]);
    }

    /// <summary>Reads into a buffer; the count, or the negative errno.</summary>
    public int TryRead(string name, Span<byte> buffer) => files.Read(PathOf(name), buffer);

    /// <summary>A file's text without white space around it; null where there is no such file.</summary>
    public string? Read(string name)
    {
        byte[]? large = null;
        Span<byte> buffer = stackalloc byte[LargestValue];
        while (true)
        {
            int count = TryRead(name, buffer);
            if (count == -Errno.ENOENT || count == -Errno.ENODEV) return null;
            if (count < 0) throw KernelError.From("read", -count, PathOf(name));
            if (count < buffer.Length) return Encoding.UTF8.GetString(buffer[..count].Trim("\n\0 "u8));
            large = new byte[buffer.Length * 4];
            buffer = large;
        }
    }

    /// <summary>A file's number; null where there is no such file; <see cref="long.MaxValue"/> for <c>max</c> or a number beyond 64 bits.</summary>
    public long? ReadNumber(string name)
    {
        Span<byte> buffer = stackalloc byte[64];
        int count = TryRead(name, buffer);
        if (count == -Errno.ENOENT || count == -Errno.ENODEV) return null;
        if (count < 0) throw KernelError.From("read", -count, PathOf(name));
        return ParseNumber(buffer[..count]);
    }

    /// <summary>The number after <paramref name="key"/> in a file of <c>key number</c> lines; null where there is no such file or line.</summary>
    public long? ReadKey(string name, ReadOnlySpan<byte> key)
    {
        Span<byte> buffer = stackalloc byte[LargestValue];
        int count = TryRead(name, buffer);
        if (count == -Errno.ENOENT || count == -Errno.ENODEV) return null;
        if (count < 0) throw KernelError.From("read", -count, PathOf(name));
        return FindKey(buffer[..count], key);
    }

    /// <summary>The number after a key in <c>key number</c> lines; null where there is no such line.</summary>
    public static long? FindKey(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key)
    {
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range];
            if (line.Length > key.Length && line[key.Length] == ' ' && line.StartsWith(key)) return ParseNumber(line[(key.Length + 1)..]);
        }

        return null;
    }

    /// <summary>What a refused write means.</summary>
    public ContainerException Refused(string name, string value, int errno)
    {
        string file = PathOf(name);
        if (errno == Errno.ENOENT)
        {
            return new KernelException(
                "open", errno, Errno.Name(errno), $"This kernel cannot set {name} to {value}: there is no {file}.", file, ErrorCode.NotSupported);
        }

        // ENODEV: a device that is not there. EACCES on a value (not on the file): outside what the parent cgroup has.
        bool invalid = errno == Errno.EINVAL || errno == Errno.ERANGE || errno == Errno.ENODEV || errno == Errno.E2BIG;
        return invalid
            ? new KernelException(
                "write", errno, Errno.Name(errno),
                $"The kernel refuses '{value}' for {file}: {Errno.Name(errno)} ({Errno.Meaning(errno)}).", file, ErrorCode.LimitInvalid)
            : new KernelException(
                "write", errno, Errno.Name(errno),
                $"write '{value}' to {file}: {Errno.Name(errno)} ({Errno.Meaning(errno)})", file, KernelError.CodeOf(errno));
    }

    private static long? ParseNumber(ReadOnlySpan<byte> text)
    {
        text = text.Trim("\n\0 "u8);
        if (text.SequenceEqual("max"u8)) return long.MaxValue;
        if (Utf8Parser.TryParse(text, out long value, out int used) && used == text.Length) return value;
        return Utf8Parser.TryParse(text, out ulong _, out used) && used == text.Length ? long.MaxValue : null;
    }
}
