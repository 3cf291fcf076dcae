using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>
/// Hands the descriptor of a filter with SCMP_ACT_NOTIFY to the agent that answers for it (config-linux.md, Seccomp and The Container Process State): over the unix socket
/// <c>listenerPath</c>, together with a JSON document.
/// </summary>
internal static class SeccompListener
{
    /// <summary>Connects, sends, and closes.</summary>
    /// <param name="profile">The filter, which has the socket's path and the metadata.</param>
    /// <param name="listener">The descriptor.</param>
    /// <param name="processId">The process that the filter is for, which waits meanwhile.</param>
    /// <param name="state">The container's state.</param>
    public static void Send(OciSeccomp profile, SafeFileHandle listener, int processId, OciState state)
    {
        string path = profile.ListenerPath!;
        try
        {
            using SafeFileHandle socket = Libc.ConnectLocal(Path.GetFullPath(path));
            Libc.SetBlocking(socket);
            Libc.SendDescriptor(socket, listener, Document(profile, processId, state));
        }
        catch (KernelException error)
        {
            throw new ContainerException(
                ErrorCode.LaunchFailed, $"The system call filter's listener {path} cannot be reached: {error.Message}", path, error);
        }
    }

    /// <summary>The container process state.</summary>
    public static byte[] Document(OciSeccomp profile, int processId, OciState state)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("ociVersion"u8, state.OciVersion);
            writer.WriteStartArray("fds"u8);
            writer.WriteStringValue("seccompFd"u8);
            writer.WriteEndArray();
            writer.WriteNumber("pid"u8, processId);
            if (!string.IsNullOrEmpty(profile.ListenerMetadata)) writer.WriteString("metadata"u8, profile.ListenerMetadata);
            writer.WritePropertyName("state"u8);
            StateText.Write(writer, state);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
