using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>Paths of cgroups below a hierarchy's root, and the making and removing of their folders.</summary>
internal static class CgroupPath
{
    private const int MostAttempts = 16;

    /// <summary>An absolute path without empty or <c>.</c> parts; a path that leads outside is an error.</summary>
    public static string Normalize(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        foreach (string part in parts)
        {
            if (part == ".." || part.Contains('\0', StringComparison.Ordinal) || part.Contains('\n', StringComparison.Ordinal))
            {
                throw new ContainerException(
                    ErrorCode.InvalidConfiguration, $"The cgroup path '{path}' is not valid: it must be a path below the root of the cgroup hierarchies, without '..'.", path);
            }
        }

        return "/" + string.Join('/', parts.Where(part => part != "."));
    }

    /// <summary>The parent of a path; <c>/</c> is its own.</summary>
    public static string Parent(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : "/";

    /// <summary>
    /// Makes the folder of a cgroup, and its parents where they are missing. Tries the last one first, for the parents are mostly
    /// there; begins again when another process removes a parent in between.
    /// </summary>
    /// <param name="root">The hierarchy's root.</param>
    /// <param name="path">The cgroup.</param>
    /// <param name="parentMade">Called for each parent that was made, before anything is made in it.</param>
    /// <returns>False if it was there already.</returns>
    public static bool Make(CgroupFolder root, string path, Action<CgroupFolder>? parentMade = null)
    {
        for (int attempt = 1; ; attempt++)
        {
            int errno = root.Files.MakeFolder(root.PathOf(path[1..]));
            if (errno == 0) return true;
            if (errno == Errno.EEXIST) return false;
            if (errno != Errno.ENOENT || attempt == MostAttempts) throw Failed("mkdir", root.PathOf(path[1..]), errno);
            for (int slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
            {
                CgroupFolder parent = root.Child(path[1..slash]);
                errno = root.Files.MakeFolder(parent.Path);
                if (errno == 0) parentMade?.Invoke(parent);
                else if (errno == Errno.ENOENT) break;
                else if (errno != Errno.EEXIST) throw Failed("mkdir", parent.Path, errno);
            }
        }
    }

    private static KernelException Failed(string call, string path, int errno)
    {
        if (errno == Errno.EAGAIN)
        {
            return new KernelException(
                call, errno, Errno.Name(errno),
                $"{call} {path}: EAGAIN (a parent's cgroup.max.descendants or cgroup.max.depth allows no further cgroup)", path, ErrorCode.NotSupported);
        }

        return KernelError.From(call, errno, path);
    }
}
