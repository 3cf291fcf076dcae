using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>Limits as the specification writes them: cgroup v1 words, converted where the machine has v2 (config-linux.md, Control groups).</summary>
internal sealed record OciResources
{
    /// <summary>Device access rules, applied in order.</summary>
    public IReadOnlyList<OciDeviceRule>? Devices { get; init; }
    /// <summary>Memory.</summary>
    public OciMemory? Memory { get; init; }
    /// <summary>Processor time.</summary>
    [JsonPropertyName("cpu")] public OciCpu? Cpu { get; init; }
    /// <summary>Number of processes.</summary>
    public OciPids? Pids { get; init; }
    /// <summary>Block input and output.</summary>
    public OciBlockIO? BlockIO { get; init; }
    /// <summary>Huge pages.</summary>
    public IReadOnlyList<OciHugepageLimit>? HugepageLimits { get; init; }
    /// <summary>Network class and priorities (v1).</summary>
    public OciNetwork? Network { get; init; }
    /// <summary>RDMA resources by device.</summary>
    public IReadOnlyDictionary<string, OciRdma>? Rdma { get; init; }
    /// <summary>cgroup v2 files and the values to write into them, as they are.</summary>
    public IReadOnlyDictionary<string, string>? Unified { get; init; }
    /// <summary>Fields this runtime does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>A device access rule.</summary>
internal sealed record OciDeviceRule
{
    /// <summary>Allow or deny.</summary>
    public required bool Allow { get; init; }
    /// <summary><c>a</c> (all, the default), <c>c</c> or <c>b</c>.</summary>
    public string? Type { get; init; }
    /// <summary>Major number; null for all.</summary>
    public long? Major { get; init; }
    /// <summary>Minor number; null for all.</summary>
    public long? Minor { get; init; }
    /// <summary>Of <c>r</c>, <c>w</c>, <c>m</c>; null for all.</summary>
    public string? Access { get; init; }
}

/// <summary>Memory limits in bytes; -1 is unlimited.</summary>
internal sealed record OciMemory
{
    /// <summary>Most memory.</summary>
    public long? Limit { get; init; }
    /// <summary>Soft limit.</summary>
    public long? Reservation { get; init; }
    /// <summary>Most memory and swap together.</summary>
    public long? Swap { get; init; }
    /// <summary>Kernel memory (v1, gone from newer kernels).</summary>
    public long? Kernel { get; init; }
    /// <summary>TCP buffers (v1).</summary>
    public long? KernelTCP { get; init; }
    /// <summary>0 to 100 (v1).</summary>
    public ulong? Swappiness { get; init; }
    /// <summary>Processes wait instead of being killed (v1).</summary>
    public bool? DisableOOMKiller { get; init; }
    /// <summary>Count memory of child cgroups (v1).</summary>
    public bool? UseHierarchy { get; init; }
    /// <summary>Refuse a limit below the usage.</summary>
    public bool? CheckBeforeUpdate { get; init; }
}

/// <summary>Processor limits. Times in microseconds.</summary>
internal sealed record OciCpu
{
    /// <summary>Weight, 2 to 262144.</summary>
    public ulong? Shares { get; init; }
    /// <summary>Time per period; -1 is unlimited.</summary>
    public long? Quota { get; init; }
    /// <summary>Time saved for bursts.</summary>
    public ulong? Burst { get; init; }
    /// <summary>The period.</summary>
    public ulong? Period { get; init; }
    /// <summary>Real-time budget per period (v1).</summary>
    public long? RealtimeRuntime { get; init; }
    /// <summary>Real-time period (v1).</summary>
    public ulong? RealtimePeriod { get; init; }
    /// <summary>Processor list.</summary>
    public string? Cpus { get; init; }
    /// <summary>Memory node list.</summary>
    public string? Mems { get; init; }
    /// <summary>1: SCHED_IDLE for the whole group.</summary>
    public long? Idle { get; init; }
}

/// <summary>Process limit; 0 or less is unlimited.</summary>
internal sealed record OciPids
{
    /// <summary>Most processes and threads.</summary>
    public long? Limit { get; init; }
}

/// <summary>Block input and output limits.</summary>
internal sealed record OciBlockIO
{
    /// <summary>10 to 1000.</summary>
    public ushort? Weight { get; init; }
    /// <summary>10 to 1000 (v1).</summary>
    public ushort? LeafWeight { get; init; }
    /// <summary>Weights by device.</summary>
    public IReadOnlyList<OciWeightDevice>? WeightDevice { get; init; }
    /// <summary>Bytes per second by device.</summary>
    public IReadOnlyList<OciThrottleDevice>? ThrottleReadBpsDevice { get; init; }
    /// <summary>Bytes per second by device.</summary>
    public IReadOnlyList<OciThrottleDevice>? ThrottleWriteBpsDevice { get; init; }
    /// <summary>Operations per second by device.</summary>
    public IReadOnlyList<OciThrottleDevice>? ThrottleReadIOPSDevice { get; init; }
    /// <summary>Operations per second by device.</summary>
    public IReadOnlyList<OciThrottleDevice>? ThrottleWriteIOPSDevice { get; init; }
}

/// <summary>A device's weight.</summary>
internal sealed record OciWeightDevice(long Major, long Minor, ushort? Weight, ushort? LeafWeight);

/// <summary>A device's rate.</summary>
internal sealed record OciThrottleDevice(long Major, long Minor, ulong Rate);

/// <summary>Huge pages of one size, <c>2MB</c>, in bytes.</summary>
internal sealed record OciHugepageLimit(string PageSize, ulong Limit);

/// <summary>net_cls and net_prio (v1).</summary>
internal sealed record OciNetwork
{
    /// <summary>Class identifier.</summary>
    [JsonPropertyName("classID")] public uint? ClassID { get; init; }
    /// <summary>Priorities by interface.</summary>
    public IReadOnlyList<OciInterfacePriority>? Priorities { get; init; }
}

/// <summary>An interface's priority.</summary>
internal sealed record OciInterfacePriority(string Name, uint Priority);

/// <summary>RDMA limits of one device.</summary>
internal sealed record OciRdma(uint? HcaHandles, uint? HcaObjects);
