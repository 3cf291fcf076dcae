using System.Globalization;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Hosts;

/// <summary>Privileges, capabilities, system call filters, security modules.</summary>
internal static class SecurityProbes
{
    private const string Category = "Security";

    /// <summary>Asks.</summary>
    public static IEnumerable<HostCapability> Run(HostContext context)
    {
        yield return context.IsRoot
            ? HostContext.Available(Category, "privileges", "The current user is root.", required: true)
            : HostContext.Missing(Category, "privileges", "The current user is not root, and this version has no rootless mode.", "Run the shell as root.", required: true);
        yield return JudgeCapabilities(context.Files);
        yield return JudgeNoNewPrivileges(context.Files);
        yield return JudgeFilters(context.Files);
        yield return JudgeFilterAround(context.Files);
        foreach (HostCapability module in JudgeModules(context.Files)) yield return module;
    }

    private static HostCapability JudgeCapabilities(HostFiles files)
    {
        const string Name = "capabilities";
        if (!ulong.TryParse(files.Value("/proc/self/status", "CapBnd"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bounding)
            || !int.TryParse(files.Text("/proc/sys/kernel/cap_last_cap"), NumberStyles.None, CultureInfo.InvariantCulture, out int last))
        {
            return HostContext.Limited(Category, Name, "/proc does not say which capabilities can be handed on.", "Mount /proc.");
        }

        ulong missing = ((1UL << (last + 1)) - 1) & ~bounding;
        if (missing == 0) return HostContext.Available(Category, Name, "All capabilities of this kernel can be handed on to containers.");
        return HostContext.Limited(
            Category, Name, $"Not even a privileged container can have {string.Join(", ", Capability.NamesOf(missing))}: the bounding set of this process lacks them.",
            "Start the shell from a process with a full bounding set.");
    }

    private static HostCapability JudgeNoNewPrivileges(HostFiles files)
    {
        const string Name = "set-user-id programs";
        return files.Value("/proc/self/status", "NoNewPrivs") == "1"
            ? HostContext.Limited(
                Category, Name, "This process runs with no_new_privs, which containers inherit: set-user-id programs and file capabilities have no effect in them.",
                "Start the shell without no_new_privs (systemd: NoNewPrivileges=no).")
            : HostContext.Available(Category, Name, "They work in containers; with no-new-privileges a container gives them up.");
    }

    private static HostCapability JudgeFilters(HostFiles files)
    {
        const string Name = "system call filters";
        string? actions = files.Text("/proc/sys/kernel/seccomp/actions_avail");
        if (actions is null)
        {
            return HostContext.Missing(Category, Name, "The kernel has none: there is no /proc/sys/kernel/seccomp.", "Use a kernel that was built with CONFIG_SECCOMP_FILTER.", required: true);
        }

        string[] missing = [.. ((string[])["kill_process", "errno", "trap", "trace", "log", "allow", "user_notif"]).Except(actions.Split(' '))];
        return missing.Length == 0
            ? HostContext.Available(Category, Name, $"The kernel has them, with the actions {actions}.", required: true)
            : HostContext.Limited(Category, Name, $"The kernel has them, but not the actions {string.Join(", ", missing)}.", "Use a newer kernel if a profile needs them.", required: true);
    }

    private static HostCapability JudgeFilterAround(HostFiles files)
    {
        const string Name = "no filter around the engine";
        return files.Value("/proc/self/status", "Seccomp") == "2"
            ? HostContext.Limited(
                Category, Name, "This process runs under a system call filter itself, so containers may be refused more than their own profile forbids.",
                "Start the shell outside the sandbox, or allow it what Docker in Docker needs.")
            : HostContext.Available(Category, Name, "This process runs without a system call filter of its own.");
    }

    private static IEnumerable<HostCapability> JudgeModules(HostFiles files)
    {
        string[] active = (files.Text("/sys/kernel/security/lsm") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        foreach ((string module, string name) in ((string, string)[])[("apparmor", "AppArmor"), ("selinux", "SELinux")])
        {
            yield return active.Contains(module)
                ? HostContext.Limited(Category, name, "The kernel runs it, but this version starts containers without a profile or label.", null)
                : HostContext.Missing(Category, name, $"The kernel runs without it: /sys/kernel/security/lsm {(active.Length == 0 ? "is not there" : "names " + string.Join(", ", active))}.",
                    "Containers are confined by namespaces, capabilities and the system call filter; nothing needs doing.");
        }
    }
}
