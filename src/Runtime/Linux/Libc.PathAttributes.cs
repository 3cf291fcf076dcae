using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Extended attributes by path (lgetxattr(2)).</summary>
internal static unsafe partial class Libc
{
    /// <summary>Whether a file has an extended attribute with this one character as its value.</summary>
    public static bool HasAttribute(string path, string name, char value)
    {
        byte* buffer = stackalloc byte[16];
        return lgetxattr(path, name, buffer, 16) == 1 && *buffer == value;
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, byte* value, nint size);
}
