using System.Text.Json;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Reads monitor.json in the form that <see cref="RunJson"/> defines, without the serializer, whose first use costs a monitor a good part
/// of a millisecond and memory for its whole life.
/// </summary>
internal static class MonitorRecordFormat
{
    /// <summary>The record of a document.</summary>
    /// <exception cref="JsonException">With a sentence as message.</exception>
    public static MonitorRecord Read(ReadOnlySpan<byte> document)
    {
        JsonCursor cursor = new(document);
        if (!cursor.Object()) throw cursor.Wrong("an object");
        string? id = null, folder = null, nameLink = null, logPath = null;
        long logMaxSize = 0;
        int logMaxFiles = 1, restartMaximum = 0, stopSignal = 15;
        bool interactive = false, autoRemove = false;
        RestartCondition condition = RestartCondition.None;
        IReadOnlyList<string> owned = [];
        while (cursor.Member())
        {
            if (cursor.Is("id"u8)) id = cursor.Text();
            else if (cursor.Is("containerFolder"u8)) folder = cursor.Text();
            else if (cursor.Is("nameLink"u8)) nameLink = cursor.Text();
            else if (cursor.Is("logPath"u8)) logPath = cursor.Text();
            else if (cursor.Is("logMaxSize"u8)) logMaxSize = cursor.Int64() ?? 0;
            else if (cursor.Is("logMaxFiles"u8)) logMaxFiles = cursor.Int32() ?? 1;
            else if (cursor.Is("interactive"u8)) interactive = cursor.Flag() ?? false;
            else if (cursor.Is("autoRemove"u8)) autoRemove = cursor.Flag() ?? false;
            else if (cursor.Is("restartCondition"u8)) condition = Condition(ref cursor);
            else if (cursor.Is("restartMaximum"u8)) restartMaximum = cursor.Int32() ?? 0;
            else if (cursor.Is("stopSignal"u8)) stopSignal = cursor.Int32() ?? 15;
            else if (cursor.Is("ownedFolders"u8)) owned = cursor.Texts() ?? [];
            else cursor.Skip();
        }

        MonitorRecord record = new()
        {
            Id = id ?? throw cursor.Missing("id"),
            ContainerFolder = folder ?? throw cursor.Missing("containerFolder"),
            NameLink = nameLink,
            LogPath = logPath,
            LogMaxSize = logMaxSize,
            LogMaxFiles = logMaxFiles,
            Interactive = interactive,
            AutoRemove = autoRemove,
            RestartCondition = condition,
            RestartMaximum = restartMaximum,
            StopSignal = stopSignal,
            OwnedFolders = owned,
        };
        cursor.End();
        return record;
    }

    private static RestartCondition Condition(ref JsonCursor cursor) => cursor.Text() switch
    {
        null or nameof(RestartCondition.None) => RestartCondition.None,
        nameof(RestartCondition.OnFailure) => RestartCondition.OnFailure,
        nameof(RestartCondition.Always) => RestartCondition.Always,
        nameof(RestartCondition.UnlessStopped) => RestartCondition.UnlessStopped,
        _ => throw cursor.Wrong("a restart condition"),
    };
}
