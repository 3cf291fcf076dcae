namespace ContainerTools.Runtime.Linux;

/// <summary>Which user namespace this process is in (user_namespaces(7)).</summary>
internal static unsafe partial class Libc
{
    /// <summary>The kernel's PROC_USER_INIT_INO: the inode number of the first user namespace, the same on every machine.</summary>
    private const ulong FirstUserNamespace = 0xEFFFFFFD;
    private static bool? s_isInFirstUserNamespace;

    /// <summary>
    /// Whether this process is without root's rights over the machine: another user, or root of a user namespace (as which Podman calls its runtime for a user without
    /// privileges). The latter may mount, but make no devices, and cgroups only where they are delegated.
    /// </summary>
    public static bool IsRootless => geteuid() != 0 || !IsInFirstUserNamespace;

    /// <summary>Whether the user ids that this process sees are the machine's own. Where /proc cannot tell, they count as such.</summary>
    public static bool IsInFirstUserNamespace
        => s_isInFirstUserNamespace ??= !TryStat("/proc/self/ns/user", out FileStatus status, follow: true) || status.Inode == FirstUserNamespace;
}
