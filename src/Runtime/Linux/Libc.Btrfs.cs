using System.Runtime.InteropServices;
using System.Text;

namespace ContainerTools.Runtime.Linux;

/// <summary>Subvolumes of btrfs (ioctls of linux/btrfs.h), and which file system a path is on. Functions return 0 or the errno.</summary>
internal static unsafe partial class Libc
{
    /// <summary>BTRFS_SUPER_MAGIC of statfs(2).</summary>
    public const long BTRFS_SUPER_MAGIC = 0x9123683E;
    /// <summary>OVERLAYFS_SUPER_MAGIC of statfs(2).</summary>
    public const long OVERLAYFS_SUPER_MAGIC = 0x794C7630;

    private const ulong BTRFS_IOC_SUBVOL_CREATE = 0x5000940E;
    private const ulong BTRFS_IOC_SNAP_DESTROY = 0x5000940F;
    private const ulong BTRFS_IOC_SNAP_CREATE_V2 = 0x50009417;

    /// <summary>BTRFS_FIRST_FREE_OBJECTID: the inode number of every subvolume's root.</summary>
    private const ulong SubvolumeRootInode = 256;

    /// <summary>Makes an empty subvolume in an open folder.</summary>
    public static int CreateSubvolume(SafeHandle folder, string name) => SubvolumeCall(folder, BTRFS_IOC_SUBVOL_CREATE, name);

    /// <summary>Removes a subvolume, whatever is in it except other subvolumes.</summary>
    public static int DestroySubvolume(SafeHandle folder, string name) => SubvolumeCall(folder, BTRFS_IOC_SNAP_DESTROY, name);

    /// <summary>Makes a writable snapshot of a subvolume in an open folder.</summary>
    public static int Snapshot(SafeHandle source, SafeHandle folder, string name)
    {
        // struct btrfs_ioctl_vol_args_v2: s64 fd, u64 transid, u64 flags, 32 bytes, char name[4040].
        byte* arguments = stackalloc byte[4096];
        new Span<byte>(arguments, 4096).Clear();
        Encoding.UTF8.GetBytes(name, new Span<byte>(arguments + 56, 4039));
        bool taken = false;
        try
        {
            source.DangerousAddRef(ref taken);
            *(long*)arguments = source.DangerousGetHandle();
            return Result(ioctl_number(folder, BTRFS_IOC_SNAP_CREATE_V2, (nint)arguments));
        }
        finally
        {
            if (taken) source.DangerousRelease();
        }
    }

    /// <summary>Whether an open folder is the root of a btrfs subvolume.</summary>
    public static bool IsSubvolume(SafeHandle folder) => FileSystemType(folder) == BTRFS_SUPER_MAGIC && Stat(folder).Inode == SubvolumeRootInode;

    /// <summary>The magic number of the file system that an open file is on: fstatfs(2).</summary>
    public static long FileSystemType(SafeHandle file)
    {
        // struct statfs begins with the type, a word; 120 bytes on 64-bit machines.
        byte* buffer = stackalloc byte[256];
        return fstatfs(file, buffer) == 0 ? *(long*)buffer : throw KernelError.Last("fstatfs");
    }

    private static int SubvolumeCall(SafeHandle folder, ulong request, string name)
    {
        // struct btrfs_ioctl_vol_args: s64 fd, char name[4088].
        byte* arguments = stackalloc byte[4096];
        new Span<byte>(arguments, 4096).Clear();
        Encoding.UTF8.GetBytes(name, new Span<byte>(arguments + 8, 4087));
        return Result(ioctl_number(folder, request, (nint)arguments));
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fstatfs(SafeHandle fd, byte* buffer);
}
