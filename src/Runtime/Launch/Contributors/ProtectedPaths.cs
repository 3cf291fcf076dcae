using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>
/// Paths that the container cannot read (config-linux.md, Masked Paths) or write (Readonly Paths). A file is masked by the host's /dev/null, opened
/// by the launcher: the one in the container could have been replaced. A folder is masked by an empty read-only tmpfs, shared by all: the first gets
/// it, the others its clones. None is cloned from a mount that is attached nowhere: before Linux 6.15 that is refused, and closing such a mount in the end
/// waits for a grace period of RCU.
/// </summary>
internal static class ProtectedPaths
{
    /// <summary>Appends them, after all mounts.</summary>
    public static void Add(LaunchContext context)
    {
        AddReadOnly(context);
        AddMasked(context);
    }

    private static void AddReadOnly(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("config-linux.md#readonly-paths");
        foreach (string path in context.Spec.Linux?.ReadonlyPaths ?? [])
        {
            int open = RootPaths.OpenProtected(context, path, Libc.O_PATH);
            Slot target = plan.Result(path);
            plan.Call(
                SystemCall.OpenTree, "make read-only:", path, target, plan.Itself,
                PlanArgument.Flags(Libc.OPEN_TREE_CLONE | Libc.OPEN_TREE_CLOEXEC | Libc.AT_RECURSIVE | Libc.AT_EMPTY_PATH, "OPEN_TREE_CLONE|AT_RECURSIVE|AT_EMPTY_PATH"));
            Slot tree = plan.Result("tree");
            Mounts.SetAttributes(plan, tree, path, new MountAttributes(Libc.MOUNT_ATTR_RDONLY, 0, 0, 0), recursive: true);
            Mounts.Attach(plan, tree, target, path, "make read-only:");
            plan.Call(SystemCall.Close, "close", "", tree);
            plan.Call(SystemCall.Close, "close", "", target);
            plan.SkipFrom(open, Errno.ENOENT);
        }
    }

    private static void AddMasked(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        IReadOnlyList<string> paths = context.Spec.Linux?.MaskedPaths ?? [];
        if (paths.Count == 0) return;
        plan.Section("config-linux.md#masked-paths");
        MountOptions options = MountOptions.Parse(["ro", "nosuid", "nodev", "noexec", "size=0", "nr_inodes=1"]);
        Slot empty = Mounts.NewFileSystem(plan, "tmpfs", "tmpfs", "masked paths", options);
        // "/" is the host's until pivot_root.
        plan.Call(SystemCall.Openat, "open", "/dev/null", Libc.AT_FDCWD, plan.Text("/dev/null"), PlanArgument.Flags(Libc.O_PATH | Libc.O_CLOEXEC, "O_PATH"));
        Slot nothing = plan.Result("null");
        Slot attached = plan.NewSlot("attached");
        foreach (string path in paths) Mask(context, path, empty, attached, nothing);
        plan.Call(SystemCall.Close, "close", "", empty);
        plan.Call(SystemCall.Close, "close", "", attached);
        plan.Ignore(Errno.EBADF);
        plan.Call(SystemCall.Close, "close", "", nothing);
    }

    private static void Mask(LaunchContext context, string path, Slot empty, Slot attached, Slot nothing)
    {
        LaunchPlan plan = context.Plan;
        Slot target = plan.NewSlot(path);
        Slot tree = plan.NewSlot("tree");

        int folder = RootPaths.OpenProtected(context, path, Libc.O_PATH | Libc.O_DIRECTORY);
        plan.Result(target);
        int clone = Clone(plan, attached, tree, path);
        plan.Ignore(Errno.EBADF); // Nothing is attached yet: this is the first folder.
        Duplicate(plan, empty, attached, path);
        int first = Duplicate(plan, empty, tree, path);
        int fileStart = plan.Count;

        int file = RootPaths.OpenProtected(context, path, Libc.O_PATH);
        plan.Result(target);
        Clone(plan, nothing, tree, path);
        plan.SkipFrom(clone);
        plan.SkipFrom(first);

        Mounts.Attach(plan, tree, target, path, "mask");
        plan.Call(SystemCall.Close, "close", "", tree);
        plan.Call(SystemCall.Close, "close", "", target);
        plan.SkipFrom(folder, Errno.ENOENT);
        plan.SkipFrom(file, Errno.ENOENT);
        plan.IgnoreAt(folder, Errno.ENOTDIR, fileStart - 1 - folder);
        plan.SkipFrom(file, Errno.ENOTDIR);
    }

    private static int Clone(LaunchPlan plan, Slot source, Slot tree, string path)
    {
        int step = plan.Call(
            SystemCall.OpenTree, "mask", path, source, plan.Itself,
            PlanArgument.Flags(Libc.OPEN_TREE_CLONE | Libc.OPEN_TREE_CLOEXEC | Libc.AT_EMPTY_PATH, "OPEN_TREE_CLONE|AT_EMPTY_PATH"));
        plan.Result(tree);
        return step;
    }

    private static int Duplicate(LaunchPlan plan, Slot source, Slot result, string path)
    {
        int step = plan.Call(SystemCall.Fcntl, "mask", path, source, PlanArgument.Flags(F_DUPFD_CLOEXEC, "F_DUPFD_CLOEXEC"), 3);
        plan.Result(result);
        return step;
    }

    private const int F_DUPFD_CLOEXEC = 1030;
}
