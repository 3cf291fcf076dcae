using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Copying the content of files in the kernel. Functions return 0 or the errno unless they say otherwise.</summary>
internal static partial class Libc
{
    private const ulong FICLONE = 0x40049409;
    private const int SEEK_DATA = 3;
    private const int SEEK_HOLE = 4;

    /// <summary>As much as is copied in one call; nobody can stop it meanwhile.</summary>
    private const long Piece = 64 * 1024 * 1024;

    /// <summary>ioctl_ficlone(2): the target shares the source's blocks until one of them is written. EOPNOTSUPP or EXDEV where the file system cannot.</summary>
    public static int CloneContent(SafeHandle source, SafeHandle target)
    {
        bool taken = false;
        try
        {
            source.DangerousAddRef(ref taken);
            return Result(ioctl_number(target, FICLONE, source.DangerousGetHandle()));
        }
        finally
        {
            if (taken) source.DangerousRelease();
        }
    }

    /// <summary>Copies a file's content, its holes stay holes.</summary>
    /// <param name="source">Open for reading.</param>
    /// <param name="target">Open for writing, empty.</param>
    /// <param name="size">The source's size in bytes.</param>
    /// <param name="cancellationToken">Ends it between two pieces.</param>
    /// <exception cref="OperationCanceledException">It was called off.</exception>
    public static int CopyContent(SafeHandle source, SafeHandle target, long size, CancellationToken cancellationToken = default)
    {
        int errno = Result(ftruncate(target, size));
        if (errno != 0) return errno;
        for (long position = 0; position < size;)
        {
            long data = lseek(source, position, SEEK_DATA);
            if (data < 0)
            {
                errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.ENXIO) return 0; // only a hole is left
                return errno;
            }

            long end = lseek(source, data, SEEK_HOLE);
            if (end < 0) return Marshal.GetLastPInvokeError();
            errno = CopyRange(source, target, data, end, cancellationToken);
            if (errno != 0) return errno;
            position = end;
        }

        return 0;
    }

    private static int CopyRange(SafeHandle source, SafeHandle target, long from, long end, CancellationToken cancellationToken)
    {
        byte[]? buffer = null;
        while (from < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (buffer is null)
            {
                long sourceOffset = from;
                long targetOffset = from;
                nint copied = copy_file_range(source, ref sourceOffset, target, ref targetOffset, (nuint)Math.Min(end - from, Piece), 0);
                if (copied > 0)
                {
                    from += copied;
                    continue;
                }

                if (copied == 0) return 0; // the source has become shorter
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR) continue;
                if (errno != Errno.EXDEV && errno != Errno.EINVAL && errno != Errno.ENOSYS && errno != Errno.EOPNOTSUPP) return errno;
                buffer = new byte[128 * 1024];
            }

            nint read = pread(source, ref buffer[0], (nuint)Math.Min(buffer.Length, end - from), from);
            if (read == 0) return 0;
            if (read < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.EINTR) continue;
                return errno;
            }

            int failed = WriteAllAt(target, buffer.AsSpan(0, (int)read), from);
            if (failed != 0) return failed;
            from += read;
        }

        return 0;
    }

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_number(SafeHandle fd, ulong request, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    private static partial long lseek(SafeHandle fd, long offset, int whence);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint copy_file_range(SafeHandle source, ref long sourceOffset, SafeHandle target, ref long targetOffset, nuint length, uint flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint pread(SafeHandle fd, ref byte buffer, nuint count, long offset);
}
