using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// Unpacks one layer's tar stream into a folder of its own, in the form overlayfs reads: a deleted file is a character device
/// 0:0, a folder that hides those below it is marked opaque (kernel documentation, filesystems/overlayfs). Owners, modes, times,
/// links, nodes, attributes are kept.
/// </summary>
internal sealed partial class LayerUnpacker : IDisposable
{
    private readonly string _subject;
    private readonly bool _privileged;
    private readonly LayerTree _tree;
    private readonly Dictionary<string, FolderTimes> _folders = [];

    /// <summary>Opens the folder to unpack into.</summary>
    /// <param name="folder">An existing, empty folder.</param>
    /// <param name="subject">What is unpacked, for messages.</param>
    public LayerUnpacker(string folder, string subject)
    {
        _subject = subject;
        _privileged = Environment.IsPrivilegedProcess;
        _tree = new LayerTree(folder, subject) { FolderImplied = Contents.ImpliedFolders.Add };
    }

    /// <summary>What was found.</summary>
    public LayerContents Contents { get; } = new();

    /// <summary>Unpacks everything up to the end of the archive.</summary>
    public void Unpack(TarReader tar, CancellationToken cancellationToken)
    {
        while (tar.ReadEntry() is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Unpack(tar, entry);
            Contents.Entries++;
        }

        SetFolderTimes();
    }

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();

    private void Unpack(TarReader tar, TarEntry entry)
    {
        byte[] path = Normalize(entry.Name, entry);
        if (path.Length == 0)
        {
            if (entry.Type != TarEntryType.Folder) throw Corrupt(entry, "is the root but no folder");
            UnpackRoot(entry);
            return;
        }

        ReadOnlySpan<byte> name = LayerPath.Name(path);
        SafeFileHandle parent = _tree.Folder(LayerPath.Parent(path));
        if (name.StartsWith(".wh."u8))
        {
            UnpackWhiteout(entry, path, parent);
            return;
        }

        switch (entry.Type)
        {
            case TarEntryType.Folder:
                MakeFolder(entry, path, parent);
                break;
            case TarEntryType.File:
                MakeFile(tar, entry, parent, name);
                break;
            case TarEntryType.HardLink:
                MakeHardLink(entry, parent, name);
                break;
            case TarEntryType.SymbolicLink:
                MakeSymbolicLink(entry, parent, name);
                break;
            default:
                MakeNode(entry, parent, name);
                break;
        }
    }

    private void UnpackRoot(TarEntry entry)
    {
        Contents.RootGiven = true;
        if (_privileged) Check(Libc.ChangeOwner(_tree.Root, entry.Uid, entry.Gid), "fchown", entry);
        SetAttributes(entry, _tree.Root, [], null);
        Check(Libc.ChangeMode(_tree.Root, entry.Mode), "fchmod", entry);
        _folders[""] = new FolderTimes(entry.ModifiedSeconds, entry.ModifiedNanoseconds, null);
    }

    private void MakeFolder(TarEntry entry, byte[] path, SafeFileHandle parent)
    {
        ReadOnlySpan<byte> name = LayerPath.Name(path);
        int errno = Libc.MakeFolderAt(parent, name, 0x1C0);
        if (errno == Errno.EEXIST)
        {
            Check(Libc.StatAt(parent, name, out FileStatus status), "statx", entry);
            if (!status.IsFolder)
            {
                Replace(parent, name, entry);
                Check(Libc.MakeFolderAt(parent, name, 0x1C0), "mkdirat", entry);
                // The layer deletes what was here below, and has a new folder in its place.
                if (status.IsWhiteout) MakeOpaque(parent, name, entry);
            }
        }
        else
        {
            Check(errno, "mkdirat", entry);
        }

        if (_privileged) Check(Libc.ChangeOwnerAt(parent, name, entry.Uid, entry.Gid), "fchownat", entry);
        SetAttributes(entry, null, name, parent);
        // An unprivileged user could not fill a folder that forbids it to its owner: its mode comes last.
        bool late = !_privileged && (entry.Mode & 0x1C0) != 0x1C0;
        if (!late) Check(Libc.ChangeModeAt(parent, name, entry.Mode), "fchmodat", entry);
        _folders[Encoding.Latin1.GetString(path)] = new FolderTimes(entry.ModifiedSeconds, entry.ModifiedNanoseconds, late ? entry.Mode : null);
    }

    private void MakeFile(TarReader tar, TarEntry entry, SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        const int Flags = Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL;
        int errno = Libc.OpenAt(parent, name, Flags | Libc.O_NOFOLLOW, 0x180, out SafeFileHandle file);
        if (errno == Errno.EEXIST)
        {
            Replace(parent, name, entry);
            errno = Libc.OpenAt(parent, name, Flags | Libc.O_NOFOLLOW, 0x180, out file);
        }

        using (file)
        {
            Check(errno, "openat", entry);
            if (entry.Fragments is null) WriteContent(tar, entry, file);
            else WriteFragments(tar, entry, file);
            // The owner comes before the mode, because chown(2) clears set-user-id and file capabilities.
            if (_privileged) Check(Libc.ChangeOwner(file, entry.Uid, entry.Gid), "fchown", entry);
            SetAttributes(entry, file, name, parent);
            Check(Libc.ChangeMode(file, entry.Mode), "fchmod", entry);
            Check(Libc.SetTime(file, entry.ModifiedSeconds, entry.ModifiedNanoseconds), "futimens", entry);
        }

        Contents.Size += entry.StoredSize;
    }

    private void WriteContent(TarReader tar, TarEntry entry, SafeFileHandle file)
    {
        for (ReadOnlySpan<byte> part = tar.ReadContent(); !part.IsEmpty; part = tar.ReadContent()) Check(Libc.WriteAll(file, part), "write", entry);
    }

    private void WriteFragments(TarReader tar, TarEntry entry, SafeFileHandle file)
    {
        Check(Libc.TryTruncate(file, entry.Size), "ftruncate", entry);
        ReadOnlySpan<byte> part = [];
        foreach (TarFragment fragment in entry.Fragments!)
        {
            long offset = fragment.Offset;
            for (long left = fragment.Length; left > 0;)
            {
                if (part.IsEmpty) part = tar.ReadContent();
                int length = (int)Math.Min(left, part.Length);
                Check(Libc.WriteAllAt(file, part[..length], offset), "pwrite", entry);
                part = part[length..];
                offset += length;
                left -= length;
            }
        }
    }

    private void MakeHardLink(TarEntry entry, SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        byte[] target = Normalize(entry.LinkName, entry);
        SafeFileHandle targetFolder = _tree.Folder(LayerPath.Parent(target));
        ReadOnlySpan<byte> targetName = LayerPath.Name(target);
        int errno = Libc.MakeHardLinkAt(targetFolder, targetName, parent, name);
        if (errno == Errno.EEXIST && !SameEntry(targetFolder, targetName, parent, name))
        {
            Replace(parent, name, entry);
            errno = Libc.MakeHardLinkAt(targetFolder, targetName, parent, name);
        }
        else if (errno == Errno.EEXIST)
        {
            return;
        }

        if (errno == Errno.ENOENT || errno == Errno.EPERM)
        {
            throw Corrupt(entry, $"is a hard link to '{TarEntry.Display(entry.LinkName)}', which is no file of this layer");
        }

        Check(errno, "linkat", entry);
    }

    private void MakeSymbolicLink(TarEntry entry, SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        if (entry.LinkName.Length == 0) throw Corrupt(entry, "is a symbolic link to nowhere");
        int errno = Libc.MakeSymbolicLinkAt(entry.LinkName, parent, name);
        if (errno == Errno.EEXIST)
        {
            Replace(parent, name, entry);
            errno = Libc.MakeSymbolicLinkAt(entry.LinkName, parent, name);
        }

        Check(errno, "symlinkat", entry);
        if (_privileged) Check(Libc.ChangeOwnerAt(parent, name, entry.Uid, entry.Gid), "fchownat", entry);
        SetAttributes(entry, null, name, parent);
        Check(Libc.SetTimeAt(parent, name, entry.ModifiedSeconds, entry.ModifiedNanoseconds), "utimensat", entry);
    }

    private void MakeNode(TarEntry entry, SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        uint type = entry.Type switch
        {
            TarEntryType.CharacterDevice => Libc.S_IFCHR,
            TarEntryType.BlockDevice => Libc.S_IFBLK,
            _ => Libc.S_IFIFO,
        };
        ulong device = entry.Type == TarEntryType.Fifo ? 0 : Libc.MakeDevice(entry.DeviceMajor, entry.DeviceMinor);
        int errno = Libc.MakeNodeAt(parent, name, type | 0x180, device);
        if (errno == Errno.EEXIST)
        {
            Replace(parent, name, entry);
            errno = Libc.MakeNodeAt(parent, name, type | 0x180, device);
        }

        if (errno == Errno.EPERM)
        {
            throw new ContainerException(
                ErrorCode.PermissionDenied, $"{_subject} has the device node '{entry.DisplayName}', which only root may make; import it as root.", _subject);
        }

        Check(errno, "mknodat", entry);
        if (_privileged) Check(Libc.ChangeOwnerAt(parent, name, entry.Uid, entry.Gid), "fchownat", entry);
        SetAttributes(entry, null, name, parent);
        Check(Libc.ChangeModeAt(parent, name, entry.Mode), "fchmodat", entry);
        Check(Libc.SetTimeAt(parent, name, entry.ModifiedSeconds, entry.ModifiedNanoseconds), "utimensat", entry);
    }

    /// <summary>Last of all, because every entry made in a folder changes its time.</summary>
    private void SetFolderTimes()
    {
        // Inner folders come before outer ones: the modes of the outer ones may shut them.
        foreach ((string key, FolderTimes times) in _folders.OrderByDescending(pair => pair.Key, StringComparer.Ordinal))
        {
            if (key.Length == 0)
            {
                int root = Libc.SetTime(_tree.Root, times.Seconds, times.Nanoseconds);
                if (root != 0) throw KernelError.From("futimens", root, "/");
                continue;
            }

            byte[] path = Encoding.Latin1.GetBytes(key);
            SafeFileHandle parent = _tree.Folder(LayerPath.Parent(path));
            ReadOnlySpan<byte> name = LayerPath.Name(path);
            if (Libc.StatAt(parent, name, out FileStatus status) != 0 || !status.IsFolder) continue; // replaced later in the archive
            if (times.Mode is { } mode)
            {
                int changed = Libc.ChangeModeAt(parent, name, mode);
                if (changed != 0) throw KernelError.From("fchmodat", changed, TarEntry.Display(path));
            }

            int errno = Libc.SetTimeAt(parent, name, times.Seconds, times.Nanoseconds);
            if (errno != 0) throw KernelError.From("utimensat", errno, TarEntry.Display(path));
        }
    }

    private sealed record FolderTimes(long Seconds, int Nanoseconds, uint? Mode);
}
