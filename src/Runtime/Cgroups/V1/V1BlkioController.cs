using System.Globalization;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>
/// blkio, v1 (kernel Documentation/admin-guide/cgroup-v1/blkio-controller.rst). Weights belong to an I/O scheduler, and the file's name says to
/// which: BFQ, or on old kernels CFQ; without either there are none.
/// </summary>
internal sealed class V1BlkioController : CgroupController
{
    /// <summary>BFQ_DEFAULT_GRP_WEIGHT.</summary>
    private const long BfqDefault = 100;
    private const string BfqWeight = "blkio.bfq.weight";
    private const string CfqWeight = "blkio.weight";

    /// <inheritdoc/>
    public override string Name => "blkio";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.BlockIO is not null;

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.BlockIO is not { } io) return;
        ApplyWeights(folder, io);
        if (io.LeafWeight is { } leaf and not 0) folder.Write("blkio.leaf_weight", leaf);
        Throttle(folder, "blkio.throttle.read_bps_device", io.ThrottleReadBpsDevice);
        Throttle(folder, "blkio.throttle.write_bps_device", io.ThrottleWriteBpsDevice);
        Throttle(folder, "blkio.throttle.read_iops_device", io.ThrottleReadIOPSDevice);
        Throttle(folder, "blkio.throttle.write_iops_device", io.ThrottleWriteIOPSDevice);
    }

    /// <inheritdoc/>
    public override void Read(CgroupFolder folder, LimitReading reading)
    {
        if (folder.ReadNumber(BfqWeight) is { } bfq) reading.BlockIOWeight = bfq == BfqDefault ? null : (int)bfq;
        else if (folder.ReadNumber(CfqWeight) is { } cfq) reading.BlockIOWeight = (int)cfq;
    }

    private static void ApplyWeights(CgroupFolder folder, OciBlockIO io)
    {
        bool wantsWeight = io.Weight is not null and not 0;
        if (!wantsWeight && io.WeightDevice is not { Count: > 0 }) return;
        string file = folder.Has(BfqWeight) ? BfqWeight : CfqWeight;
        if (file == CfqWeight && !folder.Has(CfqWeight))
            throw LimitCheck.NotSupported(folder, "This kernel has no weights for block I/O: it has neither the BFQ nor the CFQ scheduler.");
        if (wantsWeight)
        {
            LimitCheck.Range(folder, file, io.Weight!.Value, LimitConversion.LeastBlockWeight, LimitConversion.MostBlockWeight);
            folder.Write(file, io.Weight.Value);
        }

        foreach (OciWeightDevice device in io.WeightDevice ?? [])
        {
            if (device.Weight is { } weight)
                folder.Write(file + "_device", string.Create(CultureInfo.InvariantCulture, $"{device.Major}:{device.Minor} {weight}"));
            if (device.LeafWeight is { } leaf)
                folder.Write("blkio.leaf_weight_device", string.Create(CultureInfo.InvariantCulture, $"{device.Major}:{device.Minor} {leaf}"));
        }
    }

    private static void Throttle(CgroupFolder folder, string file, IReadOnlyList<OciThrottleDevice>? devices)
    {
        foreach (OciThrottleDevice device in devices ?? [])
            folder.Write(file, string.Create(CultureInfo.InvariantCulture, $"{device.Major}:{device.Minor} {device.Rate}"));
    }
}
