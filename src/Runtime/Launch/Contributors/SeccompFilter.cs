using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Linux;

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
        if (program.UsesNotify)
        {
            throw new ContainerException(ErrorCode.NotSupported, "Seccomp filters with SCMP_ACT_NOTIFY are not supported yet.", "seccomp");
        }

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
    }
}
