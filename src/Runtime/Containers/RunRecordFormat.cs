using System.Buffers;
using System.Text.Json;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Reads and writes state.json in the form that <see cref="RunJson"/> defines, without the serializer, whose first use costs ctrun a
/// good part of a millisecond.
/// </summary>
internal static class RunRecordFormat
{
    /// <summary>The document of a record.</summary>
    public static ReadOnlyMemory<byte> Write(RunRecord record)
    {
        ArrayBufferWriter<byte> buffer = new(512);
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, record.Id);
            writer.WriteString("status"u8, Name(record.Status));
            writer.WriteNumber("processId"u8, record.ProcessId);
            writer.WriteNumber("processStartTime"u8, record.ProcessStartTime);
            writer.WriteString("bundle"u8, record.Bundle);
            if (record.CgroupPath is { } path) writer.WriteString("cgroupPath"u8, path);
            if (record.CgroupIdentity is { } identity) writer.WriteNumber("cgroupIdentity"u8, identity);
            writer.WriteString("createdAt"u8, record.CreatedAt);
            writer.WriteNumber("monitorProcessId"u8, record.MonitorProcessId);
            writer.WriteNumber("monitorStartTime"u8, record.MonitorStartTime);
            writer.WriteString("bootId"u8, record.BootId);
            writer.WriteString("startedAt"u8, record.StartedAt);
            if (record.KeepsKeyring) writer.WriteBoolean("keepsKeyring"u8, true);
            writer.WriteNumber("restartCount"u8, record.RestartCount);
            if (record.ExitCode is { } code) writer.WriteNumber("exitCode"u8, code);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The record of a document.</summary>
    /// <exception cref="JsonException">With a sentence as message.</exception>
    public static RunRecord Read(ReadOnlySpan<byte> document)
    {
        JsonCursor cursor = new(document);
        if (!cursor.Object()) throw cursor.Wrong("an object");
        string? id = null, bundle = null, cgroupPath = null, bootId = null;
        RunStatus? status = null;
        int processId = 0, monitorProcessId = 0, restartCount = 0;
        int? exitCode = null;
        bool keepsKeyring = false;
        ulong? cgroupIdentity = null;
        ulong startTime = 0, monitorStartTime = 0;
        DateTimeOffset createdAt = default, startedAt = default;
        while (cursor.Member())
        {
            if (cursor.Is("id"u8)) id = cursor.Text();
            else if (cursor.Is("status"u8)) status = Status(ref cursor);
            else if (cursor.Is("processId"u8)) processId = cursor.Int32() ?? 0;
            else if (cursor.Is("processStartTime"u8)) startTime = cursor.UInt64() ?? 0;
            else if (cursor.Is("bundle"u8)) bundle = cursor.Text();
            else if (cursor.Is("cgroupPath"u8)) cgroupPath = cursor.Text();
            else if (cursor.Is("cgroupIdentity"u8)) cgroupIdentity = cursor.UInt64();
            else if (cursor.Is("createdAt"u8)) createdAt = cursor.Time() ?? default;
            else if (cursor.Is("monitorProcessId"u8)) monitorProcessId = cursor.Int32() ?? 0;
            else if (cursor.Is("monitorStartTime"u8)) monitorStartTime = cursor.UInt64() ?? 0;
            else if (cursor.Is("bootId"u8)) bootId = cursor.Text();
            else if (cursor.Is("startedAt"u8)) startedAt = cursor.Time() ?? default;
            else if (cursor.Is("restartCount"u8)) restartCount = cursor.Int32() ?? 0;
            else if (cursor.Is("keepsKeyring"u8)) keepsKeyring = cursor.Flag() ?? false;
            else if (cursor.Is("exitCode"u8)) exitCode = cursor.Int32();
            else cursor.Skip();
        }

        RunRecord record = new()
        {
            Id = id ?? throw cursor.Missing("id"),
            Status = status ?? throw cursor.Missing("status"),
            ProcessId = processId,
            ProcessStartTime = startTime,
            Bundle = bundle ?? throw cursor.Missing("bundle"),
            CgroupPath = cgroupPath,
            CgroupIdentity = cgroupIdentity,
            CreatedAt = createdAt,
            MonitorProcessId = monitorProcessId,
            MonitorStartTime = monitorStartTime,
            BootId = bootId ?? throw cursor.Missing("bootId"),
            StartedAt = startedAt,
            KeepsKeyring = keepsKeyring,
            RestartCount = restartCount,
            ExitCode = exitCode,
        };
        cursor.End();
        return record;
    }

    private static string Name(RunStatus status) => status switch
    {
        RunStatus.Created => nameof(RunStatus.Created),
        RunStatus.Running => nameof(RunStatus.Running),
        RunStatus.Restarting => nameof(RunStatus.Restarting),
        RunStatus.Exited => nameof(RunStatus.Exited),
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    private static RunStatus? Status(ref JsonCursor cursor) => cursor.Text() switch
    {
        null => null,
        var text when text.Equals(nameof(RunStatus.Created), StringComparison.OrdinalIgnoreCase) => RunStatus.Created,
        var text when text.Equals(nameof(RunStatus.Running), StringComparison.OrdinalIgnoreCase) => RunStatus.Running,
        var text when text.Equals(nameof(RunStatus.Restarting), StringComparison.OrdinalIgnoreCase) => RunStatus.Restarting,
        var text when text.Equals(nameof(RunStatus.Exited), StringComparison.OrdinalIgnoreCase) => RunStatus.Exited,
        _ => throw cursor.Wrong("a run's status"),
    };
}
