using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers.Changes;

/// <summary>The extended attributes of a file that belong to it wherever it goes.</summary>
internal static class RootAttributes
{
    /// <summary>Reads them, in the order of their names.</summary>
    public static List<TarAttribute> Read(SafeFileHandle folder, byte[] name)
    {
        List<TarAttribute> attributes = [];
        // No attributes on this file system, or the file is gone: then there are none.
        if (Libc.ListAttributesAt(folder, name, out List<byte[]> names) != 0) return attributes;
        names.Sort(ByteOrder.Instance);
        foreach (byte[] attribute in names)
        {
            if (!Travels(attribute) || Libc.GetAttributeAt(folder, name, attribute, out byte[] value) != 0) continue;
            bool capability = attribute.AsSpan().SequenceEqual(FileCapability.AttributeName);
            attributes.Add(new TarAttribute(attribute, capability ? FileCapability.WithoutRoot(value) : value));
        }

        return attributes;
    }

    // The marks of overlayfs and the labels of this host's security modules do not.
    private static bool Travels(ReadOnlySpan<byte> name)
        => !name.StartsWith("trusted.overlay."u8) && !name.StartsWith("user.overlay."u8)
            && (name.StartsWith("user."u8) || name.StartsWith("trusted."u8) || name.SequenceEqual(FileCapability.AttributeName)
                || name.StartsWith("system.posix_acl_"u8));
}
