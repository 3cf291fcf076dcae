using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>Puts the monitor together with the rest of the runtime.</summary>
internal static class MonitorWiring
{
    /// <summary>The runtime's own launch, cgroups and removal.</summary>
    public static MonitorServices Services { get; } = new()
    {
        Launch = Launcher.Start,
        OpenCgroup = static path => CgroupHost.Current.Open(path),
        RemoveContainer = AutoRemoval.Remove,
    };
}
