using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>The root: put in its place before the mounts, made "/" after them (pivot_root(2)).</summary>
internal static class RootFileSystem
{
    /// <summary>Whether a mount of the configuration is the root itself (docs/design/state.md, "The bundle").</summary>
    public static bool IsRootMount(OciMount mount) => mount.Destination == "/" && mount.Type == "overlay";

    /// <summary>Cuts the mount tree off from the host's, and mounts the root file system in it.</summary>
    public static void Mount(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        OciRoot root = context.Spec.Root ?? throw LaunchContext.Invalid("The configuration has no root; add \"root\": { \"path\": … }.");
        string path = context.Resolve(root.Path);
        plan.Section("config.md#root");

        bool ownMounts = context.HasNamespace("mount");
        if (ownMounts)
        {
            // Without this, what is mounted here would appear on the host, whose root is shared on most machines.
            plan.Call(
                SystemCall.MountSetattr, "cut off the propagation of", "/", Libc.AT_FDCWD, plan.Text("/"), PlanArgument.Flags(Libc.AT_RECURSIVE, "AT_RECURSIVE"),
                plan.Structure(new MountAttributes(0, 0, HostPropagation(context.Spec), 0), "propagation"), 32);
        }

        Slot detached = FindOverlay(context.Spec) is { } overlay
            ? plan.NewSlot("root", context.Inputs.OpenOverlay(overlay))
            : context.Inputs.ClonesMounts
                ? plan.NewSlot("root", context.Inputs.OpenTree(path, recursive: true, null).Descriptor)
                : Mounts.CloneItself(plan, path, "/", "mount the root file system", recursive: true, Libc.MS_PRIVATE);
        if (!ownMounts)
        {
            // The mount namespace is the host's, where nothing may appear: the tree stays attached nowhere, and goes with the last process whose root it is.
        }
        else if (context.WaitsForHooks)
        {
            // Hooks look for it, with all its mounts, where the configuration says it is.
            int own = Attach(plan, detached, path, path);
            plan.Ignore(Errno.EACCES);
            Attach(plan, detached, path, "/");
            plan.SkipFrom(own);
        }
        else
        {
            // On top of the host's "/" and not on the root's own path, which the container's root may not even be allowed to reach.
            Attach(plan, detached, path, "/");
        }

        // The descriptor of a detached mount goes with the mount when it is attached: it is the root folder from now on.
        context.Root = detached;
    }

    /// <summary>What the host's mounts become in the container's mount namespace.</summary>
    public static ulong HostPropagation(OciSpec spec)
        => PropagationOf(spec.Linux?.RootfsPropagation) is { } wished and not Libc.MS_SHARED ? wished : Libc.MS_SLAVE;

    // The path of the configuration is the host's, and may be a link.
    private static int Attach(LaunchPlan plan, Slot detached, string path, string place) => plan.Call(
        SystemCall.MoveMount, "mount the root file system", path, detached, plan.Itself, Libc.AT_FDCWD, plan.Text(place),
        place == "/"
            ? PlanArgument.Flags(Libc.MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH")
            : PlanArgument.Flags(Libc.MOVE_MOUNT_F_EMPTY_PATH | Libc.MOVE_MOUNT_T_SYMLINKS, "MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_SYMLINKS"));

    /// <summary>Makes the root "/" of the new mount namespace and lets go of the old one.</summary>
    public static void Pivot(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("config.md#root");
        if (context.Spec.Root!.Readonly)
        {
            plan.Call(
                SystemCall.MountSetattr, "make read-only:", "/", context.Root, plan.Itself, PlanArgument.Flags(Libc.AT_EMPTY_PATH, "AT_EMPTY_PATH"),
                plan.Structure(new MountAttributes(Libc.MOUNT_ATTR_RDONLY, 0, 0, 0), "ro"), 32);
        }

        bool ownMounts = context.HasNamespace("mount");
        if (context.MovesRoot && ownMounts) LeaveHost(context);
        plan.Call(SystemCall.Fchdir, "enter", "/", context.Root);
        // pivot_root(".", "."): the old root is stacked on the new one and taken away by the next call (pivot_root(2), NOTES).
        if (context.MovesRoot || !ownMounts)
        {
            plan.Call(SystemCall.Chroot, "enter", "the root file system", plan.Text("."));
        }
        else
        {
            plan.Call(SystemCall.PivotRoot, "pivot to", "the root file system", plan.Text("."), plan.Text("."));
            plan.Call(SystemCall.Umount2, "detach", "the host's file systems", plan.Text("."), PlanArgument.Flags(Libc.MNT_DETACH, "MNT_DETACH"));
        }

        plan.Call(SystemCall.Chdir, "enter", "/", plan.Text("/"));
        if (context.Spec.Linux?.RootfsPropagation is { Length: > 0 } name)
        {
            ulong propagation = PropagationOf(name)
                ?? throw LaunchContext.Invalid($"rootfsPropagation '{name}' is not one of shared, slave, private, unbindable.", name);
            plan.Call(
                SystemCall.MountSetattr, "set the propagation of", "/", Libc.AT_FDCWD, plan.Text("/"),
                PlanArgument.Flags(name.StartsWith('r') ? Libc.AT_RECURSIVE : 0, name), plan.Structure(new MountAttributes(0, 0, propagation, 0), name), 32);
        }
    }

    /// <summary>
    /// Without pivot_root the host's mounts stay, out of sight below the container's root, which was mounted on "/" (what mount(2) with MS_MOVE does). A whole proc or
    /// sysfs among them would count as visible, and the kernel would let the container mount another one without anything masked: so these go.
    /// </summary>
    private static void LeaveHost(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        if (context.WaitsForHooks)
        {
            plan.Call(
                SystemCall.MoveMount, "move the root file system onto", "/", context.Root, plan.Itself, Libc.AT_FDCWD, plan.Text("/"),
                PlanArgument.Flags(Libc.MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH"));
            // It is there already where its own path could not be reached: "/" then leads to the mount itself.
            plan.Ignore(Errno.ELOOP);
        }

        foreach (string path in context.Inputs.WholeKernelFileSystems())
        {
            plan.Call(SystemCall.Umount2, "detach", "the host's " + path, plan.Text(path), PlanArgument.Flags(Libc.MNT_DETACH, "MNT_DETACH"));
            // In a user namespace the host's mounts are locked, and so are the ones that hide parts of them.
            plan.Ignore(Errno.EINVAL);
        }
    }

    private static ulong? PropagationOf(string? name)
    {
        if (string.IsNullOrEmpty(name)) return null;
        ulong propagation = MountOptions.PropagationOf(name.StartsWith('r') ? name[1..] : name);
        return propagation == 0 ? null : propagation;
    }

    /// <summary>The overlay that is the root, or null where the root is a plain folder.</summary>
    public static OverlayRoot? FindOverlay(OciSpec spec)
    {
        foreach (OciMount mount in spec.Mounts ?? [])
        {
            if (IsRootMount(mount)) return OverlayOf(mount);
        }

        return null;
    }

    private static OverlayRoot OverlayOf(OciMount mount)
    {
        List<string> others = [];
        IReadOnlyList<string> lower = [];
        string? upper = null, work = null;
        foreach (string option in mount.Options ?? [])
        {
            if (option.StartsWith("lowerdir=", StringComparison.Ordinal)) lower = SplitLayers(option[9..]);
            else if (option.StartsWith("upperdir=", StringComparison.Ordinal)) upper = option[9..];
            else if (option.StartsWith("workdir=", StringComparison.Ordinal)) work = option[8..];
            else others.Add(option);
        }

        if (lower.Count == 0) throw LaunchContext.Invalid("The root mount of type overlay has no lowerdir= option.", "/");
        return new OverlayRoot(lower, upper, work, others, mount.UidMappings is { } users ? new IdMaps(users, mount.GidMappings ?? users) : null);
    }

    /// <summary>Splits at colons; a colon or backslash of a path is written with a backslash before it, as overlayfs itself reads it.</summary>
    internal static IReadOnlyList<string> SplitLayers(string list)
    {
        List<string> layers = [];
        System.Text.StringBuilder layer = new();
        for (int i = 0; i < list.Length; i++)
        {
            if (list[i] == '\\' && i + 1 < list.Length)
            {
                layer.Append(list[++i]);
            }
            else if (list[i] == ':')
            {
                layers.Add(layer.ToString());
                layer.Clear();
            }
            else
            {
                layer.Append(list[i]);
            }
        }

        layers.Add(layer.ToString());
        return layers;
    }
}
