using ContainerTools.Runtime.Hosts.Trials;

namespace ContainerTools.Runtime.Hosts;

/// <summary>Each type of namespace: a process is made in a new one, where ctrun can; otherwise /proc is asked.</summary>
internal static class NamespaceProbes
{
    private const string Category = "Namespace";

    // Type, file in /proc/self/ns, limit in /proc/sys/user, option of the kernel's build, and whether no container can be without it.
    private static readonly (string Type, string File, string Limit, string Option, bool Required)[] s_types =
    [
        ("mount", "mnt", "max_mnt_namespaces", "CONFIG_NAMESPACES", true), ("pid", "pid", "max_pid_namespaces", "CONFIG_PID_NS", true),
        ("uts", "uts", "max_uts_namespaces", "CONFIG_UTS_NS", true), ("ipc", "ipc", "max_ipc_namespaces", "CONFIG_IPC_NS", true),
        ("network", "net", "max_net_namespaces", "CONFIG_NET_NS", true), ("cgroup", "cgroup", "max_cgroup_namespaces", "CONFIG_CGROUPS", false),
        ("user", "user", "max_user_namespaces", "CONFIG_USER_NS", false), ("time", "time", "max_time_namespaces", "CONFIG_TIME_NS", false),
    ];

    /// <summary>Asks.</summary>
    public static IEnumerable<HostCapability> Run(HostContext context)
    {
        foreach ((string type, string file, string limit, string option, bool required) in s_types)
        {
            string name = type + " namespace";
            if (!context.Files.Exists("/proc/self/ns/" + file))
            {
                yield return HostContext.Missing(Category, name, $"The kernel has none: there is no /proc/self/ns/{file}.", $"Use a kernel that was built with {option}.", required);
                continue;
            }

            string limitPath = "/proc/sys/user/" + limit;
            string? most = context.Files.Text(limitPath);
            if (most == "0")
            {
                yield return HostContext.Missing(Category, name, $"None are allowed: {limitPath} is 0.", $"Allow some: sysctl user.{limit}=10000.", required);
                continue;
            }

            string allowed = most is null ? "" : $", and {most} are allowed for each user";
            yield return context.ByTrial(
                TrialName.Namespace(type), Category, name, $"a process was made in a new one{allowed}",
                context.IsRoot ? "Look whether a security module or a sandbox forbids it." : "Run the shell as root.",
                () => HostContext.Available(Category, name, context.Untried($"/proc/self/ns/{file} is there{allowed}"), required), required);
        }
    }
}
