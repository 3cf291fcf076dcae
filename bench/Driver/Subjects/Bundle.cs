using System.Text.Json.Nodes;

namespace ContainerTools.Bench.Subjects;

/// <summary>The OCI bundles that all runtimes get alike.</summary>
internal static class Bundle
{
    private static readonly string[] s_specCapabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

    private static readonly string[] s_dockerCapabilities =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP",
        "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>
    /// What `runc spec` writes (mounts, three capabilities, masked paths, no seccomp filter), with a cgroup namespace and limits on
    /// memory, CPU and processes.
    /// </summary>
    public static JsonObject Plain(string rootFileSystem, string cgroup, params string[] command) => new()
    {
        ["ociVersion"] = "1.0.2",
        ["hostname"] = "bench",
        ["root"] = new JsonObject { ["path"] = rootFileSystem, ["readonly"] = true },
        ["process"] = new JsonObject
        {
            ["terminal"] = false,
            ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
            ["args"] = List(command),
            ["env"] = List("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"),
            ["cwd"] = "/",
            ["noNewPrivileges"] = true,
            ["capabilities"] = Capabilities(s_specCapabilities, ambient: true),
            ["rlimits"] = new JsonArray(new JsonObject { ["type"] = "RLIMIT_NOFILE", ["hard"] = 1024, ["soft"] = 1024 }),
        },
        ["mounts"] = new JsonArray(
            Mount("/proc", "proc", "proc"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
            Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro")),
        ["linux"] = new JsonObject
        {
            ["cgroupsPath"] = cgroup,
            ["resources"] = new JsonObject
            {
                ["memory"] = new JsonObject { ["limit"] = 268435456 },
                ["cpu"] = new JsonObject { ["quota"] = 100000, ["period"] = 100000 },
                ["pids"] = new JsonObject { ["limit"] = 128 },
            },
            ["namespaces"] = Namespaces("pid", "network", "ipc", "uts", "mount", "cgroup"),
            ["maskedPaths"] = List(
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                "/proc/sched_debug", "/sys/firmware", "/proc/scsi"),
            ["readonlyPaths"] = List("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"),
        },
    };

    /// <summary>What Docker writes: its capabilities, its seccomp profile, its device rules, its masks, and its three bound files.</summary>
    public static JsonObject Docker(string rootFileSystem, string cgroup, string seccompProfile, string filesFolder, params string[] command)
    {
        JsonObject spec = Plain(rootFileSystem, cgroup, command);
        spec["root"]!["readonly"] = false;
        spec["process"]!["noNewPrivileges"] = false;
        spec["process"]!["capabilities"] = Capabilities(s_dockerCapabilities, ambient: false);
        spec["process"]!["rlimits"] = new JsonArray();
        JsonArray mounts = spec["mounts"]!.AsArray();
        foreach (string name in (string[])["resolv.conf", "hostname", "hosts"])
        {
            string file = Path.Combine(filesFolder, name);
            File.WriteAllText(file, name == "hosts" ? "127.0.0.1 localhost\n" : "bench\n");
            File.Create(Path.Combine(rootFileSystem, "etc", name)).Dispose();
            mounts.Add((JsonNode)Mount($"/etc/{name}", "bind", file, "rbind", "rprivate"));
        }

        JsonNode linux = spec["linux"]!;
        linux["seccomp"] = SeccompProfile.ForContainer(seccompProfile, s_dockerCapabilities);
        linux["resources"]!["devices"] = new JsonArray(
            new JsonObject { ["allow"] = false, ["access"] = "rwm" },
            Device(1, 5), Device(1, 3), Device(1, 9), Device(1, 8), Device(5, 0), Device(5, 1));
        linux["maskedPaths"] = List(
            "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
            "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap");
        return spec;
    }

    /// <summary>The same with a user namespace.</summary>
    public static JsonObject WithUserNamespace(JsonObject spec)
    {
        JsonNode linux = spec["linux"]!;
        linux["namespaces"]!.AsArray().Add((JsonNode)new JsonObject { ["type"] = "user" });
        foreach (string name in (string[])["uidMappings", "gidMappings"])
        {
            linux[name] = new JsonArray(new JsonObject { ["containerID"] = 0, ["hostID"] = 100000, ["size"] = 65536 });
        }

        return spec;
    }

    /// <summary>The same without a cgroup, as far as a specification can say it.</summary>
    public static JsonObject WithoutCgroup(JsonObject spec)
    {
        JsonObject linux = spec["linux"]!.AsObject();
        linux.Remove("resources");
        linux.Remove("cgroupsPath");
        spec["mounts"]!.AsArray().RemoveAt(6);
        return spec;
    }

    /// <summary>Writes it where a runtime looks for it.</summary>
    public static string Write(string folder, JsonObject spec)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), spec.ToJsonString());
        return folder;
    }

    private static JsonArray List(params string[] values) => new([.. values.Select(value => (JsonNode)value)]);

    private static JsonObject Capabilities(string[] names, bool ambient)
    {
        JsonObject result = new() { ["bounding"] = List(names), ["effective"] = List(names), ["permitted"] = List(names) };
        if (ambient) result["ambient"] = List(names);
        return result;
    }

    private static JsonArray Namespaces(params string[] types) => new([.. types.Select(type => (JsonNode)new JsonObject { ["type"] = type })]);

    private static JsonObject Mount(string destination, string type, string source, params string[] options)
    {
        JsonObject mount = new() { ["destination"] = destination, ["type"] = type, ["source"] = source };
        if (options.Length > 0) mount["options"] = List(options);
        return mount;
    }

    private static JsonObject Device(int major, int minor) => new()
    {
        ["allow"] = true,
        ["type"] = "c",
        ["major"] = major,
        ["minor"] = minor,
        ["access"] = "rwm",
    };
}
