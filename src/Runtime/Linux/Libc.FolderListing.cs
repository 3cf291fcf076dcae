using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>getdents64(2): the names in an open folder, as raw bytes.</summary>
internal static partial class Libc
{
    private static readonly long SYS_getdents64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 61 : 217;

    /// <summary>All entries of an open folder except <c>.</c> and <c>..</c>; 0 or the errno.</summary>
    /// <param name="folder">Opened for reading, at its start.</param>
    /// <param name="names">What was found.</param>
    public static int ListFolder(SafeHandle folder, out List<byte[]> names)
    {
        names = [];
        // struct linux_dirent64: 8 bytes inode, 8 bytes offset, 2 bytes length of the record, 1 byte type, the name, NUL.
        const int NameOffset = 19;
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(32 * 1024);
        bool taken = false;
        try
        {
            folder.DangerousAddRef(ref taken);
            while (true)
            {
                long read = syscall_getdents64(SYS_getdents64, folder.DangerousGetHandle(), ref buffer[0], (nuint)buffer.Length);
                if (read == 0) return 0;
                if (read < 0)
                {
                    int errno = Marshal.GetLastPInvokeError();
                    if (errno == Errno.EINTR) continue;
                    return errno;
                }

                for (int at = 0; at < read;)
                {
                    int length = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + 16));
                    ReadOnlySpan<byte> name = buffer.AsSpan(at + NameOffset, length - NameOffset);
                    name = name[..name.IndexOf((byte)0)];
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)) names.Add(name.ToArray());
                    at += length;
                }
            }
        }
        finally
        {
            if (taken) folder.DangerousRelease();
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long syscall_getdents64(long number, nint fd, ref byte buffer, nuint size);
}
