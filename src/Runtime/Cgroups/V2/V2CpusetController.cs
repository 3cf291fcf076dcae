namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>cpuset, v2.</summary>
internal sealed class V2CpusetController() : CpusetController(".effective")
{
    /// <inheritdoc/>
    public override void Read(CgroupFolder folder, LimitReading reading)
    {
        reading.CpuSet = folder.Read("cpuset.cpus") is { Length: > 0 } cpus ? cpus : null;
        reading.CpuSetMemoryNodes = folder.Read("cpuset.mems") is { Length: > 0 } nodes ? nodes : null;
    }
}
