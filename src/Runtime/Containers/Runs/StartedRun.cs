using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>A run whose first process is there.</summary>
/// <param name="Id">The container's id.</param>
/// <param name="Process">The first process, a child of the caller.</param>
/// <param name="Cgroup">Its cgroup.</param>
internal sealed record StartedRun(string Id, LaunchedProcess Process, ICgroup Cgroup) : IDisposable
{
    /// <summary>Closes the descriptors; the run goes on.</summary>
    public void Dispose() => Process.Dispose();
}
