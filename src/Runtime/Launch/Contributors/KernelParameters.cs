using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>
/// sysctl(8) of the container's namespaces. Written through the descriptor of the proc that the plan itself mounted, so that nothing an image puts in
/// the way can turn the write elsewhere.
/// </summary>
internal static class KernelParameters
{
    /// <summary>Appends them.</summary>
    public static void Add(LaunchContext context)
    {
        IReadOnlyDictionary<string, string>? values = context.Spec.Linux?.Sysctl;
        if (values is null || values.Count == 0) return;
        LaunchPlan plan = context.Plan;
        plan.Section("config-linux.md#sysctl");
        Slot proc = context.Proc ?? throw LaunchContext.Invalid("Kernel parameters are set, but no proc is mounted on /proc.", "sysctl");
        foreach ((string name, string value) in values)
        {
            Check(context, name);
            string path = "sys/" + PathOf(name);
            OpenHow how = new((ulong)(uint)(Libc.O_WRONLY | Libc.O_CLOEXEC), 0, Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_XDEV | Libc.RESOLVE_NO_MAGICLINKS);
            plan.Call(SystemCall.Openat2, "set the kernel parameter", name, proc, plan.Text(path), plan.Structure(how, "O_WRONLY, RESOLVE_BENEATH|RESOLVE_NO_XDEV"), 24);
            plan.RetryAgain();
            Slot file = plan.Result("file");
            plan.Call(SystemCall.Write, $"set the kernel parameter {name} to", value, file, plan.Text(value), Encoding.UTF8.GetByteCount(value));
            plan.Call(SystemCall.Close, "close", "", file);
        }
    }

    /// <summary>As sysctl(8): a dot separates, unless a slash comes first; then a dot is a dot.</summary>
    private static string PathOf(string name)
    {
        int separator = name.AsSpan().IndexOfAny('.', '/');
        return separator >= 0 && name[separator] == '/'
            ? name
            : string.Create(name.Length, name, static (span, text) =>
            {
                for (int i = 0; i < span.Length; i++) span[i] = text[i] switch { '.' => '/', '/' => '.', char other => other };
            });
    }

    /// <summary>Only parameters that belong to a namespace of the container: others would change the host.</summary>
    private static void Check(LaunchContext context, string name)
    {
        foreach (string part in PathOf(name).Split('/'))
        {
            if (part is "" or "." or "..") throw LaunchContext.Invalid($"'{name}' is not the name of a kernel parameter.", name);
        }

        string dotted = PathOf(name).Replace('/', '.');
        bool ipc = dotted is "kernel.msgmax" or "kernel.msgmnb" or "kernel.msgmni" or "kernel.sem" or "kernel.shmall" or "kernel.shmmax"
            or "kernel.shmmni" or "kernel.shm_rmid_forced" || dotted.StartsWith("fs.mqueue.", StringComparison.Ordinal);
        string? needed = ipc ? "ipc"
            : dotted.StartsWith("net.", StringComparison.Ordinal) ? "network"
            : dotted is "kernel.domainname" or "kernel.hostname" ? "uts"
            : dotted.StartsWith("user.", StringComparison.Ordinal) ? "user"
            : null;
        if (needed is null)
        {
            throw LaunchContext.Invalid($"The kernel parameter {name} belongs to the whole machine, not to a namespace; set it on the host.", name);
        }

        if (!context.HasNamespace(needed))
        {
            throw LaunchContext.Invalid($"The kernel parameter {name} needs a {needed} namespace of the container's own.", name);
        }
    }
}
