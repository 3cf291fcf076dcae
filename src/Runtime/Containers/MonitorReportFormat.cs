using System.Buffers;
using System.Text.Json;

namespace ContainerTools.Runtime.Containers;

/// <summary>Writes a monitor's report in the form that <see cref="RunJson"/> defines, without the serializer (see <see cref="MonitorRecordFormat"/>).</summary>
internal static class MonitorReportFormat
{
    /// <summary>The report as a line, with its line end.</summary>
    public static ReadOnlyMemory<byte> WriteLine(MonitorReport report)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("status"u8, report.Status);
            writer.WriteNumber("processId"u8, report.ProcessId);
            if (report.Code is { } code) writer.WriteString("code"u8, code.ToString());
            if (report.Message is { } message) writer.WriteString("message"u8, message);
            if (report.ExitCode is { } exitCode) writer.WriteNumber("exitCode"u8, exitCode);
            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }
}
