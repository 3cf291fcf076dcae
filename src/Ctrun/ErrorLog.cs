using System.Globalization;
using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Ctrun;

/// <summary>
/// Where errors go: one line on standard error, and the <c>--log</c> file in the form that engines read, runc's (one JSON object a line, or
/// <c>key=value</c> words).
/// </summary>
internal sealed class ErrorLog
{
    /// <summary>The file, or null for none.</summary>
    public string? FilePath { get; set; }

    /// <summary>Whether the file gets JSON.</summary>
    public bool Json { get; set; }

    /// <summary>Whether debug messages are written.</summary>
    public bool Debugging { get; set; }

    /// <summary>Reports an error.</summary>
    public void Error(string message)
    {
        message = OneLine(message);
        Output.WriteError("ctrun: " + message);
        Append("error", message);
    }

    /// <summary>Reports something that is wrong but does not stop the command.</summary>
    public void Warning(string message)
    {
        message = OneLine(message);
        Output.WriteError("ctrun: warning: " + message);
        Append("warning", message);
    }

    /// <summary>Says what is done, for those who look for a fault.</summary>
    public void Debug(string message)
    {
        if (!Debugging) return;
        if (FilePath is null) Output.WriteError("ctrun: " + message);
        else Append("debug", OneLine(message));
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");

    private void Append(string level, string message)
    {
        if (FilePath is null) return;
        string time = DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
        byte[] line = Json ? JsonLine(level, message, time) : TextLine(level, message, time);
        SafeFileHandle? file = Libc.TryOpen(FilePath, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC, 0x1a4, out int errno);
        if (file is null)
        {
            Output.WriteError($"ctrun: cannot write to the log {FilePath}: {Errno.Name(errno)} ({Errno.Meaning(errno)})");
            return;
        }

        // In one write, so that lines of several commands do not mix.
        using (file) Libc.Write(file, line);
    }

    private static byte[] JsonLine(string level, string message, string time)
    {
        using MemoryStream buffer = new();
        // go-runc, by which containerd reads this, takes the time's text as it is, without undoing escapes: a + must stay one.
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("level"u8, level);
            writer.WriteString("msg"u8, message);
            writer.WriteString("time"u8, time);
            writer.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    private static byte[] TextLine(string level, string message, string time)
    {
        string quoted = message.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes($"time=\"{time}\" level={level} msg=\"{quoted}\"\n");
    }
}
