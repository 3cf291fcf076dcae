using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>Loads the system call filter (seccomp(2)).</summary>
internal static class SeccompFilter
{
    private const long SECCOMP_SET_MODE_FILTER = 1;

    /// <summary>Appends it; <paramref name="prepare"/> appends what must come just before.</summary>
    public static unsafe void Add(LaunchContext context, Action prepare)
    {
        if (context.Spec.Linux?.Seccomp is not { } profile) return;
        LaunchPlan plan = context.Plan;
        SeccompProgram program = SeccompCompiler.Compile(profile);
        if (program.Instructions.Length == 0) return;
        prepare();
        plan.Section("config-linux.md#seccomp");
        // struct sock_fprog.
        long* filter = (long*)plan.Memory.Take(16);
        *(ushort*)filter = checked((ushort)program.Instructions.Length);
        filter[1] = plan.Memory.Array<SockFilter>(program.Instructions);
        plan.Call(
            SystemCall.Seccomp, "load", "the system call filter", PlanArgument.Flags(SECCOMP_SET_MODE_FILTER, "SECCOMP_SET_MODE_FILTER"), program.Flags,
            PlanArgument.Pointer((long)filter, $"{program.Instructions.Length} instructions"));
        if (program.UsesNotify) HandOver(context, profile, plan.Result("listener"));
    }

    /// <summary>
    /// Tells the launcher the listener's number, and waits until it has fetched it (pidfd_getfd(2)) and sent it on. Of the calls that the filter may stop, that takes just write and
    /// read; and read only when the agent can answer already.
    /// </summary>
    private static unsafe void HandOver(LaunchContext context, OciSeccomp profile, Slot listener)
    {
        foreach (OciSyscall rule in profile.Syscalls ?? [])
        {
            if (rule.Action != "SCMP_ACT_NOTIFY" || !rule.Names.Contains("write")) continue;
            throw LaunchContext.Invalid("linux.seccomp: SCMP_ACT_NOTIFY cannot be the action of write, with which the process hands the listener over.", "seccomp");
        }

        LaunchPlan plan = context.Plan;
        StepFailure* report = (StepFailure*)plan.Memory.Structure(new StepFailure(Handshake.HasListener, 0));
        plan.Store(listener, (long)report + sizeof(int), "put the listener into the report");
        plan.Call(SystemCall.Write, "report", "the listener", context.Report, PlanArgument.Pointer((long)report, "listener"), 8);
        LaunchCompiler.ReadGo(context, "the listener's way to its agent");
    }
}
