namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>cpuset, v1.</summary>
internal sealed class V1CpusetController() : CpusetController("")
{
    /// <inheritdoc/>
    /// <remarks>A container's list starts as a copy of its parent's, so only a difference is a limit.</remarks>
    public override void Read(CgroupFolder folder, LimitReading reading)
    {
        reading.CpuSet = Difference(folder, "cpuset.cpus");
        reading.CpuSetMemoryNodes = Difference(folder, "cpuset.mems");
    }

    private static string? Difference(CgroupFolder folder, string file)
        => folder.Read(file) is { Length: > 0 } own && own != folder.Read(string.Concat("../", file)) ? own : null;
}
