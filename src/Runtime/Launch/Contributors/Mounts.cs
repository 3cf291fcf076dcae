using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>
/// The mounts of the configuration, in its order. All are made through descriptors (fsopen(2), open_tree(2), move_mount(2)) on targets that the
/// kernel resolved inside the root.
/// </summary>
internal static class Mounts
{
    private static readonly string[] s_pseudo = ["proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "overlay", "debugfs", "securityfs", "tracefs", "bpf"];

    private static readonly string[] s_replaceable =
    [
        "proc/cpuinfo", "proc/diskstats", "proc/meminfo", "proc/stat", "proc/swaps", "proc/uptime", "proc/loadavg", "proc/slabinfo",
        "proc/sys/kernel/ns_last_pid", "proc/sys/crypto/fips_enabled", "proc/net/dev",
    ];

    /// <summary>Appends them.</summary>
    public static void Add(LaunchContext context)
    {
        foreach (OciMount mount in context.Spec.Mounts ?? [])
        {
            if (RootFileSystem.IsRootMount(mount)) continue;
            if (!mount.Destination.StartsWith('/'))
            {
                throw LaunchContext.Invalid($"The mount destination '{mount.Destination}' is not an absolute path.", mount.Destination);
            }

            if (mount.Type != "proc") CheckProc(mount.Destination);
            context.Plan.Section("config.md#mounts");
            MountOptions options = MountOptions.Parse(mount.Options);
            if (options.CopyUp && mount.Type != "tmpfs")
            {
                throw LaunchContext.Invalid($"The mount option tmpcopyup of {mount.Destination} is for a tmpfs only.", mount.Destination);
            }

            if (IsCgroup(context, mount)) CgroupMounts.Add(context, mount, options);
            else if (options.Bind || mount.Type == "bind") Bind(context, mount, options);
            else New(context, mount, options);
        }
    }

    /// <summary>
    /// Nothing may cover proc, or parts of it that confine the container; some files of it are commonly replaced (by lxcfs, for one).
    /// </summary>
    private static void CheckProc(string destination)
    {
        string relative = RootPaths.Relative(Path.GetFullPath(destination));
        if ((relative != "proc" && !relative.StartsWith("proc/", StringComparison.Ordinal)) || Array.IndexOf(s_replaceable, relative) >= 0) return;
        throw LaunchContext.Invalid($"{destination} cannot be a mount point: it is inside /proc.", destination);
    }

    // On a machine with nothing but v2, both names mean the one hierarchy; elsewhere cgroup2 is a file system like any other.
    private static bool IsCgroup(LaunchContext context, OciMount mount)
        => mount.Type == "cgroup" || (mount.Type == "cgroup2" && context.CgroupViews is [{ Folder: "", FileSystem: "cgroup2" }]);

    /// <summary>A new file system.</summary>
    private static void New(LaunchContext context, OciMount mount, MountOptions options)
    {
        string type = mount.Type ?? throw LaunchContext.Invalid($"The mount on {mount.Destination} has neither a type nor the option bind.", mount.Destination);
        if (options.IdMapped != 0 || mount.UidMappings is not null)
        {
            throw new ContainerException(
                ErrorCode.NotSupported, $"The mount on {mount.Destination} is id-mapped, which is supported for bind mounts only.", mount.Destination);
        }

        Slot target = type is "proc" or "sysfs" ? RootPaths.OrdinaryFolder(context, mount.Destination) : RootPaths.Folder(context, mount.Destination);
        SecurityLabels.AddTo(context, type, options);
        Slot detached = options.CopyUp
            ? context.Plan.NewSlot(mount.Destination, context.Inputs.CopyUp(mount.Destination, mount.Source ?? type, options))
            : RemoteMount.Has(type) && context.Inputs.ClonesMounts
            ? context.Plan.NewSlot(mount.Destination, context.Inputs.MountRemote(type, mount.Source ?? type, mount.Destination, options))
            : NewFileSystem(context.Plan, type, mount.Source, mount.Destination, options);
        // The copy was made in a tmpfs that could be written.
        Place(context, detached, target, mount.Destination, $"mount {type} on", options, set: options.CopyUp ? options.Set : 0, clear: 0);
        if (type == "proc" && RootPaths.Relative(mount.Destination) == "proc") context.Proc = detached;
        else context.Plan.Call(SystemCall.Close, "close", "", detached);
        context.Plan.Call(SystemCall.Close, "close", "", target);
    }

    /// <summary>Steps that make a detached mount of a new file system.</summary>
    public static Slot NewFileSystem(LaunchPlan plan, string type, string? source, string destination, MountOptions options)
    {
        string what = $"mount {type} on";
        plan.Call(SystemCall.Fsopen, what, destination, plan.Text(type), PlanArgument.Flags(Libc.FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC"));
        Slot fileSystem = plan.Result("fs");
        Configure(plan, fileSystem, destination, what, "source", source ?? type);
        foreach (string option in options.Data)
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) Configure(plan, fileSystem, destination, what, option, null);
            else Configure(plan, fileSystem, destination, what, option[..equals], option[(equals + 1)..]);
        }

        // For a file system on a device, "ro" is about the device as well: the journal must not be replayed.
        if ((options.Set & Libc.MOUNT_ATTR_RDONLY) != 0 && Array.IndexOf(s_pseudo, type) < 0) Configure(plan, fileSystem, destination, what, "ro", null);
        plan.Call(SystemCall.Fsconfig, what, destination, fileSystem, PlanArgument.Flags(Libc.FSCONFIG_CMD_CREATE, "FSCONFIG_CMD_CREATE"), 0, 0, 0);
        plan.Call(SystemCall.Fsmount, what, destination, fileSystem, PlanArgument.Flags(Libc.FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC"), (long)options.Set);
        Slot detached = plan.Result("mount");
        plan.Call(SystemCall.Close, "close", "", fileSystem);
        return detached;
    }

    /// <summary>Puts a detached mount on its target.</summary>
    public static void Attach(LaunchPlan plan, Slot detached, Slot target, string destination, string what)
        => plan.Call(
            SystemCall.MoveMount, what, destination, detached, plan.Itself, target, plan.Itself,
            PlanArgument.Flags(Libc.MOVE_MOUNT_F_EMPTY_PATH | Libc.MOVE_MOUNT_T_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH"));

    private static void Configure(LaunchPlan plan, Slot fileSystem, string destination, string what, string key, string? value)
    {
        if (value is null)
        {
            plan.Call(
                SystemCall.Fsconfig, $"{what} (option {key})", destination, fileSystem, PlanArgument.Flags(Libc.FSCONFIG_SET_FLAG, "FSCONFIG_SET_FLAG"), plan.Text(key), 0, 0);
        }
        else
        {
            plan.Call(
                SystemCall.Fsconfig, $"{what} (option {key}={value})", destination, fileSystem, PlanArgument.Flags(Libc.FSCONFIG_SET_STRING, "FSCONFIG_SET_STRING"),
                plan.Text(key), plan.Text(value), 0);
        }
    }

    /// <summary>A mount of something that is there already.</summary>
    private static void Bind(LaunchContext context, OciMount mount, MountOptions options)
    {
        LaunchPlan plan = context.Plan;
        string source = context.Resolve(mount.Source ?? throw LaunchContext.Invalid($"The bind mount on {mount.Destination} has no source.", mount.Destination));
        IdMaps? maps = IdMapsOf(context, mount, options);
        ulong propagation = options.Propagation == 0 ? Libc.MS_PRIVATE : options.Propagation;
        // Shared stays a peer of the source, which is what was asked for; unbindable could not be attached.
        if (propagation is not (Libc.MS_SHARED or Libc.MS_SLAVE)) propagation = Libc.MS_PRIVATE;
        Slot detached;
        bool folder;
        if (maps is null && ClonesItself(context, source, propagation))
        {
            folder = context.Inputs.IsFolder(source);
            detached = CloneItself(plan, source, mount.Destination, $"bind {source} on", options.RecursiveBind, propagation);
        }
        else
        {
            OpenedTree tree = context.Inputs.OpenTree(source, options.RecursiveBind, maps, propagation);
            detached = plan.NewSlot(source, tree.Descriptor);
            folder = tree.IsDirectory;
        }

        Slot target = folder ? RootPaths.Folder(context, mount.Destination) : RootPaths.File(context, mount.Destination);
        Place(context, detached, target, mount.Destination, $"bind {source} on", options, options.Set, options.Clear);
        plan.Call(SystemCall.Close, "close", "", detached);
        plan.Call(SystemCall.Close, "close", "", target);
    }

    /// <summary>Steps with which the first process clones what is mounted at a path of the host.</summary>
    public static Slot CloneItself(LaunchPlan plan, string source, string destination, string what, bool recursive, ulong propagation)
    {
        plan.Call(
            SystemCall.OpenTree, what, destination, Libc.AT_FDCWD, plan.Text(source),
            PlanArgument.Flags(
                Libc.OPEN_TREE_CLONE | Libc.OPEN_TREE_CLOEXEC | (recursive ? Libc.AT_RECURSIVE : 0), recursive ? "OPEN_TREE_CLONE|AT_RECURSIVE" : "OPEN_TREE_CLONE"));
        Slot detached = plan.Result(source);
        SetAttributes(plan, detached, destination, new MountAttributes(0, 0, propagation, 0), recursive: true);
        return detached;
    }

    /// <summary>
    /// Whether the first process can clone the source by its path, when its turn comes: then mountinfo, which Linux lists by the age of mounts since 6.8, has them in the configuration's
    /// order, parents first. Else the launcher does it before: in a user namespace the path may be out of reach, in another mount namespace, or behind the names of
    /// another process it would be another; a peer of the source, and a slave where the host's mounts are cut off, must come from the host's own namespace; and the
    /// root that is mounted on its own path for hooks may cover the source.
    /// </summary>
    public static bool ClonesItself(LaunchContext context, string source, ulong propagation)
        => !context.Inputs.ClonesMounts
            || (!context.HasNamespace("user") && !context.WaitsForHooks && (context.MakesNamespace("mount") || !context.HasNamespace("mount"))
            && !source.StartsWith("/proc/", StringComparison.Ordinal) && !source.StartsWith("/dev/fd/", StringComparison.Ordinal)
            && (propagation != Libc.MS_SLAVE || RootFileSystem.HostPropagation(context.Spec) == Libc.MS_SLAVE)
            && (propagation != Libc.MS_SHARED || !context.Inputs.IsShared(source)));

    private static IdMaps? IdMapsOf(LaunchContext context, OciMount mount, MountOptions options)
    {
        if (mount.UidMappings is { Count: > 0 } users) return new IdMaps(users, mount.GidMappings ?? users) { Recursive = options.IdMapped == 2 };
        if (options.IdMapped == 0) return null;
        return context.Spec.Linux?.UidMappings is { Count: > 0 } own
            ? new IdMaps(own, context.Spec.Linux.GidMappings ?? own) { Recursive = options.IdMapped == 2 }
            : throw LaunchContext.Invalid($"The mount on {mount.Destination} is to be id-mapped, but there are no id maps.", mount.Destination);
    }

    /// <summary>Puts a detached mount on its target, with attributes that the mount call itself did not set, attributes of the mounts below, and the propagation.</summary>
    public static void Place(LaunchContext context, Slot detached, Slot target, string destination, string what, MountOptions options, ulong set, ulong clear)
    {
        // In a tree that is attached nowhere only the uppermost mount can still be changed.
        bool changesBefore = !context.HasNamespace("mount");
        if (changesBefore) Finish(context.Plan, detached, destination, options, set, clear);
        Attach(context.Plan, detached, target, destination, what);
        if (!changesBefore) Finish(context.Plan, detached, destination, options, set, clear);
    }

    private static void Finish(LaunchPlan plan, Slot mounted, string destination, MountOptions options, ulong set, ulong clear)
    {
        // A bind mount without a propagation is private already: what the host mounts below a source later is none of the container's business.
        ulong propagation = options.Propagation;
        if ((set | clear) != 0 || propagation != 0)
        {
            bool recursive = propagation != 0 && options.RecursivePropagation;
            if (recursive && (set | clear) != 0)
            {
                SetAttributes(plan, mounted, destination, new MountAttributes(set, clear, 0, 0), recursive: false);
                SetAttributes(plan, mounted, destination, new MountAttributes(0, 0, propagation, 0), recursive: true);
            }
            else
            {
                SetAttributes(plan, mounted, destination, new MountAttributes(set, clear, propagation, 0), recursive);
            }
        }

        if ((options.RecursiveSet | options.RecursiveClear) != 0)
        {
            SetAttributes(plan, mounted, destination, new MountAttributes(options.RecursiveSet, options.RecursiveClear, 0, 0), recursive: true);
        }
    }

    /// <summary>mount_setattr(2) on a mount's descriptor.</summary>
    public static void SetAttributes(LaunchPlan plan, Slot mounted, string destination, in MountAttributes attributes, bool recursive)
        => plan.Call(
            SystemCall.MountSetattr, "set the attributes of", destination, mounted, plan.Itself,
            PlanArgument.Flags(Libc.AT_EMPTY_PATH | (recursive ? Libc.AT_RECURSIVE : 0), recursive ? "AT_EMPTY_PATH|AT_RECURSIVE" : "AT_EMPTY_PATH"),
            plan.Structure(attributes, plan.KeepsArguments ? Describe(attributes) : ""), 32);

    private static string Describe(in MountAttributes attributes)
        => $"set 0x{attributes.Set:x}, clear 0x{attributes.Clear:x}, propagation 0x{attributes.Propagation:x}";
}
