using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>pids: the same file in v1 and v2 (kernel Documentation/admin-guide/cgroup-v1/pids.rst).</summary>
internal sealed class PidsController : CgroupController
{
    private const string Most = "pids.max";

    /// <inheritdoc/>
    public override string Name => "pids";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Pids?.Limit is not null;

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Pids?.Limit is not { } limit) return;
        if (limit <= 0) folder.Write(Most, "max");
        else folder.Write(Most, limit);
    }

    /// <inheritdoc/>
    public override void Read(CgroupFolder folder, LimitReading reading) => reading.Processes = LimitReading.Limit(folder.ReadNumber(Most));
}
