using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>A cgroup that this process is in: a line of /proc/self/cgroup (cgroups(7)).</summary>
/// <param name="Controllers">The controllers of its hierarchy, and <c>name=…</c> of a named one; none on v2.</param>
/// <param name="Path">Its path below the hierarchy's root.</param>
internal sealed record OwnCgroup(IReadOnlyList<string> Controllers, string Path)
{
    /// <summary>All of them, one for each hierarchy.</summary>
    public static IReadOnlyList<OwnCgroup> ReadAll()
    {
        byte[] table = Libc.ReadWholeKernelFile("/proc/self/cgroup", out int errno);
        return errno == 0 ? Parse(Encoding.UTF8.GetString(table)) : throw KernelError.From("read", errno, "/proc/self/cgroup");
    }

    /// <summary>Reads the file's text: lines of number, controllers and path.</summary>
    public static IReadOnlyList<OwnCgroup> Parse(string table)
    {
        List<OwnCgroup> all = [];
        foreach (string line in table.Split('\n'))
        {
            // A path may have colons.
            if (line.Split(':', 3) is [_, var controllers, var path]) all.Add(new OwnCgroup(controllers.Split(',', StringSplitOptions.RemoveEmptyEntries), path));
        }

        return all;
    }

    /// <summary>Whether it is of the hierarchy that has these controllers, in whatever order.</summary>
    public bool IsIn(IReadOnlyList<string> controllers) => Controllers.Count == controllers.Count && !Controllers.Except(controllers).Any();
}
