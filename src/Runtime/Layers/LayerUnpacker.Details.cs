using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>Whiteouts, extended attributes, replacement, errors.</summary>
internal sealed partial class LayerUnpacker
{
    /// <summary>
    /// <c>.wh.name</c> deletes what a lower layer has under that name, <c>.wh..wh..opq</c> everything lower layers have in this
    /// folder (OCI image specification, layer.md, "Whiteouts"). Neither touches what this layer itself brings.
    /// </summary>
    private void UnpackWhiteout(TarEntry entry, byte[] path, SafeFileHandle parent)
    {
        ReadOnlySpan<byte> name = LayerPath.Name(path);
        if (name.SequenceEqual(".wh..wh..opq"u8))
        {
            ReadOnlySpan<byte> folder = LayerPath.Parent(path);
            if (folder.IsEmpty)
            {
                // overlayfs does not look for the mark on the root of a layer: the store leaves the lower layers out instead.
                Contents.RootOpaque = true;
                return;
            }

            Check(SetAttribute(parent, OpaqueAttribute, "y"u8), "setxattr", entry);
            return;
        }

        // AUFS keeps its own files (.wh..wh.plnk and the like) under such names; they are no part of the image.
        if (name.StartsWith(".wh..wh."u8)) return;
        ReadOnlySpan<byte> hidden = name[".wh.".Length..];
        if (hidden.IsEmpty || hidden.SequenceEqual("."u8) || hidden.SequenceEqual(".."u8)) throw Unsafe(entry);
        int errno = Libc.MakeNodeAt(parent, hidden, Libc.S_IFCHR, 0);
        if (errno == Errno.EEXIST)
        {
            Check(Libc.StatAt(parent, hidden, out FileStatus status), "statx", entry);
            if (status.IsFolder) MakeOpaque(parent, hidden, entry);
            return;
        }

        Check(errno, "mknodat", entry);
        ReadOnlySpan<byte> within = LayerPath.Parent(path);
        Contents.Whiteouts.Add(within.IsEmpty ? hidden.ToArray() : [.. within, (byte)'/', .. hidden]);
    }

    private ReadOnlySpan<byte> OpaqueAttribute => _privileged ? "trusted.overlay.opaque"u8 : "user.overlay.opaque"u8;

    private void MakeOpaque(SafeFileHandle parent, ReadOnlySpan<byte> name, TarEntry entry)
        => Check(Libc.SetAttributeAt(parent, name, OpaqueAttribute, "y"u8), "lsetxattr", entry);

    /// <summary>On an open folder; those of the cache are O_PATH, which fsetxattr(2) refuses.</summary>
    private static int SetAttribute(SafeFileHandle folder, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        => Libc.SetAttributeAt(folder, [], name, value);

    /// <param name="entry">The entry.</param>
    /// <param name="file">It, open; null to reach it by name.</param>
    /// <param name="name">Its name.</param>
    /// <param name="parent">The folder it is in.</param>
    private void SetAttributes(TarEntry entry, SafeFileHandle? file, ReadOnlySpan<byte> name, SafeFileHandle? parent)
    {
        foreach (TarAttribute attribute in entry.Attributes)
        {
            if (!Keeps(attribute.Name, entry.Type)) continue;
            int errno = file is not null
                ? Libc.SetAttribute(file, attribute.Name, attribute.Value)
                : Libc.SetAttributeAt(parent!, name, attribute.Name, attribute.Value);
            // Labels and access control lists belong to the file system they were made on. Where this one cannot hold them, the file
            // is still complete; a capability or a user's own attribute, though, is part of what the image promises.
            if (errno == Errno.EOPNOTSUPP && !attribute.Name.AsSpan().StartsWith("user."u8)
                && !attribute.Name.AsSpan().SequenceEqual("security.capability"u8))
            {
                continue;
            }

            if (errno != 0) throw KernelError.From($"setxattr {TarEntry.Display(attribute.Name)}", errno, entry.DisplayName);
        }
    }

    private bool Keeps(ReadOnlySpan<byte> attribute, TarEntryType type)
    {
        // The plumbing of overlayfs: in a layer it would redirect or hide files of others.
        if (attribute.StartsWith("trusted.overlay."u8) || attribute.StartsWith("user.overlay."u8)) return false;
        // xattr(7): user attributes exist on files and folders only, and the rest is root's to set.
        if (attribute.StartsWith("user."u8)) return type is TarEntryType.File or TarEntryType.Folder;
        return _privileged;
    }

    private static bool SameEntry(SafeFileHandle folder, ReadOnlySpan<byte> name, SafeFileHandle otherFolder, ReadOnlySpan<byte> otherName)
        => Libc.StatAt(folder, name, out FileStatus one) == 0 && Libc.StatAt(otherFolder, otherName, out FileStatus other) == 0
            && one.Inode == other.Inode && one.Device == other.Device;

    /// <summary>An archive may name a path twice; the later entry counts.</summary>
    private void Replace(SafeFileHandle parent, ReadOnlySpan<byte> name, TarEntry entry)
    {
        Check(Libc.StatAt(parent, name, out FileStatus status), "statx", entry);
        FolderRemoval.Remove(parent, name, entry.DisplayName);
        // Folders below it may be open, and are gone now; the parent itself must stay open for the caller.
        if (status.IsFolder || status.IsLink) _tree.Forget(parent);
    }

    private byte[] Normalize(byte[] name, TarEntry entry)
    {
        if (name.AsSpan().Contains((byte)0)) throw Corrupt(entry, "has a NUL in its name");
        return LayerPath.TryNormalize(name, out byte[] path) ? path : throw Unsafe(entry);
    }

    private void Check(int errno, string call, TarEntry entry)
    {
        if (errno != 0) throw _tree.Failed(call, errno, entry.Name);
    }

    private ContainerException Unsafe(TarEntry entry) => new(
        ErrorCode.ArchiveUnsafe,
        entry.LinkName.Length > 0 && entry.Type == TarEntryType.HardLink
            ? $"{_subject} has an entry '{entry.DisplayName}' linked to '{TarEntry.Display(entry.LinkName)}', which leads out of the root file system; do not trust it."
            : $"{_subject} has an entry '{entry.DisplayName}' that leads out of the root file system; do not trust it.",
        _subject);

    private ContainerException Corrupt(TarEntry entry, string what)
        => new(ErrorCode.ArchiveCorrupt, $"{_subject} is damaged: the entry '{entry.DisplayName}' {what}.", _subject);
}
