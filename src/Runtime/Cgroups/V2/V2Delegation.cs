using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>
/// On v2 a controller works in a cgroup only if every cgroup above it hands it down in cgroup.subtree_control, and only cgroups
/// without processes of their own can do that (the root excepted).
/// </summary>
internal static class V2Delegation
{
    private const string Available = "cgroup.controllers";
    private const string Enabled = "cgroup.subtree_control";

    /// <summary>Whether a cgroup has the controller.</summary>
    public static bool Has(CgroupFolder folder, string controller) => Names(folder, Available).Contains(controller);

    /// <summary>The controllers a cgroup has.</summary>
    public static IReadOnlyList<string> Controllers(CgroupFolder folder) => Names(folder, Available);

    /// <summary>Hands controllers down to a cgroup, as far as that can be done: what cannot be had is reported by the limit that needs it.</summary>
    public static void TryEnable(CgroupFolder root, string path, IReadOnlyList<string> controllers)
    {
        string all = string.Join(' ', controllers.Select(name => "+" + name));
        foreach (CgroupFolder folder in Above(root, path))
        {
            if (IsBusy(root, folder)) return;
            if (folder.TryWrite(Enabled, all) == 0 || controllers.Count == 1) continue;
            // One refused controller refuses the whole line.
            foreach (string name in controllers) folder.TryWrite(Enabled, "+" + name);
        }
    }

    /// <summary>Hands one controller down to a cgroup, or says what stands in the way.</summary>
    public static void Enable(CgroupFolder root, string path, string controller)
    {
        foreach (CgroupFolder folder in Above(root, path))
        {
            int errno = IsBusy(root, folder) ? Errno.EBUSY : folder.TryWrite(Enabled, "+" + controller);
            if (errno != 0) throw Explain(folder, controller, errno);
        }
    }

    /// <summary>
    /// Throws where no process can enter the cgroup: below one that somebody has made threaded, a new cgroup is "domain invalid" (kernel
    /// Documentation/admin-guide/cgroup-v2.rst, Threads), and clone3 would answer EOPNOTSUPP without a word.
    /// </summary>
    public static void CheckCanBeEntered(CgroupFolder folder)
    {
        if (folder.Read("cgroup.type") is not ("domain invalid" or "threaded")) return;
        throw new ContainerException(
            ErrorCode.NotSupported, $"No container can run in {folder.Path}: it lies in a threaded subtree of cgroups; put the container below another cgroup.", folder.Path);
    }

    /// <summary>
    /// Whether a cgroup has processes and so must not hand anything down. The kernel refuses that for most controllers; for cpu, cpuset
    /// and pids it would turn the cgroup into the root of a threaded subtree instead, in which no container can run any more.
    /// </summary>
    private static bool IsBusy(CgroupFolder root, CgroupFolder folder)
    {
        if (folder.Path == root.Path) return false;
        Span<byte> first = stackalloc byte[1];
        return folder.TryRead("cgroup.procs", first) > 0;
    }

    private static KernelException Explain(CgroupFolder folder, string controller, int errno)
    {
        string reason;
        if (errno == Errno.EBUSY)
        {
            reason = $"{folder.Path} has processes of its own, and cgroup v2 hands controllers down only from cgroups without any; "
                + "put the container below another cgroup, or move those processes into a child";
        }
        else if (errno == Errno.EOPNOTSUPP)
        {
            reason = $"{folder.Path} is a {folder.Read("cgroup.type") ?? "threaded"} cgroup, and {controller} works only below cgroups of the type domain";
        }
        else if (errno == Errno.ENOENT || errno == Errno.EINVAL)
        {
            reason = $"{folder.Path} does not have it itself (it has: {folder.Read(Available)})";
        }
        else
        {
            reason = Errno.Meaning(errno);
        }

        return new KernelException(
            "write", errno, Errno.Name(errno), $"The {controller} controller cannot be used here: {reason} ({Errno.Name(errno)}).",
            folder.PathOf(Enabled), errno == Errno.EPERM || errno == Errno.EACCES ? ErrorCode.PermissionDenied : ErrorCode.NotSupported);
    }

    private static IEnumerable<CgroupFolder> Above(CgroupFolder root, string path)
    {
        yield return root;
        for (int slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1)) yield return root.Child(path[1..slash]);
    }

    private static string[] Names(CgroupFolder folder, string file)
        => folder.Read(file)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
