using System.Buffers.Binary;

namespace ContainerTools.Runtime.Tests.Images.Pipeline;

/// <summary>Writes zstd frames of blocks that are not compressed (RFC 8878), with any window.</summary>
internal static class ZstdBuilder
{
    private const int MaximumBlock = 128 * 1024;

    public static byte[] Frame(int windowLog, ReadOnlySpan<byte> content)
    {
        using MemoryStream frame = new();
        frame.Write([0x28, 0xB5, 0x2F, 0xFD, 0, (byte)((windowLog - 10) << 3)]);
        Span<byte> header = stackalloc byte[4];
        do
        {
            int length = Math.Min(content.Length, Math.Min(MaximumBlock, 1 << windowLog));
            bool last = length == content.Length;
            BinaryPrimitives.WriteInt32LittleEndian(header, (length << 3) | (last ? 1 : 0));
            frame.Write(header[..3]);
            frame.Write(content[..length]);
            content = content[length..];
            if (last) break;
        }
        while (true);
        return frame.ToArray();
    }

    public static byte[] Skippable(int length)
    {
        byte[] frame = new byte[8 + length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, 0x184D2A53);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), length);
        return frame;
    }
}
