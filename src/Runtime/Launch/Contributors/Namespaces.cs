using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>Namespaces: made by clone3(2), joined by setns(2); and what belongs to a new one at once: host name, loopback.</summary>
internal static class Namespaces
{
    /// <summary>CLONE_NEWUSER.</summary>
    public const ulong NewUser = 0x1000_0000;

    /// <summary>CLONE_NEWNET.</summary>
    public const ulong NewNetwork = 0x4000_0000;

    private const ulong NewPid = 0x2000_0000;
    private const ulong NewMount = 0x0002_0000;
    private const ulong NewCgroup = 0x0200_0000;
    private const ulong NewIpc = 0x0800_0000;
    private const ulong NewUts = 0x0400_0000;
    private const ulong NewTime = 0x80;

    /// <summary>The CLONE_NEW… flag of the specification's name.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/> for an unknown one.</exception>
    public static ulong FlagOf(string type) => type switch
    {
        "pid" => NewPid,
        "mount" => NewMount,
        "network" => NewNetwork,
        "ipc" => NewIpc,
        "uts" => NewUts,
        "user" => NewUser,
        "cgroup" => NewCgroup,
        "time" => NewTime,
        _ => throw LaunchContext.Invalid($"There is no namespace type '{type}'; the types are pid, mount, network, ipc, uts, user, cgroup, time.", type),
    };

    /// <summary>
    /// Whether what is to be joined must be joined before the new namespaces are made, which then belong to a child. Those that are made together with a user namespace belong to
    /// it: made before one is joined, they would be the host's, and nothing could be mounted there. And from inside a new user namespace none of the host's can be joined.
    /// </summary>
    public static bool ForksFirst(OciSpec spec)
    {
        bool joinsUser = false, makesUser = false, joins = false, makes = false;
        foreach (OciNamespace item in spec.Linux?.Namespaces ?? [])
        {
            bool joined = !string.IsNullOrEmpty(item.Path);
            if (item.Type == "user") (joinsUser, makesUser) = (joined, !joined);
            else if (joined) joins |= item.Type != "pid";
            else makes |= item.Type is not ("cgroup" or "time");
        }

        return (joinsUser && makes) || (makesUser && joins);
    }

    /// <summary>
    /// The first steps: join, wait for the id maps, move into the cgroup. A pid namespace to join is left to the launcher, for only a child is ever in it, unless
    /// there is <see cref="ForksFirst">a child</see> here.
    /// </summary>
    public static void Enter(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("config-linux.md#namespaces");
        HashSet<string> seen = [];
        bool forks = ForksFirst(context.Spec);
        ulong made = 0;
        List<(string Type, Slot File)> joined = [];
        foreach (OciNamespace item in context.Spec.Linux?.Namespaces ?? [])
        {
            ulong flag = FlagOf(item.Type);
            if (!seen.Add(item.Type)) throw LaunchContext.Invalid($"The namespace type '{item.Type}' is given twice.", item.Type);
            if (!string.IsNullOrEmpty(item.Path))
            {
                if (item.Type != "pid" || forks) joined.Add((item.Type, plan.NewSlot(item.Path, context.Inputs.OpenNamespace(item.Path))));
            }
            else if (flag == NewTime && context.Spec.Linux?.TimeOffsets is { Count: > 0 })
            {
                // Made and entered by the process itself, once the offsets are written.
            }
            else if (flag == NewNetwork && context.Network is { } network)
            {
                joined.Add((item.Type, network));
            }
            else if (flag != NewCgroup)
            {
                // The cgroup namespace is rooted where its maker is, so it is made after the move into the cgroup.
                made |= flag;
            }
        }

        if (!context.HasNamespace("mount") && !context.Inputs.MountsOnDetached)
        {
            throw new ContainerException(
                ErrorCode.NotSupported, "A container without a mount namespace needs Linux 6.15 or later; before, its mounts could only be made on the host.", "mount");
        }

        if (forks)
        {
            MoveIntoCgroup(context);
            Join(context, joined);
            plan.Fork(context.Report, made);
        }
        else
        {
            plan.CloneFlags |= made;
        }

        if (context.Go is not null && context.MakesNamespace("user")) LaunchCompiler.ReadGo(context, "the id maps");
        SetClocks(context);
        if (!forks)
        {
            MoveIntoCgroup(context);
            Join(context, joined);
        }

        if (context.MakesNamespace("cgroup"))
        {
            plan.Call(SystemCall.Unshare, "make", "the cgroup namespace", PlanArgument.Flags((long)NewCgroup, "CLONE_NEWCGROUP"));
        }

        plan.Call(SystemCall.Setsid, "start", "a session");
        // Already a session leader: that is what was wanted.
        plan.Ignore(Errno.EPERM);
        if (context.HasNamespace("user")) BecomeRoot(plan);
    }

    // The rights in the others depend on the user namespace: root has them outside, also over namespaces of the host; everybody else inside only.
    private static void Join(LaunchContext context, List<(string Type, Slot File)> joined)
    {
        bool outside = context.Inputs.ClonesMounts;
        foreach ((string type, Slot file) in joined.OrderBy(item => (item.Type == "user") == outside))
        {
            context.Plan.Call(
                SystemCall.Setns, "join", $"the {type} namespace", file, PlanArgument.Flags((long)FlagOf(type), "CLONE_NEW" + type.ToUpperInvariant()));
        }
    }

    /// <summary>
    /// A time namespace with offsets (time_namespaces(7)): they can be written only while no process is in it. unshare(2) makes it for the children to come; the process
    /// itself enters it by setns(2). The files of /proc are opened while it still counts as its own: a process that hides its memory may not open them.
    /// </summary>
    private static void SetClocks(LaunchContext context)
    {
        IReadOnlyDictionary<string, OciTimeOffset>? offsets = context.Spec.Linux?.TimeOffsets;
        if (offsets is not { Count: > 0 }) return;
        if (!context.MakesNamespace("time")) throw LaunchContext.Invalid("There are clock offsets (linux.timeOffsets) but no time namespace of the container's own.", "timeOffsets");
        LaunchPlan plan = context.Plan;
        plan.Section("config-linux.md#offset-for-time-namespace");
        StringBuilder lines = new();
        foreach ((string clock, OciTimeOffset offset) in offsets)
        {
            if (clock is not ("monotonic" or "boottime")) throw LaunchContext.Invalid($"The clock '{clock}' has no offset; the clocks are monotonic, boottime.", clock);
            if (offset.Nanosecs >= 1_000_000_000) throw LaunchContext.Invalid($"The offset of the clock {clock} has {offset.Nanosecs} nanoseconds, which is a second or more.", clock);
            lines.Append(CultureInfo.InvariantCulture, $"{clock} {offset.Secs} {offset.Nanosecs}\n");
        }

        string text = lines.ToString();
        plan.Call(SystemCall.Unshare, "make", "the time namespace", PlanArgument.Flags((long)NewTime, "CLONE_NEWTIME"));
        Slot file = OpenOwn(plan, "/proc/self/timens_offsets", Libc.O_WRONLY, "O_WRONLY|O_CLOEXEC");
        plan.Call(SystemCall.Write, "set the clock offsets", text.TrimEnd().Replace("\n", ", ", StringComparison.Ordinal), file, plan.Text(text), text.Length);
        plan.Call(SystemCall.Close, "close", "", file);
        Slot space = OpenOwn(plan, "/proc/self/ns/time_for_children", Libc.O_RDONLY, "O_RDONLY|O_CLOEXEC");
        plan.Call(SystemCall.Setns, "enter", "the time namespace", space, PlanArgument.Flags((long)NewTime, "CLONE_NEWTIME"));
        plan.Call(SystemCall.Close, "close", "", space);
        plan.Section("config-linux.md#namespaces");
    }

    private static Slot OpenOwn(LaunchPlan plan, string path, int flags, string names)
    {
        plan.Call(SystemCall.Openat, "open", path, Libc.AT_FDCWD, plan.Text(path), PlanArgument.Flags(flags | Libc.O_CLOEXEC, names));
        return plan.Result(path);
    }

    /// <summary>
    /// The v1 way into the cgroup: by itself, through the tasks files. The kernel then skips the system-wide thread-group lock,
    /// whose first writer after a rest waits for an RCU grace period.
    /// </summary>
    public static void MoveIntoCgroup(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        foreach (Slot file in context.TaskFiles)
        {
            plan.Call(SystemCall.Write, "enter", "the cgroup", file, plan.Text("0"), 1);
        }
    }

    /// <summary>In a user namespace a process starts as the overflow user; the files it makes must be its root's.</summary>
    public static void BecomeRoot(LaunchPlan plan)
    {
        plan.Call(SystemCall.Setresgid, "become", "the namespace's root group", 0, 0, 0);
        plan.Call(SystemCall.Setresuid, "become", "the namespace's root", 0, 0, 0);
    }

    /// <summary>Host and domain name.</summary>
    public static void Name(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("config.md#hostname");
        Set(SystemCall.Sethostname, "host", context.Spec.Hostname);
        Set(SystemCall.Setdomainname, "domain", context.Spec.Domainname);

        void Set(SystemCall call, string kind, string? name)
        {
            if (string.IsNullOrEmpty(name)) return;
            if (!context.HasNamespace("uts"))
            {
                throw LaunchContext.Invalid($"The {kind} name '{name}' is set without a uts namespace; it would change the host's.", name);
            }

            plan.Call(call, $"set the {kind} name", name, plan.Text(name), Encoding.UTF8.GetByteCount(name));
        }
    }

    /// <summary>Brings up the loopback device of a new network namespace (netdevice(7), SIOCSIFFLAGS).</summary>
    public static unsafe void RaiseLoopback(LaunchContext context)
    {
        if (!context.MakesNamespace("network")) return;
        LaunchPlan plan = context.Plan;
        plan.Section("netdevice(7)");
        byte* request = (byte*)plan.Memory.Take(40);
        request[0] = (byte)'l';
        request[1] = (byte)'o';
        *(short*)(request + 16) = 0x41;
        plan.Call(SystemCall.Socket, "raise", "the loopback device", PlanArgument.Flags(2, "AF_INET"), PlanArgument.Flags(2 | Libc.O_CLOEXEC, "SOCK_DGRAM"), 0);
        Slot socket = plan.Result("socket");
        plan.Call(SystemCall.Ioctl, "raise", "the loopback device", socket, PlanArgument.Flags(0x8914, "SIOCSIFFLAGS"), PlanArgument.Pointer((long)request, "lo: IFF_UP|IFF_RUNNING"));
        plan.Call(SystemCall.Close, "close", "", socket);
    }

}
