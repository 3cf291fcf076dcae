using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Owner, mode, times and extended attributes of files by path; no call follows a symbolic link at the end.</summary>
internal static unsafe partial class Libc
{
    private const int UtimeOmit = (1 << 30) - 2;

    /// <summary>Whether this process may make files in a folder (access(2), W_OK and X_OK).</summary>
    public static bool IsWritable(string folder) => access(folder, 2 | 1) == 0;

    /// <summary>lchown(2).</summary>
    public static void ChangeOwner(string path, uint uid, uint gid)
    {
        if (lchown(path, uid, gid) < 0) throw KernelError.Last("lchown", path);
    }

    /// <summary>mknod(2): a node of the same kind, for devices, pipes and sockets.</summary>
    public static void MakeNode(string path, FileStatus like)
    {
        if (mknod(path, like.Mode, MakeDeviceNumber(like.DeviceMajor, like.DeviceMinor)) < 0) throw KernelError.Last("mknod", path);
    }

    /// <summary>
    /// Gives a file the owner, mode, time and extended attributes of another. The owner first: changing it takes set-user-id bits and file
    /// capabilities away.
    /// </summary>
    public static void CopyMetadata(string source, string target, FileStatus like)
    {
        ChangeOwner(target, like.Uid, like.Gid);
        if (!like.IsLink && chmod(target, like.Permissions) < 0) throw KernelError.Last("chmod", target);
        CopyAttributes(source, target);
        long* times = stackalloc long[4];
        times[0] = 0;
        times[1] = UtimeOmit;
        times[2] = Math.DivRem(like.ModifiedNanoseconds, 1_000_000_000, out times[3]);
        if (utimensat(AT_FDCWD, target, times, AT_SYMLINK_NOFOLLOW) < 0) throw KernelError.Last("utimensat", target);
    }

    private static void CopyAttributes(string source, string target)
    {
        const int Most = 64 * 1024;
        byte[] names = new byte[Most];
        byte[] value = new byte[Most];
        fixed (byte* nameList = names, data = value)
        {
            nint length = llistxattr(source, nameList, Most);
            // ENOTSUP: a file system without extended attributes has none to copy.
            for (byte* name = nameList; name < nameList + length;)
            {
                ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
                // Those of overlayfs describe a layer, not the image's file.
                bool ofOverlay = text.StartsWith("trusted.overlay."u8) || text.StartsWith("user.overlay."u8);
                nint size = ofOverlay ? -1 : lgetxattr_raw(source, name, data, Most);
                if (size >= 0 && lsetxattr(target, name, data, size, 0) < 0)
                {
                    int errno = Marshal.GetLastPInvokeError();
                    if (errno != Errno.EOPNOTSUPP) throw KernelError.From("lsetxattr", errno, target);
                }

                name += text.Length + 1;
            }
        }
    }

    private static ulong MakeDeviceNumber(uint major, uint minor)
        => (minor & 0xff) | ((ulong)(major & 0xfff) << 8) | ((ulong)(minor & ~0xffu) << 12) | ((ulong)(major & ~0xfffu) << 32);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int utimensat(int folder, string path, long* times, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint llistxattr(string path, byte* list, nint size);

    [LibraryImport(Library, EntryPoint = "lgetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr_raw(string path, byte* name, byte* value, nint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lsetxattr(string path, byte* name, byte* value, nint size, int flags);
}
