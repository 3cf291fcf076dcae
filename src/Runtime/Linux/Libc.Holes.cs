using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Holes of sparse files (lseek(2), SEEK_DATA and SEEK_HOLE).</summary>
internal static partial class Libc
{
    /// <summary>
    /// The pieces of a file that hold data; null where it has no holes, or the file system does not tell of them. The file's position is changed.
    /// </summary>
    /// <param name="file">An open regular file.</param>
    /// <param name="size">Its size.</param>
    public static List<(long Offset, long Length)>? DataOf(SafeHandle file, long size)
    {
        if (size == 0) return null;
        long hole = lseek(file, 0, SEEK_HOLE);
        if (hole < 0 || hole >= size) return null;
        List<(long Offset, long Length)> pieces = [];
        long position = 0;
        while (position < size)
        {
            long data = lseek(file, position, SEEK_DATA);
            // ENXIO: nothing but a hole up to the end.
            if (data < 0 || data >= size) return pieces;
            long end = lseek(file, data, SEEK_HOLE);
            if (end < 0 || end > size) end = size;
            pieces.Add((data, end - data));
            position = end;
        }

        return pieces;
    }
}
