using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Extended attributes (xattr(7)). Names and paths are raw bytes; functions return 0 or the errno.</summary>
internal static partial class Libc
{
    /// <summary>fsetxattr(2).</summary>
    public static int SetAttribute(SafeHandle file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Span<byte> attribute = Terminated(name, stackalloc byte[NameBuffer]);
        return Result(fsetxattr(file, in MemoryMarshal.GetReference(attribute), in MemoryMarshal.GetReference(value), (nuint)value.Length, 0));
    }

    /// <summary>
    /// lsetxattr(2) on an entry of an open folder, which need not be openable (a symbolic link, a device, a fifo). There is no
    /// setxattrat(2) before Linux 6.13; the folder is therefore reached through its link in /proc.
    /// </summary>
    public static int SetAttributeAt(SafeHandle folder, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        bool taken = false;
        try
        {
            folder.DangerousAddRef(ref taken);
            Span<byte> path = Terminated(ThroughProc(folder.DangerousGetHandle(), entry), stackalloc byte[NameBuffer]);
            Span<byte> attribute = Terminated(name, stackalloc byte[NameBuffer]);
            return Result(lsetxattr(
                in MemoryMarshal.GetReference(path), in MemoryMarshal.GetReference(attribute), in MemoryMarshal.GetReference(value), (nuint)value.Length, 0));
        }
        finally
        {
            if (taken) folder.DangerousRelease();
        }
    }

    /// <summary>lremovexattr(2) on an entry of an open folder.</summary>
    public static int RemoveAttributeAt(SafeHandle folder, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name)
    {
        bool taken = false;
        try
        {
            folder.DangerousAddRef(ref taken);
            Span<byte> path = Terminated(ThroughProc(folder.DangerousGetHandle(), entry), stackalloc byte[NameBuffer]);
            Span<byte> attribute = Terminated(name, stackalloc byte[NameBuffer]);
            return Result(lremovexattr(in MemoryMarshal.GetReference(path), in MemoryMarshal.GetReference(attribute)));
        }
        finally
        {
            if (taken) folder.DangerousRelease();
        }
    }

    /// <summary>lgetxattr(2) on an entry of an open folder; ENODATA when it has no such attribute.</summary>
    public static int GetAttributeAt(SafeHandle folder, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name, out byte[] value)
    {
        bool taken = false;
        value = [];
        try
        {
            folder.DangerousAddRef(ref taken);
            Span<byte> path = Terminated(ThroughProc(folder.DangerousGetHandle(), entry), stackalloc byte[NameBuffer]);
            Span<byte> attribute = Terminated(name, stackalloc byte[NameBuffer]);
            byte[] buffer = new byte[1024];
            while (true)
            {
                nint length = lgetxattr(
                    in MemoryMarshal.GetReference(path), in MemoryMarshal.GetReference(attribute), ref buffer[0], (nuint)buffer.Length);
                if (length >= 0)
                {
                    value = buffer[..(int)length];
                    return 0;
                }

                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.ERANGE || buffer.Length >= MaximumAttributeSize) return errno;
                buffer = new byte[MaximumAttributeSize];
            }
        }
        finally
        {
            if (taken) folder.DangerousRelease();
        }
    }

    /// <summary>llistxattr(2) on an entry of an open folder.</summary>
    public static int ListAttributesAt(SafeHandle folder, ReadOnlySpan<byte> entry, out List<byte[]> names)
    {
        bool taken = false;
        names = [];
        try
        {
            folder.DangerousAddRef(ref taken);
            Span<byte> path = Terminated(ThroughProc(folder.DangerousGetHandle(), entry), stackalloc byte[NameBuffer]);
            byte[] buffer = new byte[1024];
            nint length;
            while ((length = llistxattr(in MemoryMarshal.GetReference(path), ref buffer[0], (nuint)buffer.Length)) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.ERANGE || buffer.Length >= MaximumAttributeSize) return errno;
                buffer = new byte[MaximumAttributeSize];
            }

            for (ReadOnlySpan<byte> rest = buffer.AsSpan(0, (int)length); !rest.IsEmpty;)
            {
                int end = rest.IndexOf((byte)0);
                names.Add(rest[..end].ToArray());
                rest = rest[(end + 1)..];
            }

            return 0;
        }
        finally
        {
            if (taken) folder.DangerousRelease();
        }
    }

    /// <summary>XATTR_SIZE_MAX and XATTR_LIST_MAX (linux/limits.h).</summary>
    private const int MaximumAttributeSize = 65536;

    private static byte[] ThroughProc(nint fd, ReadOnlySpan<byte> entry)
    {
        byte[] folder = System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}/"));
        byte[] path = new byte[folder.Length + Math.Max(entry.Length, 1)];
        folder.CopyTo(path, 0);
        if (entry.IsEmpty) path[^1] = (byte)'.';
        else entry.CopyTo(path.AsSpan(folder.Length));
        return path;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fsetxattr(SafeHandle fd, in byte name, in byte value, nuint size, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int lsetxattr(in byte path, in byte name, in byte value, nuint size, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int lremovexattr(in byte path, in byte name);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint lgetxattr(in byte path, in byte name, ref byte value, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint llistxattr(in byte path, ref byte list, nuint size);
}
