using System.Buffers.Binary;

namespace ContainerTools.Runtime.Monitoring;

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
