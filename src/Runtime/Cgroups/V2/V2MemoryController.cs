using System.Globalization;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>memory, v2 (kernel Documentation/admin-guide/cgroup-v2.rst).</summary>
internal sealed class V2MemoryController : CgroupController
{
    private const string Max = "memory.max";
    private const string Swap = "memory.swap.max";
    private const string Low = "memory.low";
    private const string Current = "memory.current";

    /// <inheritdoc/>
    public override string Name => "memory";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Memory is not null;

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Memory is not { } memory) return;
        // memory.Kernel and memory.KernelTCP have no counterpart: v2 counts both in memory.max, and runc ignores them too.
        if (memory.DisableOOMKiller == true) throw LimitCheck.NotSupported(folder, "cgroup v2 cannot switch the out-of-memory killer off (memory.disableOOMKiller).");
        long? limit = memory.Limit == 0 ? null : memory.Limit;
        long? swap = SwapAlone(folder, memory.Swap == 0 ? null : memory.Swap, limit);
        if (limit is { } bytes and > 0) CheckUsage(folder, bytes);
        // Swap first: a container whose memory shrinks may need the new room in swap.
        if (swap is { } swapBytes) WriteSwap(folder, swapBytes);
        if (limit is { } most) WriteLimit(folder, Max, most);
        if (memory.Reservation is { } reservation and not 0) WriteLimit(folder, Low, reservation);
    }

    /// <inheritdoc/>
    public override void Read(CgroupFolder folder, LimitReading reading)
    {
        reading.Memory = LimitReading.Limit(folder.ReadNumber(Max));
        // The default of memory.low is 0: nothing is left to the container under pressure.
        reading.MemoryReservation = folder.ReadNumber(Low) is { } low and not 0 ? LimitReading.Limit(low) : null;
        reading.MemorySwap = reading.Memory is { } memory && LimitReading.Limit(folder.ReadNumber(Swap)) is { } swap ? memory + swap : null;
    }

    /// <summary>The specification's sum of memory and swap as swap alone.</summary>
    private static long? SwapAlone(CgroupFolder folder, long? total, long? limit)
    {
        // As on v1: memory without any limit includes its swap.
        if (total is null) return limit == -1 ? -1 : null;
        if (total == -1) return -1;
        long? memory = limit ?? LimitReading.Limit(folder.ReadNumber(Max));
        if (memory is null or -1)
            throw LimitCheck.Invalid(folder, Swap, total, "memory itself is not limited; limit it as well");
        if (total < memory)
            throw LimitCheck.Invalid(folder, Swap, total, $"memory and swap together cannot be less than the memory limit {memory}");
        return total - memory;
    }

    /// <summary>
    /// v2 takes any limit and kills until it holds; v1 first reclaims and refuses what it cannot reach. The second is what a user
    /// at a prompt needs: reclaim what can be reclaimed (memory.reclaim, Linux 5.19), then compare.
    /// </summary>
    private static void CheckUsage(CgroupFolder folder, long limit)
    {
        if (folder.ReadNumber(Current) is not { } usage || usage <= limit) return;
        int errno = folder.TryWrite("memory.reclaim", usage - limit);
        if (errno != 0 && errno != Errno.EAGAIN && errno != Errno.ENOENT) throw KernelError.From("write", errno, folder.PathOf("memory.reclaim"));
        if (folder.ReadNumber(Current) is { } still && still > limit) throw LimitCheck.BelowUsage(folder, Max, "memory", limit, still);
    }

    private static void WriteSwap(CgroupFolder folder, long swap)
    {
        string value = swap < 0 ? "max" : swap.ToString(CultureInfo.InvariantCulture);
        int errno = folder.TryWrite(Swap, value);
        // A kernel without swap has no such file: no swap, or no limit on it, is already so.
        if (errno == 0 || (errno == Errno.ENOENT && swap <= 0)) return;
        if (errno == Errno.ENOENT)
            throw LimitCheck.NotSupported(folder, "This kernel does not account for swap, so it cannot be limited.");
        throw folder.Refused(Swap, value, errno);
    }

    private static void WriteLimit(CgroupFolder folder, string file, long limit)
    {
        if (limit < -1) throw LimitCheck.Invalid(folder, file, limit, "it must be a number of bytes, or -1 for no limit");
        if (limit == -1) folder.Write(file, "max");
        else folder.Write(file, limit);
    }
}
