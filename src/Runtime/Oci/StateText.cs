using System.Text.Json;

namespace ContainerTools.Runtime.Oci;

/// <summary>Writes a container's state as the specification has it (runtime.md, State), in runc's order.</summary>
internal static class StateText
{
    /// <summary>The object as hooks read it from standard input.</summary>
    public static byte[] Document(OciState state)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer)) Write(writer, state);
        return buffer.ToArray();
    }

    /// <summary>Writes an object.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="state">The state.</param>
    /// <param name="owner">The user who made the container, as lists show it; null to leave it out.</param>
    public static void Write(Utf8JsonWriter writer, OciState state, string? owner = null)
    {
        writer.WriteStartObject();
        writer.WriteString("ociVersion"u8, state.OciVersion);
        writer.WriteString("id"u8, state.Id);
        writer.WriteNumber("pid"u8, state.Pid);
        writer.WriteString("status"u8, state.Status);
        writer.WriteString("bundle"u8, state.Bundle);
        if (state.Rootfs is { } rootfs) writer.WriteString("rootfs"u8, rootfs);
        if (state.Created is { } created) writer.WriteString("created"u8, created);
        if (state.Annotations is { } annotations)
        {
            writer.WriteStartObject("annotations"u8);
            foreach ((string name, string value) in annotations) writer.WriteString(name, value);
            writer.WriteEndObject();
        }

        if (owner is not null) writer.WriteString("owner"u8, owner);
        writer.WriteEndObject();
    }
}
