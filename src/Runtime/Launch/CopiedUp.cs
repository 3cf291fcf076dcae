using System.Globalization;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// A tmpfs that starts with what the image has at its place (<c>tmpcopyup</c>). Copied by the launcher, into a detached mount, from the root folder's descriptor: the walk goes
/// from open folder to open folder and follows no link, so an image leads it nowhere else.
/// </summary>
internal static class CopiedUp
{
    // Each level takes two descriptors and a frame of the stack; an image decides how many there are.
    private const int MostDepth = 200;

    /// <summary>Makes it.</summary>
    /// <param name="root">The container's root folder; null for an empty one.</param>
    /// <param name="path">The place, absolute in the container.</param>
    /// <param name="source">The tmpfs's name.</param>
    /// <param name="options">Its options.</param>
    public static SafeFileHandle Make(SafeFileHandle? root, string path, string source, MountOptions options)
    {
        SafeFileHandle mount = Mount(path, source, options);
        try
        {
            using SafeFileHandle? from = root is null
                ? null
                : Libc.TryOpenAt2(root, RootPaths.Relative(path), Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, Libc.RESOLVE_IN_ROOT | Libc.RESOLVE_NO_MAGICLINKS);
            if (from is null) return mount;
            using SafeFileHandle to = OpenFolder(mount, "."u8, path);
            CopyFolder(from, to, path);
            FileStatus status = Libc.Stat(from);
            if (!options.Data.Exists(static option => option.StartsWith("uid=", StringComparison.Ordinal) || option.StartsWith("gid=", StringComparison.Ordinal)))
            {
                Check(Libc.ChangeOwner(to, status.Uid, status.Gid), "fchown", path);
            }

            if (!options.Data.Exists(static option => option.StartsWith("mode=", StringComparison.Ordinal))) Check(Libc.ChangeMode(to, status.Permissions), "fchmod", path);
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Mount(string path, string source, MountOptions options)
    {
        using SafeFileHandle context = Libc.OpenFileSystem("tmpfs");
        Configure("source", source);
        foreach (string option in options.Data)
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) Libc.ConfigureFileSystemFlag(context, option);
            else Configure(option[..equals], option[(equals + 1)..]);
        }

        // It is written to before it becomes read-only.
        return Libc.MountFileSystem(context, options.Set & ~Libc.MOUNT_ATTR_RDONLY, path);

        void Configure(string key, string value)
        {
            if (!Libc.ConfigureFileSystem(context, key, value)) throw KernelError.From($"mount tmpfs (option {key}={value})", Errno.EINVAL, path);
        }
    }

    private static void CopyFolder(SafeFileHandle from, SafeFileHandle to, string path, int depth = 0)
    {
        if (depth == MostDepth)
        {
            throw new ContainerException(
                ErrorCode.InvalidConfiguration, string.Create(CultureInfo.InvariantCulture, $"The image's folders below the tmpcopyup mount are more than {MostDepth} levels deep."), path);
        }

        Check(Libc.ListFolder(from, out List<byte[]> names), "getdents64", path);
        foreach (byte[] name in names)
        {
            string shown = path + "/" + System.Text.Encoding.UTF8.GetString(name);
            Check(Libc.StatAt(from, name, out FileStatus status), "statx", shown);
            CopyEntry(from, to, name, status, shown, depth);
            CopyAttributes(from, to, name);
            Check(Libc.ChangeOwnerAt(to, name, status.Uid, status.Gid), "fchownat", shown);
            // After the owner, whose change clears the set-user-id bit.
            if (!status.IsLink) Check(Libc.ChangeModeAt(to, name, status.Permissions), "fchmodat", shown);
            (long seconds, long rest) = Math.DivRem(status.ModifiedNanoseconds, 1_000_000_000);
            Check(Libc.SetTimeAt(to, name, seconds, (int)rest), "utimensat", shown);
        }
    }

    private static void CopyEntry(SafeFileHandle from, SafeFileHandle to, byte[] name, FileStatus status, string shown, int depth)
    {
        if (status.IsFolder)
        {
            Check(Libc.MakeFolderAt(to, name, 0x1c0), "mkdirat", shown);
            using SafeFileHandle source = OpenFolder(from, name, shown), target = OpenFolder(to, name, shown);
            CopyFolder(source, target, shown, depth + 1);
        }
        else if (status.IsFile)
        {
            // Without waiting, should it have become a pipe meanwhile.
            Check(Libc.OpenAt(from, name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK, 0, out SafeFileHandle source), "openat", shown);
            using (source)
            {
                Check(Libc.OpenAt(to, name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL, 0x180, out SafeFileHandle target), "openat", shown);
                using (target) Check(Libc.CopyContent(source, target, status.Size), "write", shown);
            }
        }
        else if (status.IsLink)
        {
            Check(Libc.ReadLinkAt(from, name, out byte[] text), "readlinkat", shown);
            Check(Libc.MakeSymbolicLinkAt(text, to, name), "symlinkat", shown);
        }
        else
        {
            Check(Libc.MakeNodeAt(to, name, status.Mode, Libc.MakeDevice(status.DeviceMajor, status.DeviceMinor)), "mknodat", shown);
        }
    }

    private static void CopyAttributes(SafeFileHandle from, SafeFileHandle to, byte[] name)
    {
        if (Libc.ListAttributesAt(from, name, out List<byte[]> attributes) != 0) return;
        foreach (byte[] attribute in attributes)
        {
            // Those that tmpfs does not keep are no loss: it says EOPNOTSUPP.
            if (Libc.GetAttributeAt(from, name, attribute, out byte[] value) == 0) Libc.SetAttributeAt(to, name, attribute, value);
        }
    }

    private static SafeFileHandle OpenFolder(SafeFileHandle folder, ReadOnlySpan<byte> name, string shown)
    {
        Check(Libc.OpenAt(folder, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out SafeFileHandle handle), "openat", shown);
        return handle;
    }

    private static void Check(int errno, string call, string path)
    {
        if (errno != 0) throw KernelError.From(call, errno, string.Create(CultureInfo.InvariantCulture, $"{path} (tmpcopyup)"));
    }
}
