namespace ContainerTools.Module.Completion;

/// <summary>Completes the names of capabilities (capabilities(7)).</summary>
public sealed class CapabilityCompleter : WordCompleter
{
    private protected override string Prefix => "CAP_";

    private protected override IReadOnlyList<(string Word, string Hint)> Words { get; } =
    [
        ("ALL", "every capability"),
        ("CAP_AUDIT_CONTROL", "control kernel auditing"),
        ("CAP_AUDIT_READ", "read the audit log"),
        ("CAP_AUDIT_WRITE", "write to the audit log"),
        ("CAP_BLOCK_SUSPEND", "keep the system from suspending"),
        ("CAP_BPF", "BPF operations"),
        ("CAP_CHECKPOINT_RESTORE", "checkpoint and restore"),
        ("CAP_CHOWN", "change owners of files"),
        ("CAP_DAC_OVERRIDE", "bypass permission checks of files"),
        ("CAP_DAC_READ_SEARCH", "bypass read permission checks of files"),
        ("CAP_FOWNER", "bypass checks of a file's owner"),
        ("CAP_FSETID", "keep set-user-id bits when files change"),
        ("CAP_IPC_LOCK", "lock memory"),
        ("CAP_IPC_OWNER", "bypass permission checks of System V IPC"),
        ("CAP_KILL", "send signals to any process"),
        ("CAP_LEASE", "leases on files"),
        ("CAP_LINUX_IMMUTABLE", "append-only and immutable files"),
        ("CAP_MAC_ADMIN", "configure mandatory access control"),
        ("CAP_MAC_OVERRIDE", "override mandatory access control"),
        ("CAP_MKNOD", "make device nodes"),
        ("CAP_NET_ADMIN", "administer networks"),
        ("CAP_NET_BIND_SERVICE", "bind ports below 1024"),
        ("CAP_NET_BROADCAST", "broadcast and listen to multicasts"),
        ("CAP_NET_RAW", "raw and packet sockets"),
        ("CAP_PERFMON", "performance monitoring"),
        ("CAP_SETFCAP", "set capabilities of files"),
        ("CAP_SETGID", "change group ids"),
        ("CAP_SETPCAP", "change the bounding set"),
        ("CAP_SETUID", "change user ids"),
        ("CAP_SYSLOG", "kernel log"),
        ("CAP_SYS_ADMIN", "mounts, namespaces and much else"),
        ("CAP_SYS_BOOT", "reboot"),
        ("CAP_SYS_CHROOT", "chroot"),
        ("CAP_SYS_MODULE", "load kernel modules"),
        ("CAP_SYS_NICE", "raise priorities"),
        ("CAP_SYS_PACCT", "process accounting"),
        ("CAP_SYS_PTRACE", "trace any process"),
        ("CAP_SYS_RAWIO", "raw input and output ports"),
        ("CAP_SYS_RESOURCE", "override resource limits"),
        ("CAP_SYS_TIME", "set the clock"),
        ("CAP_SYS_TTY_CONFIG", "configure terminals"),
        ("CAP_WAKE_ALARM", "wake the system"),
    ];
}
