namespace ContainerTools.Runtime.Cgroups;

/// <summary>Collects the limits in force from the controllers, one after another. Null is "not limited".</summary>
internal sealed class LimitReading
{
    /// <summary>cgroup v1 writes "no limit" as the greatest multiple of the page size below 2^63; 64 KiB is the largest page size.</summary>
    private const long UnlimitedFrom = long.MaxValue - 0xffff;

    /// <summary>Bytes.</summary>
    public long? Memory { get; set; }
    /// <summary>Bytes.</summary>
    public long? MemoryReservation { get; set; }
    /// <summary>Bytes of memory and swap together.</summary>
    public long? MemorySwap { get; set; }
    /// <summary>Microseconds per <see cref="CpuPeriod"/>.</summary>
    public long? CpuQuota { get; set; }
    /// <summary>Microseconds.</summary>
    public long? CpuPeriod { get; set; }
    /// <summary>cgroup v1's scale.</summary>
    public long? CpuShares { get; set; }
    /// <summary>Processors.</summary>
    public string? CpuSet { get; set; }
    /// <summary>Memory nodes.</summary>
    public string? CpuSetMemoryNodes { get; set; }
    /// <summary>Processes and threads.</summary>
    public long? Processes { get; set; }
    /// <summary>10 to 1000.</summary>
    public int? BlockIOWeight { get; set; }

    /// <summary>Null for a value that means "no limit" in either version.</summary>
    public static long? Limit(long? value) => value is null or < 0 or >= UnlimitedFrom ? null : value;

    /// <summary>As the engine shows it.</summary>
    public ContainerLimit ToLimit() => new()
    {
        Memory = Memory,
        MemoryReservation = MemoryReservation,
        MemorySwap = MemorySwap,
        Cpus = CpuQuota is { } quota && CpuPeriod is { } period and > 0 ? (double)quota / period : null,
        CpuPeriod = CpuQuota is not null && CpuPeriod is { } length ? TimeSpan.FromMicroseconds(length) : null,
        CpuShares = CpuShares,
        CpuSet = CpuSet,
        CpuSetMemoryNodes = CpuSetMemoryNodes,
        Processes = Processes,
        BlockIOWeight = BlockIOWeight,
    };
}
