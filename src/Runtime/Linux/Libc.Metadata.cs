using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>What may be done to files, and their owner, by path; no call follows a symbolic link at the end.</summary>
internal static partial class Libc
{
    /// <summary>Whether this process may make files in a folder (access(2), W_OK and X_OK).</summary>
    public static bool IsWritable(string folder) => access(folder, 2 | 1) == 0;

    /// <summary>lchown(2).</summary>
    public static void ChangeOwner(string path, uint uid, uint gid)
    {
        if (lchown(path, uid, gid) < 0) throw KernelError.Last("lchown", path);
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint uid, uint gid);
}
