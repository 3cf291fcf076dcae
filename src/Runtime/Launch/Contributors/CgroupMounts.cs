using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>
/// A mount of type <c>cgroup</c>: the container's view of its own cgroup. On a pure v2 machine the hierarchy itself; on v1 and hybrid machines a
/// tmpfs with a folder for each hierarchy, as Docker shows it.
/// </summary>
internal static class CgroupMounts
{
    /// <summary>Appends it.</summary>
    public static void Add(LaunchContext context, OciMount mount, MountOptions options)
    {
        if (context.CgroupViews.Count == 0) return;
        if (context.CgroupViews is [{ Folder: "" } only])
        {
            Show(context, only, mount.Destination, RootPaths.Folder(context, mount.Destination), options);
            return;
        }

        LaunchPlan plan = context.Plan;
        Slot target = RootPaths.Folder(context, mount.Destination);
        MountOptions folder = MountOptions.Parse(["nosuid", "nodev", "noexec", "mode=755"]);
        Slot tmpfs = Mounts.NewFileSystem(plan, "tmpfs", "tmpfs", mount.Destination, folder);
        // In a tree that is attached nowhere only the uppermost mount can be made read-only: so there it is attached last.
        bool attachesLast = !context.HasNamespace("mount");
        if (!attachesLast) Mounts.Attach(plan, tmpfs, target, mount.Destination, "mount tmpfs on");
        foreach (CgroupView view in context.CgroupViews)
        {
            string destination = mount.Destination.TrimEnd('/') + "/" + view.Folder;
            Show(context, view, destination, NewFolder(plan, tmpfs, view.Folder, destination), options);
        }

        foreach (CgroupView view in context.CgroupViews) Link(context, view, tmpfs, mount.Destination);
        if ((options.Set & Libc.MOUNT_ATTR_RDONLY) != 0)
        {
            Mounts.SetAttributes(plan, tmpfs, mount.Destination, new MountAttributes(Libc.MOUNT_ATTR_RDONLY, 0, 0, 0), recursive: false);
        }

        if (attachesLast) Mounts.Attach(plan, tmpfs, target, mount.Destination, "mount tmpfs on");
        plan.Call(SystemCall.Close, "close", "", tmpfs);
        plan.Call(SystemCall.Close, "close", "", target);
    }

    // In the new tmpfs, where nothing of the image is: no need to look the path up from the root.
    private static Slot NewFolder(LaunchPlan plan, Slot tmpfs, string name, string shown)
    {
        plan.Call(SystemCall.Mkdirat, "make", shown, tmpfs, plan.Text(name), 0x1ed);
        plan.Call(
            SystemCall.Openat, "open", shown, tmpfs, plan.Text(name), PlanArgument.Flags(Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC, "O_PATH|O_DIRECTORY"));
        return plan.Result(shown);
    }

    private static void Show(LaunchContext context, CgroupView view, string destination, Slot target, MountOptions options)
    {
        LaunchPlan plan = context.Plan;
        Slot detached;
        if (context.HasNamespace("cgroup") && !view.IsLaunchers)
        {
            // Mounted from inside the cgroup namespace, the hierarchy shows the container's cgroup as its root.
            MountOptions own = MountOptions.Parse(view.Options);
            detached = Mounts.NewFileSystem(plan, view.FileSystem, view.FileSystem, destination, own);
        }
        else if (Mounts.ClonesItself(context, view.HostPath, Libc.MS_PRIVATE))
        {
            detached = Mounts.CloneItself(plan, view.HostPath, destination, $"mount {view.FileSystem} on", recursive: false, Libc.MS_PRIVATE);
        }
        else
        {
            detached = context.Inputs.ClonesMounts
                ? plan.NewSlot(view.HostPath, context.Inputs.OpenTree(view.HostPath, recursive: false, null).Descriptor)
                : Mounts.CloneItself(plan, view.HostPath, destination, $"bind {view.HostPath} on", recursive: false, Libc.MS_PRIVATE);
        }

        Mounts.Place(context, detached, target, destination, $"mount {view.FileSystem} on", options, options.Set, options.Clear);
        plan.Call(SystemCall.Close, "close", "", detached);
        plan.Call(SystemCall.Close, "close", "", target);
    }

    /// <summary>Controllers that are mounted together are reachable by each one's name: cpu → cpu,cpuacct.</summary>
    private static void Link(LaunchContext context, CgroupView view, Slot tmpfs, string destination)
    {
        if (!view.Folder.Contains(',', StringComparison.Ordinal)) return;
        foreach (string controller in view.Folder.Split(','))
        {
            context.Plan.Call(
                SystemCall.Symlinkat, "make the link", $"{destination}/{controller}", context.Plan.Text(view.Folder), tmpfs, context.Plan.Text(controller));
            context.Plan.Ignore(Errno.EEXIST);
        }
    }
}
