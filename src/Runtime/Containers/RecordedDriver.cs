using System.Text.Json;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// The storage driver that made a container's writable layer. It is not always the one that is selected now: the configuration may have changed
/// since, and one driver cannot put together or take away what another made.
/// </summary>
internal static class RecordedDriver
{
    /// <summary>The driver of this name.</summary>
    /// <param name="name">The name in the container's record; null where it has none.</param>
    /// <param name="selected">The driver that new containers are made with.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.StateCorrupt"/> for an unknown name.</exception>
    public static IStorageDriver Of(string? name, IStorageDriver selected)
        => string.IsNullOrEmpty(name) || name == selected.Name ? selected : StorageDrivers.Named(name);

    /// <summary>Removes the writable layer from a container's folder, which may have been renamed, as the driver does it that made it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="selected">The driver that does it where the folder has no readable record.</param>
    public static void RemoveLayer(string folder, IStorageDriver selected)
    {
        IStorageDriver driver = selected;
        try
        {
            // Not with the serializer of the whole record: the monitor would be a tenth larger for this one word.
            if (ContainerStateReader.ReadFile(Path.Combine(folder, "container.json")) is { } record) driver = Of(NameIn(record), selected);
        }
        catch (Exception error) when (error is JsonException or ContainerException { Code: ErrorCode.StateCorrupt })
        {
            // A damaged container must be removable. Most were made with the driver that is selected.
        }

        driver.Remove(folder);
    }

    private static string? NameIn(ReadOnlySpan<byte> record)
    {
        string? name = null;
        JsonCursor cursor = new(record);
        if (!cursor.Object()) return null;
        while (cursor.Member())
        {
            if (cursor.Is("storageDriver"u8)) name = cursor.Text();
            else cursor.Skip();
        }

        // Records from before there was a choice have none.
        return name ?? "overlay";
    }
}
