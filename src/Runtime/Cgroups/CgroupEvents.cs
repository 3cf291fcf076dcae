using System.Diagnostics;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>cgroup.events of v2: the kernel wakes a poll(2) for POLLPRI whenever one of its values changes, so nothing has to be asked twice.</summary>
internal static class CgroupEvents
{
    private const string File = "cgroup.events";

    /// <summary>Whether a key has this value now; null when the cgroup is gone.</summary>
    public static bool? Has(CgroupFolder folder, ReadOnlySpan<byte> key, long value) => folder.ReadKey(File, key) is { } now ? now == value : null;

    /// <summary>Waits until a key has this value, or the cgroup is gone; false when the time is over.</summary>
    public static bool Wait(CgroupFolder folder, string key, long value, TimeSpan timeout)
    {
        // Most waits are over before they begin: one read without a descriptor to keep.
        byte[] keyBytes = System.Text.Encoding.UTF8.GetBytes(key);
        if (Has(folder, keyBytes, value) is null or true) return true;
        var elapsed = Stopwatch.StartNew();
        SafeFileHandle file;
        try
        {
            file = Libc.Open(folder.PathOf(File), Libc.O_RDONLY | Libc.O_CLOEXEC);
        }
        catch (KernelException error) when (error.Errno == Errno.ENOENT || error.Errno == Errno.ENODEV)
        {
            return true;
        }

        using (file)
        {
            while (true)
            {
                // Polling tells what has changed since this descriptor was last read, so the read comes first.
                if (ReadKey(file, keyBytes) is not { } now || now == value) return true;
                TimeSpan left = timeout - elapsed.Elapsed;
                if (left <= TimeSpan.Zero) return false;
                Libc.Poll(file, Libc.POLLPRI, left);
            }
        }
    }

    private static long? ReadKey(SafeFileHandle file, ReadOnlySpan<byte> key)
    {
        Span<byte> buffer = stackalloc byte[256];
        int count;
        try
        {
            count = RandomAccess.Read(file, buffer, 0);
        }
        catch (IOException)
        {
            // ENODEV: the cgroup has been removed while the file was open. The caller takes "gone" for an answer.
            return null;
        }

        return CgroupFolder.FindKey(buffer[..count], key);
    }
}
