using System.Runtime.InteropServices;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>Hands a terminal to the engine that asked for it (runc's docs/terminals.md): its master side over a unix socket.</summary>
internal static class ConsoleSocket
{
    /// <summary>Connects, sends the terminal together with its name, and closes.</summary>
    public static void Send(string path, SafeHandle terminal) => Send(path, terminal, "/dev/ptmx"u8);

    /// <summary>Connects, sends a descriptor together with a name, and closes.</summary>
    public static void Send(string path, SafeHandle descriptor, ReadOnlySpan<byte> name)
    {
        using SafeFileHandle socket = Libc.ConnectLocal(Path.GetFullPath(path));
        Libc.SendDescriptor(socket, descriptor, name);
    }
}
