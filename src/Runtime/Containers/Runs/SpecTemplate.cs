using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>The configuration that <c>ctrun spec</c> writes, runc's: a shell with a terminal on a read-only root, hardly any capability.</summary>
internal static class SpecTemplate
{
    private static readonly string[] s_capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

    /// <summary>Makes it.</summary>
    /// <param name="user">For a user without privileges: the user's id, which becomes root inside; null for root.</param>
    public static OciSpec Create(uint? user) => new()
    {
        Process = new OciProcess
        {
            Terminal = true,
            Args = ["sh"],
            Env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            Cwd = "/",
            Capabilities = new OciCapabilities { Bounding = s_capabilities, Effective = s_capabilities, Permitted = s_capabilities },
            Rlimits = [new OciRlimit("RLIMIT_NOFILE", 1024, 1024)],
            NoNewPrivileges = true,
        },
        Root = new OciRoot { Path = "rootfs", Readonly = true },
        Hostname = "ctrun",
        Mounts =
        [
            Mount("/proc", "proc", "proc"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            user is null
                ? Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")
                : Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
            Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
            Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            user is null
                ? Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro")
                : Mount("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro"),
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
        ],
        Linux = new OciLinux
        {
            Resources = user is null ? new OciResources { Devices = [new OciDeviceRule { Allow = false, Access = "rwm" }] } : null,
            UidMappings = user is { } uid ? [new OciIdMapping(0, uid, 1)] : null,
            GidMappings = user is { } gid ? [new OciIdMapping(0, gid, 1)] : null,
            Namespaces =
            [
                new OciNamespace("pid"), new OciNamespace("ipc"), new OciNamespace("uts"), new OciNamespace("mount"), new OciNamespace("cgroup"),
                new OciNamespace(user is null ? "network" : "user"),
            ],
            MaskedPaths =
            [
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
            ],
            ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    };

    private static OciMount Mount(string destination, string type, string source, params string[] options) => new()
    {
        Destination = destination,
        Type = type,
        Source = source,
        Options = options.Length == 0 ? null : options,
    };
}
