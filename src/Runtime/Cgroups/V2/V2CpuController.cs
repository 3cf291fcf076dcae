using System.Globalization;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>cpu, v2 (kernel Documentation/admin-guide/cgroup-v2.rst).</summary>
internal sealed class V2CpuController : CgroupController
{
    private const string Max = "cpu.max";
    private const string Burst = "cpu.max.burst";
    private const string Weight = "cpu.weight";

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Cpu is
    {
        Shares: not null,
    }
    or { Quota: not null } or { Period: not null } or { Burst: not null } or { Idle: not null } or { RealtimePeriod: not null } or { RealtimeRuntime: not null };

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Cpu is not { } cpu) return;
        if (cpu.RealtimeRuntime is not null and not 0 || cpu.RealtimePeriod is not null and not 0)
            throw LimitCheck.NotSupported(folder, "cgroup v2 has no real-time budget (cpu.realtimeRuntime, cpu.realtimePeriod).");
        if (cpu.Idle is { } idle) folder.Write("cpu.idle", idle);
        // The kernel fixes the weight of an idle group and answers EINVAL.
        if (cpu.Shares is { } shares and not 0 && cpu.Idle is null or 0)
        {
            LimitCheck.Range(folder, Weight, (long)Math.Min(shares, long.MaxValue), LimitConversion.LeastShares, LimitConversion.MostShares);
            folder.Write(Weight, LimitConversion.WeightFromShares((long)shares));
        }

        ApplyBandwidth(folder, cpu);
    }

    /// <inheritdoc/>
    public override void Read(CgroupFolder folder, LimitReading reading)
    {
        if (folder.ReadNumber(Weight) is { } weight) reading.CpuShares = LimitConversion.SharesFromWeight(weight);
        if (folder.Read(Max) is not { } max) return;
        string[] parts = max.Split(' ');
        if (parts.Length != 2 || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long period)) return;
        reading.CpuPeriod = period;
        reading.CpuQuota = long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long quota) ? quota : null;
    }

    private static void ApplyBandwidth(CgroupFolder folder, OciCpu cpu)
    {
        string? quota = cpu.Quota switch
        {
            null or 0 => null,
            < 0 => "max",
            { } time => time.ToString(CultureInfo.InvariantCulture),
        };
        string? period = cpu.Period is null or 0 ? null : cpu.Period.Value.ToString(CultureInfo.InvariantCulture);
        // One number alone changes the quota and keeps the period; a period alone needs the quota of now beside it.
        if (period is not null && quota is null) quota = folder.Read(Max)?.Split(' ')[0] ?? "max";
        string? max = quota is null ? null : period is null ? quota : $"{quota} {period}";
        string? burst = cpu.Burst?.ToString(CultureInfo.InvariantCulture);
        if (burst is not null)
        {
            // Burst ≤ quota holds at every moment: a burst that the quota of now refuses is tried again after the new one.
            int errno = folder.TryWrite(Burst, burst);
            if (errno == 0) burst = null;
            else if (errno != Errno.EINVAL || max is null) throw folder.Refused(Burst, burst, errno);
        }

        if (max is not null) folder.Write(Max, max);
        if (burst is not null) folder.Write(Burst, burst);
    }
}
