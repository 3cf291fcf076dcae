using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Ctrun;

/// <summary>Writes to standard output and standard error, without the Console class, which costs a millisecond to set up.</summary>
internal static class Output
{
    private const int StandardOutput = 1;
    private const int StandardError = 2;

    /// <summary>Writes text to standard output.</summary>
    public static void Write(string text)
    {
        int errno = Write(StandardOutput, Encoding.UTF8.GetBytes(text));
        if (errno != 0) throw KernelError.From("write", errno, "standard output");
    }

    /// <summary>Writes JSON to standard output, indented, and a line end.</summary>
    public static void WriteJson(Action<Utf8JsonWriter> write) => WriteJson(write, indented: true);

    /// <summary>Writes JSON to standard output, as one line.</summary>
    public static void WriteJsonLine(Action<Utf8JsonWriter> write) => WriteJson(write, indented: false);

    private static void WriteJson(Action<Utf8JsonWriter> write, bool indented)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Indented = indented, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(writer);
        }

        buffer.WriteByte((byte)'\n');
        int errno = Write(StandardOutput, buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        if (errno != 0) throw KernelError.From("write", errno, "standard output");
    }

    /// <summary>Writes a line to standard error; where nobody listens there is nothing to be done about it.</summary>
    public static void WriteError(string line) => Write(StandardError, Encoding.UTF8.GetBytes(line + "\n"));

    private static int Write(int descriptor, ReadOnlySpan<byte> data)
    {
        using SafeFileHandle file = new(descriptor, ownsHandle: false);
        while (data.Length > 0)
        {
            int written = Libc.Write(file, data);
            if (written < 0) return -written;
            data = data[written..];
        }

        return 0;
    }
}
