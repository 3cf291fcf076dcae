using System.Globalization;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>rdma: the same file in v1 and v2 (kernel Documentation/admin-guide/cgroup-v1/rdma.rst).</summary>
internal sealed class RdmaController : CgroupController
{
    /// <inheritdoc/>
    public override string Name => "rdma";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Rdma is { Count: > 0 };

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Rdma is not { } devices) return;
        foreach ((string device, OciRdma limits) in devices)
        {
            string value = device;
            if (limits.HcaHandles is { } handles) value += string.Create(CultureInfo.InvariantCulture, $" hca_handle={handles}");
            if (limits.HcaObjects is { } objects) value += string.Create(CultureInfo.InvariantCulture, $" hca_object={objects}");
            folder.Write("rdma.max", value);
        }
    }
}
