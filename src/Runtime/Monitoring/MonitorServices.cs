using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>What a monitor needs of the rest of the runtime; tests put other things in its place.</summary>
internal sealed record MonitorServices
{
    /// <summary>Starts the first process.</summary>
    public required Func<LaunchRequest, LaunchedProcess> Launch { get; init; }

    /// <summary>Makes the cgroup of a configuration, with its limits set, for the container of an id. One that others are in is an error.</summary>
    public required Func<OciSpec, string, ICgroup> CreateCgroup { get; init; }

    /// <summary>Removes an auto-remove container whose end is on record: its folder, the link of its name, its writable layer.</summary>
    public required Action<MonitorRecord, string> RemoveContainer { get; init; }
}
