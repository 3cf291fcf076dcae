using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// The processors on which a process to be executed in a container starts, before it is in the container's cgroup (execCPUAffinity.initial). It inherits them from the
/// launcher, which takes them for as long as it makes the process: with CLONE_INTO_CGROUP there is no moment between.
/// </summary>
internal sealed class Affinity : IDisposable
{
    private readonly byte[] before;

    private Affinity(byte[] before) => this.before = before;

    /// <summary>Takes them; null for none.</summary>
    public static Affinity? Take(string? list)
    {
        if (string.IsNullOrEmpty(list)) return null;
        byte[] wished = ProcessLimits.AffinityMask(list);
        Affinity affinity = new(Libc.GetAffinity());
        Libc.SetAffinity(wished, list);
        return affinity;
    }

    /// <summary>Gives the launcher its own back.</summary>
    public void Dispose() => Libc.SetAffinity(before, "the launcher's processors");
}
