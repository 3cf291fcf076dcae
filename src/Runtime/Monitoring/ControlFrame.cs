using System.Buffers.Binary;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>What a frame on the control socket carries.</summary>
internal enum ControlFrameKind : byte
{
    /// <summary>To the container: bytes for its standard input; none closes it.</summary>
    StandardInput = 0,
    /// <summary>From the container: bytes it wrote to standard output or its terminal.</summary>
    StandardOutput = 1,
    /// <summary>From the container: bytes it wrote to standard error.</summary>
    StandardError = 2,
    /// <summary>To the container: the terminal's columns and rows.</summary>
    Resize = 3,
    /// <summary>From the monitor, the last frame: the exit code, and for a waiter exit.json.</summary>
    Exit = 4,
    /// <summary>From the monitor, the first frame: where the log ended when the client joined.</summary>
    Joined = 5,
}

/// <summary>
/// The framing of the control socket (docs/design/state.md): 1 byte kind, 3 bytes zero, 4 bytes length (big-endian), payload.
/// Docker's multiplexed stream, with three kinds more.
/// </summary>
internal static class ControlFrame
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeaderSize = 8;

    /// <summary>Bytes of a resize frame's payload.</summary>
    public const int ResizeSize = 4;

    /// <summary>Bytes of a joined frame's payload: inode number and offset, 64 bits each, big-endian.</summary>
    public const int JoinedSize = 16;

    /// <summary>Bytes of the exit code in an exit frame's payload.</summary>
    public const int ExitCodeSize = 4;

    /// <summary>Writes a header.</summary>
    public static void WriteHeader(Span<byte> header, ControlFrameKind kind, int length)
    {
        header[..HeaderSize].Clear();
        header[0] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(header[4..], length);
    }

    /// <summary>Reads a header. The kind may be one that is not known; the length may be negative in a stream that is no control stream.</summary>
    public static (ControlFrameKind Kind, int Length) ReadHeader(ReadOnlySpan<byte> header)
        => ((ControlFrameKind)header[0], BinaryPrimitives.ReadInt32BigEndian(header[4..]));
}
