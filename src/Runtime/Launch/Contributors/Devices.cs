using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>
/// Device nodes and the links of /dev: those that every container has (config-linux.md, Default Devices) and those of the configuration. In a
/// user namespace, where mknod(2) is refused, the host's nodes are mounted on empty files.
/// </summary>
internal static class Devices
{
    private static readonly (string Name, uint Major, uint Minor)[] s_default =
    [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ];

    private static readonly (string Name, string Target)[] s_links =
    [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"), ("core", "/proc/kcore"),
    ];

    /// <summary>Appends them. Where the host's /dev is bound in, nothing is made in it.</summary>
    public static void Add(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("config-linux.md#default-devices");
        bool ownsDev = true;
        bool hasPts = false;
        foreach (OciMount mount in context.Spec.Mounts ?? [])
        {
            string destination = RootPaths.Relative(mount.Destination);
            if (destination == "dev") ownsDev = mount.Type != "bind" && !MountOptions.Parse(mount.Options).Bind;
            if (destination == "dev/pts") hasPts = true;
        }

        if (ownsDev)
        {
            Slot folder = RootPaths.Folder(context, "/dev");
            foreach ((string name, uint major, uint minor) in s_default)
            {
                // The configuration's own has its own mode and owner.
                if (IsListed(context, "dev/" + name)) continue;
                Node(context, folder, name, "/dev/" + name, 0x2000, 0x1b6, major, minor, 0, 0);
            }

            foreach ((string name, string target) in s_links) Link(plan, folder, name, target);
            if (hasPts) Link(plan, folder, "ptmx", "pts/ptmx");
            plan.Call(SystemCall.Close, "close", "", folder);
        }

        plan.Section("config-linux.md#devices");
        foreach (OciDevice device in context.Spec.Linux?.Devices ?? [])
        {
            (Slot folder, string name, bool owned) = RootPaths.Parent(context, device.Path);
            Node(
                context, folder, name, device.Path, TypeOf(device), device.FileMode ?? 0x1b6, NumberOf(device, device.Major), NumberOf(device, device.Minor),
                device.Uid ?? 0, device.Gid ?? 0);
            if (owned) plan.Call(SystemCall.Close, "close", "", folder);
        }
    }

    private static bool IsListed(LaunchContext context, string path)
    {
        foreach (OciDevice device in context.Spec.Linux?.Devices ?? [])
        {
            if (RootPaths.Relative(device.Path) == path) return true;
        }

        return false;
    }

    private static void Link(LaunchPlan plan, Slot folder, string name, string target)
    {
        plan.Call(SystemCall.Symlinkat, "make the link", "/dev/" + name, plan.Text(target), folder, plan.Text(name));
        plan.Ignore(Errno.EEXIST);
    }

    private static void Node(
        LaunchContext context, Slot folder, string name, string path, uint type, uint mode, uint major, uint minor, uint user, uint group)
    {
        LaunchPlan plan = context.Plan;
        if ((context.HasNamespace("user") || !context.Inputs.MakesDevices) && type != 0x1000)
        {
            Slot node = context.Inputs.ClonesMounts
                ? plan.NewSlot(path, context.Inputs.OpenTree(path, recursive: false, null).Descriptor)
                : Mounts.CloneItself(plan, path, path, $"bind {path} on", recursive: false, Libc.MS_PRIVATE);
            plan.Call(SystemCall.Mknodat, "make", path, folder, plan.Text(name), 0x8000 | 0x1b6, 0);
            plan.Ignore(Errno.EEXIST);
            RootPaths.Open(context, RootPaths.Relative(path), path, Libc.O_PATH);
            Slot target = plan.Result(path);
            Mounts.Attach(plan, node, target, path, $"bind {path} on");
            plan.Call(SystemCall.Close, "close", "", target);
            plan.Call(SystemCall.Close, "close", "", node);
            return;
        }

        int made = plan.Call(
            SystemCall.Mknodat, "make the device", path, folder, plan.Text(name), PlanArgument.Flags(type | mode, plan.KeepsArguments ? $"{TypeLetter(type)} 0{Convert.ToString(mode, 8)}" : ""),
            PlanArgument.Flags(DeviceNumber(major, minor), plan.KeepsArguments ? $"{major}:{minor}" : ""));
        if (user != 0 || group != 0)
        {
            plan.Call(
                SystemCall.Fchownat, "set the owner of", path, folder, plan.Text(name), user, group, PlanArgument.Flags(Libc.AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"));
        }

        plan.SkipFrom(made, Errno.EEXIST);
    }

    private static uint TypeOf(OciDevice device) => device.Type switch
    {
        "c" or "u" => 0x2000,
        "b" => 0x6000,
        "p" => 0x1000,
        _ => throw LaunchContext.Invalid($"The device {device.Path} has the type '{device.Type}'; it is one of c, b, u, p.", device.Path),
    };

    private static uint NumberOf(OciDevice device, long number)
        => number is >= 0 and <= uint.MaxValue ? (uint)number : throw LaunchContext.Invalid($"The device {device.Path} has the number {number}, which no device has.", device.Path);

    private static char TypeLetter(uint type) => type switch { 0x2000 => 'c', 0x6000 => 'b', _ => 'p' };

    /// <summary>The kernel's 32-bit dev_t as mknod(2) takes it.</summary>
    private static long DeviceNumber(uint major, uint minor) => (minor & 0xff) | ((long)major << 8) | ((long)(minor & ~0xffu) << 12);
}
