using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>cpuset: the same two files in v1 and v2 (kernel Documentation/admin-guide/cgroup-v1/cpusets.rst, cgroup-v2.rst).</summary>
/// <param name="available">
/// The file, seen from the container's folder, of what the parent has to give: v1 answers EACCES for more than that, v2 accepts
/// anything and silently uses what there is, so it is compared here.
/// </param>
internal abstract class CpusetController(string available) : CgroupController
{
    private const string Cpus = "cpuset.cpus";
    private const string Nodes = "cpuset.mems";

    /// <inheritdoc/>
    public override string Name => "cpuset";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Cpu is { Cpus: { Length: > 0 } } or { Mems: { Length: > 0 } };

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Cpu?.Cpus is { Length: > 0 } cpus) Write(folder, Cpus, cpus, "processors");
        if (resources.Cpu?.Mems is { Length: > 0 } nodes) Write(folder, Nodes, nodes, "memory nodes");
    }

    private void Write(CgroupFolder folder, string file, string list, string what)
    {
        if (LimitConversion.ParseList(list) is not { Count: > 0 } wanted) throw LimitCheck.Invalid(folder, file, list, "it must be a list such as 0-2,4");
        string parentFile = string.Concat("../", file, available);
        if (folder.Read(parentFile) is { Length: > 0 } offered && LimitConversion.ParseList(offered) is { } there && !wanted.IsSubsetOf(there))
            throw LimitCheck.Invalid(folder, file, list, $"the {what} that can be used here are {offered}");
        int errno = folder.TryWrite(file, list);
        if (errno == Errno.EBUSY) throw LimitCheck.Invalid(folder, file, list, "a child cgroup uses more than that (EBUSY)");
        if (errno == Errno.EACCES) throw LimitCheck.Invalid(folder, file, list, "the parent cgroup does not have them (EACCES)");
        if (errno == Errno.ENOSPC) throw LimitCheck.Invalid(folder, file, list, "its processes would have none left (ENOSPC)");
        if (errno != 0) throw folder.Refused(file, list, errno);
    }
}
