using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>memory, v1 (kernel Documentation/admin-guide/cgroup-v1/memory.rst).</summary>
internal sealed class V1MemoryController : CgroupController
{
    private const string Limit = "memory.limit_in_bytes";
    private const string Swap = "memory.memsw.limit_in_bytes";
    private const string Usage = "memory.usage_in_bytes";
    private const string SwapUsage = "memory.memsw.usage_in_bytes";
    private const string Reservation = "memory.soft_limit_in_bytes";

    /// <inheritdoc/>
    public override string Name => "memory";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Memory is not null;

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Memory is not { } memory) return;
        ApplyLimits(folder, memory.Limit, memory.Swap);
        if (memory.Reservation is { } reservation) folder.Write(Reservation, reservation);
        // memory.kmem.limit_in_bytes (memory.Kernel) is not written: the kernel has refused or ignored it since 5.16, and runc ignores it too.
        if (memory.KernelTCP is { } tcp and not 0) WriteTcp(folder, tcp);
        if (memory.Swappiness is { } swappiness)
        {
            LimitCheck.Range(folder, "memory.swappiness", (long)Math.Min(swappiness, long.MaxValue), 0, 100);
            folder.Write("memory.swappiness", (long)swappiness);
        }

        if (memory.DisableOOMKiller is { } disable && (disable || folder.ReadKey("memory.oom_control", "oom_kill_disable"u8) == 1))
            folder.Write("memory.oom_control", disable ? 1 : 0);
    }

    /// <inheritdoc/>
    public override void Read(CgroupFolder folder, LimitReading reading)
    {
        reading.Memory = LimitReading.Limit(folder.ReadNumber(Limit));
        reading.MemorySwap = LimitReading.Limit(folder.ReadNumber(Swap));
        reading.MemoryReservation = LimitReading.Limit(folder.ReadNumber(Reservation));
    }

    /// <summary>
    /// The kernel keeps memsw ≥ limit at every moment, so whichever of the two goes up must go first, and whichever goes down goes
    /// last: raise memsw before the limit, lower the limit before memsw.
    /// </summary>
    private static void ApplyLimits(CgroupFolder folder, long? limit, long? swap)
    {
        // 0 is "not set" in the specification's documents; memory without any limit includes its swap.
        if (limit == 0) limit = null;
        if (swap == 0) swap = null;
        if (limit == -1 && swap is null && folder.Has(Swap)) swap = -1;
        if (limit is { } memory and > 0 && swap is { } total and > 0 && total < memory)
            throw LimitCheck.Invalid(folder, Swap, total, $"memory and swap together cannot be less than the memory limit {memory}");

        if (swap is { } newSwap && limit is { } newLimit)
        {
            bool raises = newSwap == -1 || (folder.ReadNumber(Swap) is { } current && newSwap >= current);
            if (raises) WriteSwap(folder, newSwap);
            WriteLimit(folder, newLimit);
            if (!raises) WriteSwap(folder, newSwap);
        }
        else if (limit is { } onlyLimit)
        {
            WriteLimit(folder, onlyLimit);
        }
        else if (swap is { } onlySwap)
        {
            WriteSwap(folder, onlySwap);
        }
    }

    private static void WriteTcp(CgroupFolder folder, long limit)
    {
        const string File = "memory.kmem.tcp.limit_in_bytes";
        int errno = folder.TryWrite(File, limit);
        // Newer kernels have no such file: then there is no limit anyway.
        if (errno == 0 || (errno == Errno.ENOENT && limit == -1)) return;
        throw folder.Refused(File, limit.ToString(System.Globalization.CultureInfo.InvariantCulture), errno);
    }

    private static void WriteLimit(CgroupFolder folder, long limit)
    {
        int errno = folder.TryWrite(Limit, limit);
        if (errno == 0) return;
        if (errno == Errno.EBUSY) throw LimitCheck.BelowUsage(folder, Limit, "memory", limit, folder.ReadNumber(Usage) ?? 0);
        if (errno == Errno.EINVAL && folder.ReadNumber(Swap) is { } swap && (limit == -1 || limit > swap))
            throw LimitCheck.Invalid(folder, Limit, limit, $"memory and swap together are limited to {swap}; raise that limit with it");
        throw folder.Refused(Limit, limit.ToString(System.Globalization.CultureInfo.InvariantCulture), errno);
    }

    private static void WriteSwap(CgroupFolder folder, long swap)
    {
        int errno = folder.TryWrite(Swap, swap);
        if (errno == 0) return;
        if (errno == Errno.EBUSY) throw LimitCheck.BelowUsage(folder, Swap, "memory and swap", swap, folder.ReadNumber(SwapUsage) ?? 0);
        if (errno == Errno.ENOENT)
        {
            // Without swap accounting (swapaccount=0) "no limit" is already so.
            if (swap == -1) return;
            throw LimitCheck.NotSupported(folder, "This kernel does not account for swap (it was started with swapaccount=0), so swap cannot be limited.");
        }

        if (errno == Errno.EINVAL && folder.ReadNumber(Limit) is { } limit && swap < limit)
        {
            string now = LimitReading.Limit(limit) is { } bytes ? $"limited to {bytes}; lower that limit with it" : "not limited; limit it as well";
            throw LimitCheck.Invalid(folder, Swap, swap, $"memory itself is {now}");
        }

        throw folder.Refused(Swap, swap.ToString(System.Globalization.CultureInfo.InvariantCulture), errno);
    }
}
