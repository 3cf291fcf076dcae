using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>Limits and priorities of the process itself: setrlimit(2), the OOM score, scheduling, personality.</summary>
internal static class ProcessLimits
{
    private static readonly string[] s_names =
    [
        "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
    ];

    /// <summary>What must be written while the host's /proc is still in sight.</summary>
    public static void AddEarly(LaunchContext context)
    {
        if (context.Process.OomScoreAdj is not { } score) return;
        LaunchPlan plan = context.Plan;
        plan.Section("config.md#process (oomScoreAdj)");
        string value = score.ToString(CultureInfo.InvariantCulture);
        plan.Call(
            SystemCall.Openat, "open", "/proc/self/oom_score_adj", Libc.AT_FDCWD, plan.Text("/proc/self/oom_score_adj"), PlanArgument.Flags(Libc.O_WRONLY | Libc.O_CLOEXEC, "O_WRONLY|O_CLOEXEC"));
        Slot file = plan.Result("oom_score_adj");
        plan.Call(SystemCall.Write, "set the OOM score adjustment to", value, file, plan.Text(value), Encoding.UTF8.GetByteCount(value));
        plan.Call(SystemCall.Close, "close", "", file);
    }

    /// <summary>The processors of a process that is executed in a container, once it is in the container's cgroup.</summary>
    public static void SetAffinity(LaunchContext context)
    {
        if (context.Process.ExecCPUAffinity?.Final is not { Length: > 0 } list) return;
        LaunchPlan plan = context.Plan;
        plan.Section("config.md#process (execCPUAffinity)");
        byte[] mask = AffinityMask(list);
        plan.Call(
            SystemCall.SchedSetaffinity, "run on the processors", list, 0, mask.Length, PlanArgument.Pointer(plan.Memory.Array<byte>(mask), list));
    }

    /// <summary>A list of processors as the mask that sched_setaffinity(2) takes.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>.</exception>
    public static byte[] AffinityMask(string list)
    {
        if (!CpuList.TryParse(list, out CpuList? processors)) throw LaunchContext.Invalid($"'{list}' is not a list of processors such as 0-2,4.", list);
        // The kernel reads whole words.
        byte[] mask = new byte[((processors.Numbers.Max() / 64) + 1) * 8];
        foreach (int number in processors.Numbers) mask[number / 8] |= (byte)(1 << (number % 8));
        return mask;
    }

    /// <summary>Appends the rest. Limits come while the process may still raise them.</summary>
    public static unsafe void Add(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("config.md#process (rlimits)");
        foreach (OciRlimit limit in context.Process.Rlimits ?? [])
        {
            int resource = ResourceOf(limit.Type);
            if (limit.Soft > limit.Hard)
            {
                throw LaunchContext.Invalid($"The soft limit {limit.Soft} of {limit.Type} is above its hard limit {limit.Hard}.", limit.Type);
            }

            plan.Call(
                SystemCall.Prlimit64, "set", limit.Type, 0, resource,
                PlanArgument.Pointer(plan.Memory.Array<ulong>([limit.Soft, limit.Hard]), $"{limit.Soft}, {limit.Hard}"), 0);
        }

        Schedule(context);
        if (context.Spec.Linux?.Personality is { } personality)
        {
            long domain = personality.Domain switch
            {
                "LINUX" => 0,
                "LINUX32" => 8,
                _ => throw LaunchContext.Invalid($"The personality '{personality.Domain}' is not one of LINUX, LINUX32.", personality.Domain),
            };
            plan.Section("config-linux.md#personality");
            plan.Call(SystemCall.Personality, "set", "the personality", PlanArgument.Flags(domain, personality.Domain));
        }
    }

    /// <summary>The number of <c>RLIMIT_NOFILE</c>; the prefix may be left out.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/> for an unknown name.</exception>
    public static int ResourceOf(string name)
    {
        string word = name.StartsWith("RLIMIT_", StringComparison.OrdinalIgnoreCase) ? name[7..] : name;
        int resource = Array.FindIndex(s_names, item => string.Equals(item, word, StringComparison.OrdinalIgnoreCase));
        return resource >= 0 ? resource : throw LaunchContext.Invalid($"There is no process limit '{name}'; see setrlimit(2).", name);
    }

    private static unsafe void Schedule(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        if (context.Process.Scheduler is { } scheduler)
        {
            plan.Section("config.md#process (scheduler)");
            // struct sched_attr (sched_setattr(2)), first version.
            byte* attributes = (byte*)plan.Memory.Take(48);
            *(uint*)attributes = 48;
            *(uint*)(attributes + 4) = PolicyOf(scheduler.Policy);
            ulong flags = 0;
            foreach (string flag in scheduler.Flags ?? []) flags |= SchedulerFlagOf(flag);
            *(ulong*)(attributes + 8) = flags;
            *(int*)(attributes + 16) = scheduler.Nice ?? 0;
            *(int*)(attributes + 20) = scheduler.Priority ?? 0;
            *(ulong*)(attributes + 24) = scheduler.Runtime ?? 0;
            *(ulong*)(attributes + 32) = scheduler.Deadline ?? 0;
            *(ulong*)(attributes + 40) = scheduler.Period ?? 0;
            plan.Call(SystemCall.SchedSetattr, "set the scheduling policy", scheduler.Policy, 0, PlanArgument.Pointer((long)attributes, scheduler.Policy), 0);
        }

        if (context.Process.IoPriority is { } priority)
        {
            long ioClass = priority.Class switch
            {
                "IOPRIO_CLASS_RT" => 1,
                "IOPRIO_CLASS_BE" => 2,
                "IOPRIO_CLASS_IDLE" => 3,
                _ => throw LaunchContext.Invalid($"The I/O priority class '{priority.Class}' is not one of IOPRIO_CLASS_RT, _BE, _IDLE.", priority.Class),
            };
            plan.Section("config.md#process (ioPriority)");
            plan.Call(SystemCall.IoprioSet, "set the I/O priority", priority.Class, PlanArgument.Flags(1, "IOPRIO_WHO_PROCESS"), 0, (ioClass << 13) | (uint)priority.Priority);
        }
    }

    private static uint PolicyOf(string policy) => policy switch
    {
        "SCHED_OTHER" => 0,
        "SCHED_FIFO" => 1,
        "SCHED_RR" => 2,
        "SCHED_BATCH" => 3,
        "SCHED_ISO" => 4,
        "SCHED_IDLE" => 5,
        "SCHED_DEADLINE" => 6,
        _ => throw LaunchContext.Invalid($"There is no scheduling policy '{policy}'.", policy),
    };

    private static ulong SchedulerFlagOf(string flag) => flag switch
    {
        "SCHED_FLAG_RESET_ON_FORK" => 0x01,
        "SCHED_FLAG_RECLAIM" => 0x02,
        "SCHED_FLAG_DL_OVERRUN" => 0x04,
        "SCHED_FLAG_KEEP_POLICY" => 0x08,
        "SCHED_FLAG_KEEP_PARAMS" => 0x10,
        "SCHED_FLAG_UTIL_CLAMP_MIN" => 0x20,
        "SCHED_FLAG_UTIL_CLAMP_MAX" => 0x40,
        _ => throw LaunchContext.Invalid($"There is no scheduling flag '{flag}'.", flag),
    };
}
