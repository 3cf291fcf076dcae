using ContainerTools.Runtime.Cgroups;

namespace ContainerTools.Integration.Tests.Cgroups;

/// <summary>Which of a machine's hierarchies a test lets the engine see, so that one hybrid machine tests all three kinds.</summary>
public enum Flavour
{
    /// <summary>All that are mounted.</summary>
    AsMounted,

    /// <summary>The v1 hierarchies alone.</summary>
    V1Alone,

    /// <summary>The v2 hierarchy alone.</summary>
    V2Alone,
}

internal static class Flavours
{
    /// <summary>The hierarchies, or the reason why this machine has none of the kind.</summary>
    public static CgroupHost? Detect(Flavour flavour, out string reason)
    {
        reason = "";
        CgroupHost all = CgroupHost.Detect();
        switch (flavour)
        {
            case Flavour.V1Alone:
                reason = "no cgroup v1 hierarchy is mounted here";
                if (!all.HasV1) return null;
                string path = Path.GetTempFileName();
                try
                {
                    File.WriteAllLines(path, File.ReadAllLines("/proc/self/mountinfo").Where(line => !line.Contains(" - cgroup2 ", StringComparison.Ordinal)));
                    return CgroupHost.Detect(mountInfo: path);
                }
                finally
                {
                    File.Delete(path);
                }

            case Flavour.V2Alone:
                reason = "no cgroup v2 hierarchy is mounted here";
                return all.HasV2 ? CgroupHost.Detect(all.Hierarchies[0].Root.Path) : null;
            default:
                reason = "no cgroup hierarchy is mounted here";
                return all.Hierarchies.Count > 0 ? all : null;
        }
    }
}
