using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Launch;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>What a monitor needs of the rest of the runtime; tests put other things in its place.</summary>
internal sealed record MonitorServices
{
    /// <summary>Starts the first process.</summary>
    public required Func<LaunchRequest, LaunchedProcess> Launch { get; init; }

    /// <summary>Opens the cgroup of a path below each hierarchy's root.</summary>
    public required Func<string, ICgroup> OpenCgroup { get; init; }

    /// <summary>Removes an auto-remove container whose end is on record: its folder, the link of its name, its writable layer.</summary>
    public required Action<MonitorRecord> RemoveContainer { get; init; }
}
