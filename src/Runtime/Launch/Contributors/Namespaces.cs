using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>Namespaces: made by clone3(2), joined by setns(2); and what belongs to a new one at once: host name, loopback.</summary>
internal static class Namespaces
{
    /// <summary>CLONE_NEWUSER.</summary>
    public const ulong NewUser = 0x1000_0000;
    private const ulong NewPid = 0x2000_0000;
    private const ulong NewMount = 0x0002_0000;
    private const ulong NewCgroup = 0x0200_0000;
    private const ulong NewNetwork = 0x4000_0000;
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
    /// The first steps: join, wait for the id maps, move into the cgroup. A pid namespace to join is left to the launcher: only a child
    /// is ever in it.
    /// </summary>
    public static void Enter(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("config-linux.md#namespaces");
        HashSet<string> seen = [];
        List<(string Type, Slot File)> joined = [];
        foreach (OciNamespace item in context.Spec.Linux?.Namespaces ?? [])
        {
            ulong flag = FlagOf(item.Type);
            if (!seen.Add(item.Type)) throw LaunchContext.Invalid($"The namespace type '{item.Type}' is given twice.", item.Type);
            if (!string.IsNullOrEmpty(item.Path))
            {
                if (item.Type != "pid") joined.Add((item.Type, plan.NewSlot(item.Path, context.Inputs.OpenNamespace(item.Path))));
            }
            else if (flag == NewTime && context.Spec.Linux?.TimeOffsets is { Count: > 0 })
            {
                throw new ContainerException(ErrorCode.NotSupported, "Clock offsets of a time namespace are not supported yet.", "timeOffsets");
            }
            else if (flag != NewCgroup)
            {
                // The cgroup namespace is rooted where its maker is, so it is made after the move into the cgroup.
                plan.CloneFlags |= flag;
            }
        }

        if (!context.HasNamespace("mount")) throw LaunchContext.Invalid("The configuration has no mount namespace; without one the host's mounts would change.", "mount");

        // A user namespace comes first: the rights in the others depend on it.
        joined.Sort(static (a, b) => (b.Type == "user").CompareTo(a.Type == "user"));
        if (context.Go is not null && context.MakesNamespace("user")) LaunchCompiler.ReadGo(context, "the id maps");

        MoveIntoCgroup(context);
        foreach ((string type, Slot file) in joined)
        {
            plan.Call(SystemCall.Setns, "join", $"the {type} namespace", file, PlanArgument.Flags((long)FlagOf(type), "CLONE_NEW" + type.ToUpperInvariant()));
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
