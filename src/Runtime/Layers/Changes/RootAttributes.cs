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

    /// <summary>Whether two files have the same.</summary>
    /// <param name="entry">The one.</param>
    /// <param name="folderBelow">The folder in which a lower layer has the other, under the same name.</param>
    public static bool AreSame(RootEntry entry, SafeFileHandle folderBelow)
    {
        List<TarAttribute> own = Read(entry.Folder, entry.Name);
        List<TarAttribute> other = Read(folderBelow, entry.Name);
        return own.Count == other.Count
            && own.Zip(other).All(pair => pair.First.Name.AsSpan().SequenceEqual(pair.Second.Name) && pair.First.Value.AsSpan().SequenceEqual(pair.Second.Value));
    }

    /// <summary>Whether both are folders of the same mode and owner, with the same attributes.</summary>
    /// <param name="entry">The one.</param>
    /// <param name="folderBelow">The folder in which a lower layer has the other, under the same name.</param>
    /// <param name="below">What that is.</param>
    public static bool AreSameFolder(RootEntry entry, SafeFileHandle folderBelow, FileStatus below)
        => entry.Status.IsFolder && entry.Status.Mode == below.Mode && entry.Status.Uid == below.Uid + entry.Owner && entry.Status.Gid == below.Gid + entry.Owner
            && AreSame(entry, folderBelow);

    // The marks of overlayfs and the labels of this host's security modules do not.
    private static bool Travels(ReadOnlySpan<byte> name)
        => !name.StartsWith("trusted.overlay."u8) && !name.StartsWith("user.overlay."u8)
            && (name.StartsWith("user."u8) || name.StartsWith("trusted."u8) || name.SequenceEqual(FileCapability.AttributeName)
                || name.StartsWith("system.posix_acl_"u8));
}
