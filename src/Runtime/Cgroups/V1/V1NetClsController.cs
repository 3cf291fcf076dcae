using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>net_cls: the class of a cgroup's packets for tc(8) and packet filters (kernel Documentation/admin-guide/cgroup-v1/net_cls.rst).</summary>
internal sealed class V1NetClsController : CgroupController
{
    /// <inheritdoc/>
    public override string Name => "net_cls";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Network?.ClassID is not null;

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Network?.ClassID is { } id) folder.Write("net_cls.classid", id);
    }
}
