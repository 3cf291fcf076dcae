using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// How cgroup files are read and written and their folders made and removed. This one asks the kernel; a test puts its own in place, which
/// plays the kernel's part on a temporary tree. All return 0 (or a count), or an errno: nothing here decides what an errno means.
/// </summary>
internal class CgroupFiles
{
    /// <summary>The kernel's.</summary>
    public static CgroupFiles Kernel { get; } = new();

    /// <summary>Writes a value with one write(2). Returns 0 or the errno.</summary>
    public virtual int Write(string path, ReadOnlySpan<byte> value) => Libc.WriteKernelFile(path, value);

    /// <summary>Reads up to the length of the buffer. Returns the count or the negative errno.</summary>
    public virtual int Read(string path, Span<byte> buffer) => Libc.ReadKernelFile(path, buffer);

    /// <summary>mkdir(2). Returns 0 or the errno.</summary>
    public virtual int MakeFolder(string path) => Libc.MakeFolder(path, 0x1ed /* 0755 */);

    /// <summary>rmdir(2). Returns 0 or the errno.</summary>
    public virtual int RemoveFolder(string path) => Libc.RemoveFolder(path);
}
