using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>
/// A session keyring (session-keyring(7)), so that the launcher's keys are out of reach. As with runc it is named by the container's id: a process that is executed later
/// joins the first one's. <c>--no-new-keyring</c> leaves the caller's, for machines where many containers would use up a user's quota of keys.
/// </summary>
internal static class Keyring
{
    private const long KEYCTL_JOIN_SESSION_KEYRING = 1;
    private const long KEYCTL_SETPERM = 5;

    // What a new keyring has: everything for its possessors; view, read and link for its owner.
    private const long NewPermissions = 0x3f13_0000;
    private const long OwnerSearch = 0x0008_0000;
    private const long OthersSearch = 0x0000_0008;

    /// <summary>Appends it.</summary>
    public static void Add(LaunchContext context)
    {
        if (context.KeepsKeyring) return;
        LaunchPlan plan = context.Plan;
        plan.Section("keyctl(2)");
        PlanArgument name = context.Id.Length == 0 ? 0 : plan.Text("_ses." + context.Id);
        plan.Call(SystemCall.Keyctl, "join", "a session keyring", PlanArgument.Flags(KEYCTL_JOIN_SESSION_KEYRING, "KEYCTL_JOIN_SESSION_KEYRING"), name);
        bool opens = context.Id.Length > 0 && context.MakesKeyring;
        Slot? keyring = opens ? plan.Result("keyring") : null;
        // A kernel without keys, a quota that is used up: the container starts all the same.
        int skipped = opens ? 1 : 0;
        plan.Ignore(Errno.ENOSYS, skipped);
        plan.Ignore(Errno.EDQUOT, skipped);
        if (keyring is not { } ring) return;
        // To be joined by its name it must be searchable: for the owner, and in a user namespace for the others there.
        long permissions = NewPermissions | (context.HasNamespace("user") ? OthersSearch : OwnerSearch);
        plan.Call(
            SystemCall.Keyctl, "let", "the session keyring be found", PlanArgument.Flags(KEYCTL_SETPERM, "KEYCTL_SETPERM"), ring, permissions);
    }
}
