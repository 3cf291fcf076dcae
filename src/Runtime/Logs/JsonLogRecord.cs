using System.Text.Json;

namespace ContainerTools.Runtime.Logs;

/// <summary>One entry of a json-file log, as it is in the file: a line, or a piece of one that was too long.</summary>
/// <param name="Stream">Where it was written.</param>
/// <param name="Time">When the monitor read it.</param>
/// <param name="Text">Its bytes; valid until the next entry is read.</param>
internal readonly record struct JsonLogRecord(OutputStream Stream, DateTimeOffset Time, ReadOnlyMemory<byte> Text)
{
    /// <summary>Whether a line ends with it.</summary>
    public bool EndsLine => Text.Span is [.., (byte)'\n'];

    /// <summary>Reads one line of a log file.</summary>
    /// <param name="line">The line, without its line end.</param>
    /// <param name="text">Receives the text; at least as long as the line.</param>
    /// <param name="record">The entry.</param>
    /// <returns>False where the line is no entry: torn by a loss of power, or written by somebody else.</returns>
    public static bool TryParse(ReadOnlySpan<byte> line, Memory<byte> text, out JsonLogRecord record)
    {
        record = default;
        OutputStream stream = OutputStream.StandardOutput;
        DateTimeOffset? time = null;
        int length = 0;
        try
        {
            Utf8JsonReader reader = new(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isLog = reader.ValueTextEquals("log"u8);
                bool isStream = reader.ValueTextEquals("stream"u8);
                bool isTime = reader.ValueTextEquals("time"u8);
                if (!reader.Read()) return false;
                if ((isLog || isStream || isTime) && reader.TokenType != JsonTokenType.String) return false;
                if (isLog) length = reader.CopyString(text.Span);
                else if (isStream) stream = reader.ValueTextEquals("stderr"u8) ? OutputStream.StandardError : OutputStream.StandardOutput;
                else if (isTime && reader.TryGetDateTimeOffset(out DateTimeOffset value)) time = value;
                else reader.Skip();
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string that is no UTF-8: the reader has no other way to say so.
            return false;
        }

        if (time is null) return false;
        record = new JsonLogRecord(stream, time.Value, text[..length]);
        return true;
    }
}
