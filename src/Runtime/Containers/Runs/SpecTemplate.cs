using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>The configuration that <c>ctrun spec</c> writes, runc's: a shell with a terminal on a read-only root, hardly any capability.</summary>
internal static class SpecTemplate
{
    /// <summary>The document. It is kept as text, because a serializer would be half a megabyte of ctrun for this one command.</summary>
    /// <param name="user">For a user without privileges: the user's id, which becomes root inside; null for root.</param>
    public static string Text(uint? user)
    {
        string terminals = user is null ? ", \"gid=5\"" : "";
        string system = user is null
            ? """{ "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] }"""
            : """{ "destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "nosuid", "noexec", "nodev", "ro"] }""";
        string limits = user is null
            ? "\"resources\": { \"devices\": [{ \"allow\": false, \"access\": \"rwm\" }] },"
            : string.Create(CultureInfo.InvariantCulture, $$"""
                "uidMappings": [{ "containerID": 0, "hostID": {{user}}, "size": 1 }],
                    "gidMappings": [{ "containerID": 0, "hostID": {{user}}, "size": 1 }],
                """);
        string last = user is null ? "network" : "user";
        return $$"""
            {
              "ociVersion": "1.2.0",
              "process": {
                "terminal": true,
                "user": { "uid": 0, "gid": 0 },
                "args": ["sh"],
                "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
                "cwd": "/",
                "capabilities": {
                  "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
                  "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
                  "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
                },
                "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 }],
                "noNewPrivileges": true
              },
              "root": { "path": "rootfs", "readonly": true },
              "hostname": "ctrun",
              "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc" },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
                { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
                  "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"{{terminals}}] },
                { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
                { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"] },
                {{system}},
                { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"] }
              ],
              "linux": {
                {{limits}}
                "namespaces": [
                  { "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }, { "type": "cgroup" }, { "type": "{{last}}" }
                ],
                "maskedPaths": [
                  "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                  "/proc/sched_debug", "/sys/firmware", "/proc/scsi"
                ],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
              }
            }

            """;
    }

    /// <summary>The same as a record.</summary>
    public static OciSpec Create(uint? user) => OciReader.ReadSpec(Encoding.UTF8.GetBytes(Text(user)));
}
