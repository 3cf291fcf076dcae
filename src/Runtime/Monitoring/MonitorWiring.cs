using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Launch;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>Puts the monitor together with the rest of the runtime.</summary>
internal static class MonitorWiring
{
    /// <summary>The runtime's own launch, cgroups and removal.</summary>
    public static MonitorServices Services { get; } = new()
    {
        Launch = Launcher.Start,
        CreateCgroup = RunCgroup.Create,
        RemoveContainer = AutoRemoval.Remove,
    };
}
