using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>
/// Who the process is: user, groups, capabilities, filter. The order is forced by the kernel: the bounding set needs CAP_SETPCAP; a filter
/// without no_new_privs needs CAP_SYS_ADMIN; both are gone once the final capabilities are set. So: bounding set, keep capabilities over
/// setresuid, raise them again, load the filter, and drop to the final sets last, so that the filter need allow only capset, prctl and execve.
/// </summary>
internal static class Identity
{
    private const long PR_SET_PDEATHSIG = 1;
    private const long PR_SET_KEEPCAPS = 8;
    private const long PR_CAPBSET_DROP = 24;
    private const long PR_SET_NO_NEW_PRIVS = 38;
    private const long PR_CAP_AMBIENT = 47;
    private const long PR_CAP_AMBIENT_RAISE = 2;
    private const long PR_CAP_AMBIENT_CLEAR_ALL = 4;

    /// <summary>Appends it.</summary>
    public static void Add(LaunchContext context, ResolvedUser user)
    {
        LaunchPlan plan = context.Plan;
        OciProcess process = context.Process;
        ulong kernel = Capability.KernelMask();
        ulong bounding = Mask(process.Capabilities?.Bounding);
        ulong permitted = Mask(process.Capabilities?.Permitted);
        ulong inheritable = Mask(process.Capabilities?.Inheritable);
        ulong effective = Mask(process.Capabilities?.Effective);
        // The kernel raises only what is permitted and inheritable. Configurations in the wild name more, and the peers run them.
        ulong ambient = Mask(process.Capabilities?.Ambient) & permitted & inheritable;

        plan.Section("config.md#process (capabilities)");
        for (int number = 0; number < 64; number++)
        {
            ulong bit = 1UL << number;
            if ((kernel & bit) == 0 || (bounding & bit) != 0) continue;
            plan.Call(SystemCall.Prctl, "drop from the bounding set:", Capability.Name(number), PlanArgument.Flags(PR_CAPBSET_DROP, "PR_CAPBSET_DROP"), number);
        }

        plan.Section("config.md#process (user)");
        plan.Call(SystemCall.Prctl, "keep", "capabilities", PlanArgument.Flags(PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS"), 1);
        // crun's annotation, by which Podman says --group-add keep-groups: groups that no map has can only be kept, not set.
        if (context.Spec.Annotations?.GetValueOrDefault("run.oci.keep_original_groups") != "1")
        {
            plan.Call(
                SystemCall.Setgroups, "set", "the supplementary groups", user.Groups.Count,
                PlanArgument.Pointer(plan.Memory.Array<uint>(user.Groups.ToArray()), string.Join(' ', user.Groups)));
            // In a user namespace whose maker had no right to set groups the kernel forbids it (user_namespaces(7)); there are no others to set then.
            if (user.Groups.All(group => group == user.Gid) && context.HasNamespace("user")) plan.Ignore(Errno.EPERM);
        }

        plan.Call(SystemCall.Setresgid, "become the group", Text(user.Gid), user.Gid, user.Gid, user.Gid);
        plan.Call(SystemCall.Setresuid, "become the user", Text(user.Uid), user.Uid, user.Uid, user.Uid);

        plan.Section("config.md#process (noNewPrivileges)");
        if (process.NoNewPrivileges) plan.Call(SystemCall.Prctl, "set", "no_new_privs", PlanArgument.Flags(PR_SET_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS"), 1);

        SeccompFilter.Add(context, () =>
        {
            // setresuid to another user has emptied the effective set.
            if (!process.NoNewPrivileges && user.Uid != 0) SetCapabilities(plan, kernel & bounding | AdministratorMask, kernel & bounding | AdministratorMask, inheritable, AdministratorMask);
        });

        plan.Section("config.md#process (capabilities)");
        SetCapabilities(plan, permitted, permitted, inheritable, effective);
        plan.Call(SystemCall.Prctl, "clear", "the ambient set", PlanArgument.Flags(PR_CAP_AMBIENT, "PR_CAP_AMBIENT"), PlanArgument.Flags(PR_CAP_AMBIENT_CLEAR_ALL, "PR_CAP_AMBIENT_CLEAR_ALL"), 0, 0, 0);
        for (int number = 0; number < 64; number++)
        {
            if ((ambient & kernel & (1UL << number)) == 0) continue;
            plan.Call(
                SystemCall.Prctl, "raise in the ambient set:", Capability.Name(number), PlanArgument.Flags(PR_CAP_AMBIENT, "PR_CAP_AMBIENT"),
                PlanArgument.Flags(PR_CAP_AMBIENT_RAISE, "PR_CAP_AMBIENT_RAISE"), number, 0, 0);
        }

        // A change of credentials clears it, so it comes last (PR_SET_PDEATHSIG(2const)).
        if (context.DieWithParent) plan.Call(SystemCall.Prctl, "die with", "the launcher", PlanArgument.Flags(PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG"), 9);
    }

    private static ulong AdministratorMask => 1UL << Capability.Number("CAP_SYS_ADMIN");

    private static unsafe void SetCapabilities(LaunchPlan plan, ulong permitted, ulong permittedShown, ulong inheritable, ulong effective)
    {
        // struct __user_cap_header_struct, version 3, and two __user_cap_data_struct (capset(2)).
        uint* header = (uint*)plan.Memory.Take(8);
        header[0] = 0x2008_0522;
        uint* data = (uint*)plan.Memory.Take(24);
        for (int half = 0; half < 2; half++)
        {
            data[half * 3] = (uint)(effective >> (32 * half));
            data[(half * 3) + 1] = (uint)(permitted >> (32 * half));
            data[(half * 3) + 2] = (uint)(inheritable >> (32 * half));
        }

        plan.Call(
            SystemCall.Capset, "set", "the capabilities", PlanArgument.Pointer((long)header, "version 3"),
            PlanArgument.Pointer((long)data, $"permitted {permittedShown:x}, effective {effective:x}, inheritable {inheritable:x}"));
    }

    private static ulong Mask(IReadOnlyList<string>? names) => names is null ? 0 : Capability.Mask(names);

    private static string Text(uint id) => id.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
