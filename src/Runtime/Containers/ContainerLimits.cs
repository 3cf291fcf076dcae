using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers;

/// <summary>A container's limits: checked as Docker checks them, merged, and turned into the words of the OCI specification.</summary>
internal static class ContainerLimits
{
    private const long MinimumMemory = 6L << 20;
    private const ulong DefaultPeriod = 100_000;
    private const long MinimumQuota = 1000;

    /// <summary>Checks limits as they would be in force together.</summary>
    /// <param name="limit">The limits.</param>
    /// <param name="processors">The processors of this machine, as the kernel lists them (<c>0-3</c>).</param>
    /// <param name="memoryNodes">Its memory nodes.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.LimitInvalid"/>.</exception>
    public static void Check(ContainerLimit limit, CpuList processors, CpuList memoryNodes)
    {
        CheckMemory(limit);
        if (limit.Cpus is { } cpus && (!double.IsFinite(cpus) || cpus < 0 || cpus > processors.Count || cpus is > 0 and < 0.01))
        {
            throw Invalid(FormattableString.Invariant($"{cpus} processors cannot be had: the range is 0.01 to {processors.Count}, or 0 for no limit."));
        }

        if (limit.CpuPeriod is { } period && (period < TimeSpan.FromMilliseconds(1) || period > TimeSpan.FromSeconds(1)))
        {
            throw Invalid("The processor period must be between 1 ms and 1 s.");
        }

        if (limit.CpuShares is { } shares && shares is not 0 and (< 2 or > 262_144))
        {
            throw Invalid($"{shares} is not a processor weight: the range is 2 to 262144.");
        }

        CheckList(limit.CpuSet, processors, "processors");
        CheckList(limit.CpuSetMemoryNodes, memoryNodes, "memory nodes");
        if (limit.Processes is < -1) throw Invalid("The number of processes cannot be negative; -1 is unlimited.");
        if (limit.BlockIOWeight is { } weight && weight is not 0 and (< 10 or > 1000))
        {
            throw Invalid($"{weight} is not a weight of block input and output: the range is 10 to 1000.");
        }
    }

    /// <summary>The limits after a change: what the change leaves null stays.</summary>
    public static ContainerLimit Merge(ContainerLimit current, ContainerLimit change) => new()
    {
        Memory = change.Memory ?? current.Memory,
        MemoryReservation = change.MemoryReservation ?? current.MemoryReservation,
        MemorySwap = change.MemorySwap ?? current.MemorySwap,
        Cpus = change.Cpus ?? current.Cpus,
        CpuPeriod = change.CpuPeriod ?? current.CpuPeriod,
        CpuShares = change.CpuShares ?? current.CpuShares,
        CpuSet = change.CpuSet ?? current.CpuSet,
        CpuSetMemoryNodes = change.CpuSetMemoryNodes ?? current.CpuSetMemoryNodes,
        Processes = change.Processes ?? current.Processes,
        BlockIOWeight = change.BlockIOWeight ?? current.BlockIOWeight,
    };

    /// <summary>The limits as a reader expects them: null where nothing is limited.</summary>
    public static ContainerLimit Normalize(ContainerLimit limit) => limit with
    {
        Memory = limit.Memory is > 0 ? limit.Memory : null,
        MemoryReservation = limit.MemoryReservation is > 0 ? limit.MemoryReservation : null,
        // Unlimited swap beside limited memory is a wish of its own: without it there would be a limit (see WithSwap).
        MemorySwap = limit.MemorySwap is > 0 || (limit.MemorySwap == -1 && limit.Memory is > 0) ? limit.MemorySwap : null,
        Cpus = limit.Cpus is > 0 ? limit.Cpus : null,
        CpuShares = limit.CpuShares is > 0 ? limit.CpuShares : null,
        CpuSet = string.IsNullOrEmpty(limit.CpuSet) ? null : limit.CpuSet,
        CpuSetMemoryNodes = string.IsNullOrEmpty(limit.CpuSetMemoryNodes) ? null : limit.CpuSetMemoryNodes,
        Processes = limit.Processes is > 0 ? limit.Processes : null,
        BlockIOWeight = limit.BlockIOWeight is > 0 ? limit.BlockIOWeight : null,
    };

    /// <summary>
    /// As Docker does it: where memory is limited and nothing is said of swap, there may be as much swap again, where the kernel can limit it at all.
    /// Not part of the record, so that it follows when the memory limit changes.
    /// </summary>
    /// <param name="limit">What was asked for.</param>
    /// <param name="memory">The memory limit that counts.</param>
    /// <param name="canLimitSwap">Whether the kernel accounts for swap.</param>
    public static ContainerLimit WithSwap(ContainerLimit limit, long? memory, bool canLimitSwap)
        => canLimitSwap && memory is > 0 and <= long.MaxValue / 2 && limit.MemorySwap is null or 0 ? limit with { MemorySwap = 2 * memory } : limit;

    /// <summary>The limits in the words of the OCI specification. What is null is left as it is.</summary>
    public static OciResources ToResources(ContainerLimit limit)
    {
        bool memory = limit.Memory is not null || limit.MemoryReservation is not null || limit.MemorySwap is not null;
        bool cpu = limit.Cpus is not null || limit.CpuPeriod is not null || limit.CpuShares is > 0
            || !string.IsNullOrEmpty(limit.CpuSet) || !string.IsNullOrEmpty(limit.CpuSetMemoryNodes);
        return new OciResources
        {
            Memory = memory
                ? new OciMemory { Limit = Unlimited(limit.Memory), Reservation = Unlimited(limit.MemoryReservation), Swap = Unlimited(limit.MemorySwap) }
                : null,
            Cpu = cpu ? ToCpu(limit) : null,
            Pids = limit.Processes is { } processes ? new OciPids { Limit = processes > 0 ? processes : -1 } : null,
            BlockIO = limit.BlockIOWeight is > 0 ? new OciBlockIO { Weight = (ushort)limit.BlockIOWeight.Value } : null,
        };
    }

    private static OciCpu ToCpu(ContainerLimit limit)
    {
        ulong? period = limit.CpuPeriod is { } time ? (ulong)(time.Ticks / TimeSpan.TicksPerMicrosecond) : null;
        long? quota = null;
        if (limit.Cpus is { } cpus)
        {
            period ??= DefaultPeriod;
            // The kernel takes no quota below 1 ms.
            quota = cpus > 0 ? Math.Max(MinimumQuota, (long)Math.Round(cpus * period.Value)) : -1;
        }

        return new OciCpu
        {
            Shares = limit.CpuShares is > 0 ? (ulong)limit.CpuShares.Value : null,
            Quota = quota,
            Period = period,
            Cpus = string.IsNullOrEmpty(limit.CpuSet) ? null : limit.CpuSet,
            Mems = string.IsNullOrEmpty(limit.CpuSetMemoryNodes) ? null : limit.CpuSetMemoryNodes,
        };
    }

    private static void CheckMemory(ContainerLimit limit)
    {
        if (limit.Memory is { } memory and not (-1 or 0) && memory < MinimumMemory)
        {
            throw Invalid($"{memory} bytes of memory are too few: the least is 6 MB; -1 is unlimited.");
        }

        if (limit.MemoryReservation is { } reservation and not (-1 or 0))
        {
            if (reservation < MinimumMemory) throw Invalid($"{reservation} bytes of memory reservation are too few: the least is 6 MB.");
            if (limit.Memory is > 0 && reservation > limit.Memory) throw Invalid("The memory reservation cannot be above the memory limit.");
        }

        if (limit.MemorySwap is not { } swap || swap is -1 or 0) return;
        if (swap < -1) throw Invalid("The limit of memory and swap cannot be negative; -1 is unlimited.");
        if (limit.Memory is not > 0) throw Invalid("A limit of memory and swap together needs a memory limit as well.");
        if (swap < limit.Memory) throw Invalid("The limit of memory and swap together cannot be below the memory limit.");
    }

    private static void CheckList(string? text, CpuList available, string what)
    {
        if (string.IsNullOrEmpty(text)) return;
        if (!CpuList.TryParse(text, out CpuList? wanted))
        {
            throw Invalid($"'{text}' is not a list of {what}; write it as 0-2,4.");
        }

        if (!wanted.IsSubsetOf(available))
        {
            throw Invalid($"'{text}' names {what} that this machine does not have; it has {available}.");
        }
    }

    private static long? Unlimited(long? value) => value is 0 ? -1 : value;

    private static ContainerException Invalid(string message) => new(ErrorCode.LimitInvalid, message);
}
