namespace ContainerTools;

/// <summary>
/// The resource limits of a container, as cgroups enforce them. Null means: not limited (when read), leave as it is (when
/// set); -1 takes a limit away where the property says so.
/// </summary>
public sealed record ContainerLimit
{
    /// <summary>Most memory in bytes; -1 is unlimited.</summary>
    public long? Memory { get; init; }
    /// <summary>Memory in bytes that is left to the container under pressure (soft limit); -1 is unlimited.</summary>
    public long? MemoryReservation { get; init; }
    /// <summary>Most memory and swap together in bytes; -1 is unlimited. At least <see cref="Memory"/>, and twice that where nothing is said and the kernel can limit swap.</summary>
    public long? MemorySwap { get; init; }
    /// <summary>Processors' worth of time, 1.5 for one and a half; 0 is unlimited. Stored as quota over <see cref="CpuPeriod"/>.</summary>
    public double? Cpus { get; init; }
    /// <summary>Length of the accounting period of <see cref="Cpus"/>; the kernel's default is 100 ms.</summary>
    public TimeSpan? CpuPeriod { get; init; }
    /// <summary>Weight relative to other containers, 2 to 262144; 1024 is the default (cgroup v1 scale, converted for v2).</summary>
    public long? CpuShares { get; init; }
    /// <summary>The processors it may use, <c>0-2,4</c>.</summary>
    public string? CpuSet { get; init; }
    /// <summary>The memory nodes it may use, <c>0-1</c>.</summary>
    public string? CpuSetMemoryNodes { get; init; }
    /// <summary>Most processes and threads; -1 is unlimited.</summary>
    public long? Processes { get; init; }
    /// <summary>Weight of block input and output, 10 to 1000.</summary>
    public int? BlockIOWeight { get; init; }
}
