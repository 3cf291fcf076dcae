using System.Buffers;
using System.Text.Json;

namespace ContainerTools.Runtime.Containers;

/// <summary>Writes exit.json in the form that <see cref="RunJson"/> defines, without the serializer (see <see cref="MonitorRecordFormat"/>).</summary>
internal static class ExitRecordFormat
{
    /// <summary>The document of a record.</summary>
    public static ReadOnlyMemory<byte> Write(ExitRecord record)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("exitCode"u8, record.ExitCode);
            if (record.StartedAt is { } started) writer.WriteString("startedAt"u8, started);
            writer.WriteString("finishedAt"u8, record.FinishedAt);
            writer.WriteBoolean("oomKilled"u8, record.OomKilled);
            if (record.Error is { } error) writer.WriteString("error"u8, error);
            writer.WriteNumber("restartCount"u8, record.RestartCount);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
