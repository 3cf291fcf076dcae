using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// Steps that find, or make, paths inside the root file system. Every path is resolved by the kernel with RESOLVE_IN_ROOT,
/// so that a symbolic link of a hostile image leads to a place inside the root and nowhere else.
/// </summary>
internal static class RootPaths
{
    private const ulong Resolve = Libc.RESOLVE_IN_ROOT | Libc.RESOLVE_NO_MAGICLINKS;

    /// <summary>A folder's descriptor (O_PATH); missing folders on the way are made, mode 0755.</summary>
    public static Slot Folder(LaunchContext context, string path) => Folder(context, path, followLinks: true);

    private static Slot Folder(LaunchContext context, string path, bool followLinks)
    {
        LaunchPlan plan = context.Plan;
        string relative = followLinks ? DanglingLinks.Follow(context, Relative(path)) : Relative(path);
        int direct = Open(context, relative, path, Libc.O_PATH | Libc.O_DIRECTORY);
        Slot folder = plan.Result(path);
        plan.Ignore(Errno.ENOENT);
        Slot parent = context.Root;
        string prefix = "";
        string[] names = relative.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < names.Length; i++)
        {
            prefix = i == 0 ? names[i] : prefix + "/" + names[i];
            plan.Call(SystemCall.Mkdirat, "make", "/" + prefix, parent, plan.Text(names[i]), 0x1ed);
            plan.Ignore(Errno.EEXIST);
            Open(context, prefix, "/" + prefix, Libc.O_PATH | Libc.O_DIRECTORY);
            if (i == names.Length - 1) plan.Result(folder);
            Slot made = i == names.Length - 1 ? folder : plan.Result("/" + prefix);
            if (i > 0) plan.Call(SystemCall.Close, "close", "", parent);
            parent = made;
        }

        plan.SkipFrom(direct);
        return folder;
    }

    /// <summary>
    /// As <see cref="Folder(LaunchContext, string)"/>, but no part of the path may be a symbolic link. For proc and sysfs, whose dangerous parts are masked by their names later:
    /// behind a link of a hostile image these names would lead elsewhere, and leave the real ones open (the class of CVE-2019-19921).
    /// </summary>
    public static Slot OrdinaryFolder(LaunchContext context, string path)
    {
        LaunchPlan plan = context.Plan;
        string relative = Relative(path);
        Slot made = Folder(context, path, followLinks: false);
        OpenHow how = new((ulong)(uint)(Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC), 0, Resolve | Libc.RESOLVE_NO_SYMLINKS);
        plan.Call(
            SystemCall.Openat2, "open the ordinary folder", path, context.Root, plan.Text(relative.Length == 0 ? "." : relative),
            plan.Structure(how, "O_PATH|O_DIRECTORY, RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS"), 24);
        plan.RetryAgain();
        Slot folder = plan.Result(path);
        plan.Call(SystemCall.Close, "close", "", made);
        return folder;
    }

    /// <summary>
    /// As <see cref="File"/>, but no part of the path may be a symbolic link: what is mounted there must be found under that name, and nothing else be covered by it (the class
    /// of CVE-2025-52565).
    /// </summary>
    public static Slot OrdinaryFile(LaunchContext context, string path)
    {
        LaunchPlan plan = context.Plan;
        (Slot parent, string name, bool owned) = Parent(context, path);
        plan.Call(SystemCall.Mknodat, "make", path, parent, plan.Text(name), 0x81a4, 0);
        plan.Ignore(Errno.EEXIST);
        if (owned) plan.Call(SystemCall.Close, "close", "", parent);
        OpenHow how = new((ulong)(uint)(Libc.O_PATH | Libc.O_CLOEXEC), 0, Resolve | Libc.RESOLVE_NO_SYMLINKS);
        plan.Call(
            SystemCall.Openat2, "open the ordinary file", path, context.Root, plan.Text(Relative(path)), plan.Structure(how, "O_PATH, RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS"), 24);
        plan.RetryAgain();
        return plan.Result(path);
    }

    /// <summary>A file's descriptor (O_PATH) to mount something on; a missing file is made, empty, as are missing folders on the way.</summary>
    public static Slot File(LaunchContext context, string path)
    {
        LaunchPlan plan = context.Plan;
        string relative = DanglingLinks.Follow(context, Relative(path));
        int direct = Open(context, relative, path, Libc.O_PATH);
        Slot file = plan.Result(path);
        plan.Ignore(Errno.ENOENT);
        (Slot parent, string name, bool owned) = Parent(context, "/" + relative);
        plan.Call(SystemCall.Mknodat, "make", path, parent, plan.Text(name), 0x81a4, 0);
        plan.Ignore(Errno.EEXIST);
        if (owned) plan.Call(SystemCall.Close, "close", "", parent);
        Open(context, relative, path, Libc.O_PATH);
        plan.Result(file);
        plan.SkipFrom(direct);
        return file;
    }

    /// <summary>The folder a path is in, made where it is missing, and the path's last name. The descriptor is the caller's to close where it is not the root's.</summary>
    public static (Slot Folder, string Name, bool Owned) Parent(LaunchContext context, string path)
    {
        string relative = Relative(path);
        int slash = relative.LastIndexOf('/');
        return slash < 0
            ? (context.Root, relative, false)
            : (Folder(context, "/" + relative[..slash]), relative[(slash + 1)..], true);
    }

    /// <summary>openat2 below the root.</summary>
    /// <returns>The step's index.</returns>
    public static int Open(LaunchContext context, string relative, string shown, int flags) => Open(context, context.Root, relative, shown, flags);

    /// <summary>
    /// As <see cref="Open(LaunchContext, string, string, int)"/>; a path below /proc starts at the proc that the plan itself mounted, whatever lies in
    /// the image's way to it.
    /// </summary>
    public static int OpenProtected(LaunchContext context, string path, int flags)
    {
        string relative = Relative(path);
        return context.Proc is { } proc && relative.StartsWith("proc/", StringComparison.Ordinal)
            ? Open(context, proc, relative[5..], path, flags)
            : Open(context, context.Root, relative, path, flags);
    }

    private static int Open(LaunchContext context, Slot start, string relative, string shown, int flags)
    {
        LaunchPlan plan = context.Plan;
        OpenHow how = new((ulong)(uint)(flags | Libc.O_CLOEXEC), 0, Resolve);
        int step = plan.Call(
            SystemCall.Openat2, "open", shown, start, plan.Text(relative.Length == 0 ? "." : relative), plan.Structure(how, FlagsOf(flags)), 24);
        plan.RetryAgain();
        return step;
    }

    /// <summary>The path as it is looked up from the root: no leading or trailing slash.</summary>
    public static string Relative(string path) => path.Trim('/');

    private static string FlagsOf(int flags) => (flags & (Libc.O_DIRECTORY | Libc.O_PATH)) switch
    {
        var folder when (folder & Libc.O_DIRECTORY) != 0 => "O_PATH|O_DIRECTORY, RESOLVE_IN_ROOT",
        Libc.O_PATH => "O_PATH, RESOLVE_IN_ROOT",
        _ => "O_RDWR, RESOLVE_IN_ROOT",
    };
}
