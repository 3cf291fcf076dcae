using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>A run whose first process is there.</summary>
/// <param name="Id">The container's id.</param>
/// <param name="Process">The first process, a child of the caller.</param>
/// <param name="Cgroup">Its cgroup; null where it has none.</param>
/// <param name="Spec">Its configuration.</param>
/// <param name="Bundle">Its bundle's folder.</param>
internal sealed record StartedRun(string Id, LaunchedProcess Process, ICgroup? Cgroup, OciSpec Spec, string Bundle) : IDisposable
{
    /// <summary>Closes the descriptors; the run goes on.</summary>
    public void Dispose() => Process.Dispose();
}
