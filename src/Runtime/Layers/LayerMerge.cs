using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// Copies a layer over a folder that holds the layers below it, as overlayfs would show them together: whiteouts delete, opaque
/// folders hide. Contents are shared with the layer where the file system can (reflink).
/// </summary>
internal sealed class LayerMerge
{
    private readonly uint _owner;
    private readonly SafeFileHandle _target;
    private readonly Dictionary<(ulong Device, ulong Inode), byte[]> _linked = [];
    private readonly CancellationToken _cancellationToken;
    private bool _canClone = true;

    private LayerMerge(SafeFileHandle target, uint owner, CancellationToken cancellationToken)
    {
        _target = target;
        _owner = owner;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Copies one layer.</summary>
    /// <param name="layer">The layer's folder.</param>
    /// <param name="target">The folder to change.</param>
    /// <param name="owner">Added to every owner and group: the host's id of the container's root.</param>
    /// <param name="cancellationToken">Ends it, with the target half changed.</param>
    public static void Apply(string layer, string target, uint owner, CancellationToken cancellationToken)
    {
        using SafeFileHandle from = Libc.Open(layer, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        using SafeFileHandle to = Libc.Open(target, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        LayerMerge merge = new(to, owner, cancellationToken);
        if (IsOpaque(from)) merge.Clear(to, []);
        merge.MergeFolder(from, to, []);
        Check(Libc.StatAt(from, [], out FileStatus status), "statx", []);
        merge.SetMetadata(from, ""u8, to, ""u8, status, []);
    }

    private void MergeFolder(SafeFileHandle from, SafeFileHandle to, byte[] path)
    {
        Check(Libc.ListFolder(from, out List<byte[]> names), "getdents64", path);
        foreach (byte[] name in names)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            byte[] inner = path.Length == 0 ? name : [.. path, (byte)'/', .. name];
            Check(Libc.StatAt(from, name, out FileStatus status), "statx", inner);
            if (status.IsFolder) MergeInner(from, to, name, inner, status);
            else Replace(from, to, name, inner, status);
        }
    }

    private void MergeInner(SafeFileHandle from, SafeFileHandle to, byte[] name, byte[] path, FileStatus status)
    {
        using SafeFileHandle source = OpenFolder(from, name, path);
        int errno = Libc.StatAt(to, name, out FileStatus existing);
        bool exists = errno == 0 && existing.IsFolder;
        if (errno == 0 && !exists) FolderRemoval.Remove(to, name, TarEntry.Display(path));
        if (!exists) Check(Libc.MakeFolderAt(to, name, 0x1C0), "mkdirat", path);
        using SafeFileHandle target = OpenFolder(to, name, path);
        if (exists && IsOpaque(source)) Clear(target, path);
        MergeFolder(source, target, path);
        SetMetadata(from, name, to, name, status, path);
    }

    private void Replace(SafeFileHandle from, SafeFileHandle to, byte[] name, byte[] path, FileStatus status)
    {
        FolderRemoval.Remove(to, name, TarEntry.Display(path));
        if (status.IsWhiteout) return;
        if (status.Links > 1 && _linked.TryGetValue((status.Device, status.Inode), out byte[]? first))
        {
            Check(Libc.MakeHardLinkAt(_target, first, to, name), "linkat", path);
            return;
        }

        if (status.IsFile) CopyFile(from, to, name, path, status);
        else if (status.IsLink) CopyLink(from, to, name, path);
        else Check(Libc.MakeNodeAt(to, name, (status.Mode & Libc.S_IFMT) | 0x180, Libc.MakeDevice(status.DeviceMajor, status.DeviceMinor)), "mknodat", path);
        SetMetadata(from, name, to, name, status, path);
        if (status.Links > 1) _linked[(status.Device, status.Inode)] = path;
    }

    private void CopyFile(SafeFileHandle from, SafeFileHandle to, byte[] name, byte[] path, FileStatus status)
    {
        Check(Libc.OpenAt(from, name, Libc.O_RDONLY | Libc.O_NOFOLLOW, 0, out SafeFileHandle source), "openat", path);
        using (source)
        {
            Check(Libc.OpenAt(to, name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW, 0x180, out SafeFileHandle target), "openat", path);
            using (target)
            {
                if (status.Size == 0) return;
                if (_canClone && Libc.CloneContent(source, target) == 0) return;
                _canClone = false;
                Check(Libc.CopyContent(source, target, status.Size, _cancellationToken), "copy_file_range", path);
            }
        }
    }

    private static void CopyLink(SafeFileHandle from, SafeFileHandle to, byte[] name, byte[] path)
    {
        Check(Libc.ReadLinkAt(from, name, out byte[] text), "readlinkat", path);
        Check(Libc.MakeSymbolicLinkAt(text, to, name), "symlinkat", path);
    }

    /// <summary>Owner, attributes, mode, times, in the order in which one does not undo another.</summary>
    private void SetMetadata(
        SafeFileHandle from, ReadOnlySpan<byte> fromName, SafeFileHandle to, ReadOnlySpan<byte> toName, FileStatus status, byte[] path)
    {
        if (Environment.IsPrivilegedProcess) Check(Libc.ChangeOwnerAt(to, toName, status.Uid + _owner, status.Gid + _owner), "fchownat", path);
        CopyAttributes(from, fromName, to, toName, path);
        ReadOnlySpan<byte> name = toName.IsEmpty ? "."u8 : toName;
        if (!status.IsLink) Check(Libc.ChangeModeAt(to, name, status.Permissions), "fchmodat", path);
        long seconds = Math.DivRem(status.ModifiedNanoseconds, 1_000_000_000, out long nanoseconds);
        if (nanoseconds < 0) (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000);
        Check(Libc.SetTimeAt(to, name, seconds, (int)nanoseconds), "utimensat", path);
    }

    private void CopyAttributes(SafeFileHandle from, ReadOnlySpan<byte> fromName, SafeFileHandle to, ReadOnlySpan<byte> toName, byte[] path)
    {
        int errno = Libc.ListAttributesAt(from, fromName, out List<byte[]> names);
        if (errno == Errno.EOPNOTSUPP) return;
        Check(errno, "llistxattr", path);
        // A folder of a lower layer may have attributes that this one has not.
        if (Libc.ListAttributesAt(to, toName, out List<byte[]> present) == 0)
        {
            foreach (byte[] name in present)
            {
                if (names.Any(other => other.AsSpan().SequenceEqual(name)) || name.AsSpan().StartsWith("security.selinux"u8)) continue;
                Check(Libc.RemoveAttributeAt(to, toName, name), "lremovexattr", path);
            }
        }

        foreach (byte[] name in names)
        {
            if (name.AsSpan().StartsWith("trusted.overlay."u8) || name.AsSpan().StartsWith("user.overlay."u8)) continue;
            errno = Libc.GetAttributeAt(from, fromName, name, out byte[] value);
            if (errno == Errno.ENODATA) continue;
            Check(errno, "lgetxattr", path);
            bool capability = name.AsSpan().SequenceEqual(FileCapability.AttributeName);
            if (capability) value = FileCapability.ForRoot(value, _owner);
            errno = Libc.SetAttributeAt(to, toName, name, value);
            if (errno == Errno.EOPNOTSUPP && !capability && !name.AsSpan().StartsWith("user."u8)) continue;
            Check(errno, "lsetxattr", path);
        }
    }

    private void Clear(SafeFileHandle folder, byte[] path)
    {
        Check(Libc.ListFolder(folder, out List<byte[]> names), "getdents64", path);
        foreach (byte[] name in names) FolderRemoval.Remove(folder, name, TarEntry.Display(path));
    }

    private static bool IsOpaque(SafeFileHandle folder)
        => (Libc.GetAttributeAt(folder, [], "trusted.overlay.opaque"u8, out byte[] value) == 0 && value is [(byte)'y'])
            || (Libc.GetAttributeAt(folder, [], "user.overlay.opaque"u8, out value) == 0 && value is [(byte)'y']);

    private static SafeFileHandle OpenFolder(SafeFileHandle parent, byte[] name, byte[] path)
    {
        Check(Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle folder), "openat", path);
        return folder;
    }

    private static void Check(int errno, string call, byte[] path)
    {
        if (errno != 0) throw KernelError.From(call, errno, TarEntry.Display(path));
    }
}
