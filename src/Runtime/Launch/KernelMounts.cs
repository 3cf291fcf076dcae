using System.Globalization;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch;

/// <summary>What the host's mounts are like, and what the kernel can do with mounts.</summary>
internal static class KernelMounts
{
    /// <summary>Whether mounts can be made on a mount that is attached nowhere: since Linux 6.15.</summary>
    public static bool MountsOnDetached => Environment.OSVersion.Version >= new Version(6, 15);

    /// <summary>Whether what is at a path is a folder.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.FileNotFound"/>: there is nothing.</exception>
    public static bool IsFolder(string path) => Libc.TryStat(path, out FileStatus status, follow: true) ? status.IsFolder : throw NoSource(path, null);

    /// <summary>Whether the mount that a path is on is shared (proc_pid_mountinfo(5), optional fields); false where there is none.</summary>
    public static bool IsShared(string path)
        => Libc.MountIdOf(path) is { } id && IsShared(id, File.ReadLines("/proc/self/mountinfo"));

    /// <summary>Whether a mount is shared by the lines of mountinfo.</summary>
    public static bool IsShared(ulong id, IEnumerable<string> lines)
    {
        string wanted = id.ToString(CultureInfo.InvariantCulture);
        foreach (string line in lines)
        {
            // 36 35 98:0 /root /mount/point options optional… - type source options
            string[] fields = line.Split(' ');
            if (fields[0] != wanted) continue;
            for (int i = 6; i < fields.Length && fields[i] != "-"; i++)
            {
                if (fields[i].StartsWith("shared:", StringComparison.Ordinal)) return true;
            }

            return false;
        }

        return false;
    }

    /// <summary>The error for a mount's source that is missing.</summary>
    public static ContainerException NoSource(string path, Exception? cause)
        => new(ErrorCode.FileNotFound, $"The mount's source {path} does not exist.", path, cause);
}
