using System.Buffers.Binary;

namespace ContainerTools.Runtime.Layers;

/// <summary>The value of <c>security.capability</c> (capabilities(7), "File capability extended attribute versioning").</summary>
internal static class FileCapability
{
    /// <summary>The attribute's name.</summary>
    public static ReadOnlySpan<byte> AttributeName => "security.capability"u8;

    private const uint RevisionMask = 0xFF000000;
    private const uint Revision2 = 0x02000000;
    private const uint Revision3 = 0x03000000;
    private const int Revision2Size = 20;

    /// <summary>
    /// The same capabilities for a user namespace whose root is <paramref name="root"/> on the host: without that id in the attribute,
    /// the kernel ignores it there.
    /// </summary>
    public static byte[] ForRoot(byte[] value, uint root)
    {
        if (root == 0 || value.Length < Revision2Size) return value;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(value);
        if ((magic & RevisionMask) != Revision2) return value;
        byte[] rooted = new byte[Revision2Size + 4];
        value.AsSpan(0, Revision2Size).CopyTo(rooted);
        BinaryPrimitives.WriteUInt32LittleEndian(rooted, (magic & ~RevisionMask) | Revision3);
        BinaryPrimitives.WriteUInt32LittleEndian(rooted.AsSpan(Revision2Size), root);
        return rooted;
    }

    /// <summary>The same capabilities as a program in the user namespace sees them: without the id of its root.</summary>
    public static byte[] WithoutRoot(byte[] value)
    {
        if (value.Length < Revision2Size + 4) return value;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(value);
        if ((magic & RevisionMask) != Revision3) return value;
        byte[] plain = value[..Revision2Size];
        BinaryPrimitives.WriteUInt32LittleEndian(plain, (magic & ~RevisionMask) | Revision2);
        return plain;
    }
}
