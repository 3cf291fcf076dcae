using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>struct open_how of openat2(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct OpenHow(ulong Flags, ulong Mode, ulong Resolve);

/// <summary>struct mount_attr of mount_setattr(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct MountAttributes(ulong Set, ulong Clear, ulong Propagation, ulong UserNamespace);

/// <summary>Mounts by file descriptor: open_tree, fsopen, fsconfig, fsmount, mount_setattr (section 2 of the manual), and openat2.</summary>
internal static unsafe partial class Libc
{
    public const int AT_RECURSIVE = 0x8000;
    public const int OPEN_TREE_CLONE = 1;
    public const int OPEN_TREE_CLOEXEC = O_CLOEXEC;
    public const int MOVE_MOUNT_F_EMPTY_PATH = 0x4;
    public const int MOVE_MOUNT_T_SYMLINKS = 0x10;
    public const int MOVE_MOUNT_T_EMPTY_PATH = 0x40;
    public const int FSOPEN_CLOEXEC = 1;
    public const int FSMOUNT_CLOEXEC = 1;
    public const int FSCONFIG_SET_FLAG = 0;
    public const int FSCONFIG_SET_STRING = 1;
    public const int FSCONFIG_CMD_CREATE = 6;
    public const int MNT_DETACH = 2;

    public const ulong MOUNT_ATTR_RDONLY = 0x1;
    public const ulong MOUNT_ATTR_NOSUID = 0x2;
    public const ulong MOUNT_ATTR_NODEV = 0x4;
    public const ulong MOUNT_ATTR_NOEXEC = 0x8;
    public const ulong MOUNT_ATTR__ATIME = 0x70;
    public const ulong MOUNT_ATTR_RELATIME = 0;
    public const ulong MOUNT_ATTR_NOATIME = 0x10;
    public const ulong MOUNT_ATTR_STRICTATIME = 0x20;
    public const ulong MOUNT_ATTR_NODIRATIME = 0x80;
    public const ulong MOUNT_ATTR_IDMAP = 0x0010_0000;
    public const ulong MOUNT_ATTR_NOSYMFOLLOW = 0x0020_0000;

    public const ulong MS_UNBINDABLE = 1 << 17;
    public const ulong MS_PRIVATE = 1 << 18;
    public const ulong MS_SLAVE = 1 << 19;
    public const ulong MS_SHARED = 1 << 20;

    public const ulong RESOLVE_NO_XDEV = 0x1;
    public const ulong RESOLVE_NO_MAGICLINKS = 0x2;
    public const ulong RESOLVE_NO_SYMLINKS = 0x4;
    public const ulong RESOLVE_BENEATH = 0x8;
    public const ulong RESOLVE_IN_ROOT = 0x10;

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint RawCall(nint number, nint a0, nint a1, nint a2, nint a3, nint a4);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenAt2Call(nint number, nint folder, string path, in OpenHow how, nint size);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenTreeCall(nint number, nint folder, string path, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint MountSetattrCall(nint number, nint folder, string path, nint flags, in MountAttributes attributes, nint size);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FsopenCall(nint number, string type, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FsconfigCall(nint number, nint context, nint command, string? key, string? value, nint auxiliary);

    /// <summary>openat2(2), EINTR and EAGAIN (a concurrent rename or mount) retried; null when the errno is ENOENT or ENOTDIR.</summary>
    public static SafeFileHandle? TryOpenAt2(SafeHandle folder, string path, int flags, ulong resolve, uint mode = 0)
    {
        OpenHow how = new((ulong)(uint)flags, mode, resolve);
        while (true)
        {
            nint fd = OpenAt2Call(SystemCall.Openat2.Number, folder.DangerousGetHandle(), path, how, sizeof(OpenHow));
            if (fd >= 0) return new SafeFileHandle(fd, ownsHandle: true);
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.ENOENT || errno == Errno.ENOTDIR) return null;
            if (errno != Errno.EINTR && errno != Errno.EAGAIN) throw KernelError.From("openat2", errno, path);
        }
    }

    /// <summary>
    /// Opens a file below a root for reading, where whoever made the root may have put anything: links are followed inside of it, and what is no regular file is not opened at all,
    /// for opening a device may be all that it takes (a watchdog starts, a tape winds back).
    /// </summary>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="KernelException">The errno of openat2(2), but for ENOENT and ENOTDIR.</exception>
    public static SafeFileHandle? TryOpenFileIn(SafeHandle root, string path)
    {
        using SafeFileHandle? place = TryOpenAt2(root, path, O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        return place is not null && Stat(place).IsFile ? Reopen(place) : null;
    }

    /// <summary>A detached copy of the mount at a path: open_tree(2) with OPEN_TREE_CLONE.</summary>
    public static SafeFileHandle CloneTree(string path, bool recursive)
    {
        nint flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
        nint fd = OpenTreeCall(SystemCall.OpenTree.Number, AT_FDCWD, path, flags);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("open_tree", path);
    }

    /// <summary>Changes a mount's attributes: mount_setattr(2) on the mount that a descriptor refers to.</summary>
    public static void SetMountAttributes(SafeHandle mount, in MountAttributes attributes, bool recursive, string path)
    {
        nint flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
        if (MountSetattrCall(SystemCall.MountSetattr.Number, mount.DangerousGetHandle(), "", flags, attributes, sizeof(MountAttributes)) < 0)
        {
            throw KernelError.Last("mount_setattr", path);
        }
    }

    /// <summary>Begins a new mount of a file system type: fsopen(2).</summary>
    public static SafeFileHandle OpenFileSystem(string type)
    {
        nint fd = FsopenCall(SystemCall.Fsopen.Number, type, FSOPEN_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("fsopen", type);
    }

    /// <summary>Sets one option of it: fsconfig(2). False when the kernel refuses the option with EINVAL.</summary>
    public static bool ConfigureFileSystem(SafeHandle context, string key, string value)
    {
        if (FsconfigCall(SystemCall.Fsconfig.Number, context.DangerousGetHandle(), FSCONFIG_SET_STRING, key, value, 0) == 0) return true;
        if (Marshal.GetLastPInvokeError() == Errno.EINVAL) return false;
        throw KernelError.Last($"fsconfig {key}", value);
    }

    /// <summary>Sets an option without a value: fsconfig(2).</summary>
    public static void ConfigureFileSystemFlag(SafeHandle context, string key)
    {
        if (FsconfigCall(SystemCall.Fsconfig.Number, context.DangerousGetHandle(), FSCONFIG_SET_FLAG, key, null, 0) < 0) throw KernelError.Last($"fsconfig {key}");
    }

    /// <summary>Makes the file system and a detached mount of it: fsconfig(2) FSCONFIG_CMD_CREATE and fsmount(2).</summary>
    public static SafeFileHandle MountFileSystem(SafeHandle context, ulong attributes, string path)
    {
        if (FsconfigCall(SystemCall.Fsconfig.Number, context.DangerousGetHandle(), FSCONFIG_CMD_CREATE, null, null, 0) < 0)
        {
            throw KernelError.From("mount", Marshal.GetLastPInvokeError(), path);
        }

        nint fd = RawCall(SystemCall.Fsmount.Number, context.DangerousGetHandle(), FSMOUNT_CLOEXEC, (nint)attributes, 0, 0);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("fsmount", path);
    }
}
