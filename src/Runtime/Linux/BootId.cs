using System.Text;

namespace ContainerTools.Runtime.Linux;

/// <summary>Names the time since the kernel started: process ids and start times mean nothing after it.</summary>
internal static class BootId
{
    /// <summary>/proc/sys/kernel/random/boot_id, without the line end.</summary>
    public static string Current { get; } = Read();

    private static string Read()
    {
        const string Path = "/proc/sys/kernel/random/boot_id";
        Span<byte> buffer = stackalloc byte[64];
        int length = Libc.ReadKernelFile(Path, buffer);
        return length >= 0 ? Encoding.ASCII.GetString(buffer[..length]).TrimEnd() : throw KernelError.From("read", -length, Path);
    }
}
