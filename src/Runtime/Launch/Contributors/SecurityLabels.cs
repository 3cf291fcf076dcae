using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>
/// AppArmor profile and SELinux labels. Both come into force at the next execve, which is the user's program, so they are set while the host's /proc is in sight and
/// before no_new_privs, after which AppArmor allows fewer changes.
/// </summary>
internal static class SecurityLabels
{
    private static readonly string[] s_labelled = ["tmpfs", "devpts", "mqueue", "ramfs", "ext4", "xfs", "btrfs", "overlay"];

    /// <summary>Refuses what the kernel does not have.</summary>
    public static void Check(LaunchContext context)
    {
        OciProcess process = context.Process;
        if (!string.IsNullOrEmpty(process.ApparmorProfile) && !context.Inputs.HasSecurityModule("apparmor"))
        {
            throw new ContainerException(ErrorCode.NotSupported, $"The AppArmor profile '{process.ApparmorProfile}' is asked for, but this kernel runs without AppArmor.", process.ApparmorProfile);
        }

        if (process.SelinuxLabel is { Length: > 0 } label && !context.Inputs.HasSecurityModule("selinux"))
        {
            throw new ContainerException(ErrorCode.NotSupported, $"The SELinux label '{label}' is asked for, but this kernel runs without SELinux.", label);
        }
    }

    /// <summary>Appends what is set for the next execve.</summary>
    public static void Add(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        if (context.Process.ApparmorProfile is { Length: > 0 } profile)
        {
            plan.Section("config.md#process (apparmorProfile)");
            // Where several modules are stacked, attr/exec may be another's.
            int stacked = Open(plan, "/proc/self/attr/apparmor/exec");
            Slot file = plan.Result("attr");
            plan.Ignore(Errno.ENOENT);
            Open(plan, "/proc/self/attr/exec");
            plan.Result(file);
            plan.SkipFrom(stacked);
            Write(plan, file, "set the AppArmor profile", "exec " + profile, profile);
        }

        if (context.Process.SelinuxLabel is { Length: > 0 } label)
        {
            plan.Section("config.md#process (selinuxLabel)");
            foreach (string name in (string[])["keycreate", "exec"])
            {
                Open(plan, "/proc/self/attr/" + name);
                Write(plan, plan.Result("attr"), "set the SELinux label", label, label);
            }
        }
    }

    /// <summary>
    /// Adds the label of the container's mounts to a new file system's options. Where no SELinux runs nobody is confined by it, and what it would let a labelled process do is allowed
    /// anyhow: so it is left out there, while a label of the process itself, which would confine it, is refused.
    /// </summary>
    public static void AddTo(LaunchContext context, string type, MountOptions options)
    {
        if (context.Spec.Linux?.MountLabel is not { Length: > 0 } label || Array.IndexOf(s_labelled, type) < 0 || !context.Inputs.HasSecurityModule("selinux")) return;
        if (!options.Data.Exists(static option => option.StartsWith("context=", StringComparison.Ordinal))) options.Data.Add("context=" + label);
    }

    private static int Open(LaunchPlan plan, string path)
        => plan.Call(SystemCall.Openat, "open", path, Libc.AT_FDCWD, plan.Text(path), PlanArgument.Flags(Libc.O_WRONLY | Libc.O_CLOEXEC, "O_WRONLY|O_CLOEXEC"));

    private static void Write(LaunchPlan plan, Slot file, string what, string text, string shown)
    {
        plan.Call(SystemCall.Write, what, shown, file, plan.Text(text), Encoding.UTF8.GetByteCount(text));
        plan.Call(SystemCall.Close, "close", "", file);
    }
}
