using System.Globalization;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>net_prio: priorities by interface (kernel Documentation/admin-guide/cgroup-v1/net_prio.rst).</summary>
internal sealed class V1NetPrioController : CgroupController
{
    /// <inheritdoc/>
    public override string Name => "net_prio";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Network?.Priorities is { Count: > 0 };

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        foreach (OciInterfacePriority priority in resources.Network?.Priorities ?? [])
            folder.Write("net_prio.ifpriomap", string.Create(CultureInfo.InvariantCulture, $"{priority.Name} {priority.Priority}"));
    }
}
