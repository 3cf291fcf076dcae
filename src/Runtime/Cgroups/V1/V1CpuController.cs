using System.Globalization;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>cpu, v1 (kernel Documentation/scheduler/sched-bwc.rst, sched-rt-group.rst).</summary>
internal sealed class V1CpuController : CgroupController
{
    private const string Quota = "cpu.cfs_quota_us";
    private const string Period = "cpu.cfs_period_us";
    private const string Burst = "cpu.cfs_burst_us";
    private const string Shares = "cpu.shares";

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
        if (cpu.Idle is { } idle) folder.Write("cpu.idle", idle);
        // The kernel fixes the shares of an idle group and answers EINVAL.
        if (cpu.Shares is { } shares and not 0 && cpu.Idle is null or 0)
        {
            LimitCheck.Range(folder, Shares, (long)Math.Min(shares, long.MaxValue), LimitConversion.LeastShares, LimitConversion.MostShares);
            folder.Write(Shares, (long)shares);
        }

        ApplyBandwidth(folder, cpu);
        ApplyRealtime(folder, cpu);
    }

    /// <inheritdoc/>
    public override void Read(CgroupFolder folder, LimitReading reading)
    {
        reading.CpuShares = folder.ReadNumber(Shares);
        reading.CpuQuota = LimitReading.Limit(folder.ReadNumber(Quota));
        reading.CpuPeriod = folder.ReadNumber(Period);
    }

    /// <summary>
    /// The kernel checks quota, period and burst against each other and the parent at each write, so a valid new set can be
    /// refused half-way: what is refused first is tried again after the quota.
    /// </summary>
    private static void ApplyBandwidth(CgroupFolder folder, OciCpu cpu)
    {
        long? quota = cpu.Quota == 0 ? null : cpu.Quota;
        string? period = cpu.Period is null or 0 ? null : cpu.Period.Value.ToString(CultureInfo.InvariantCulture);
        string? burst = cpu.Burst?.ToString(CultureInfo.InvariantCulture);
        if (period is not null && WriteOrPostpone(folder, Period, period, quota is not null)) period = null;
        if (burst is not null && WriteOrPostpone(folder, Burst, burst, quota is not null)) burst = null;
        if (quota is { } time) folder.Write(Quota, time);
        if (period is not null) folder.Write(Period, period);
        if (burst is not null) folder.Write(Burst, burst);
    }

    private static bool WriteOrPostpone(CgroupFolder folder, string file, string value, bool mayPostpone)
    {
        int errno = folder.TryWrite(file, value);
        if (errno == 0) return true;
        if (errno == Errno.EINVAL && mayPostpone) return false;
        throw folder.Refused(file, value, errno);
    }

    private static void ApplyRealtime(CgroupFolder folder, OciCpu cpu)
    {
        string? period = cpu.RealtimePeriod is null or 0 ? null : cpu.RealtimePeriod.Value.ToString(CultureInfo.InvariantCulture);
        bool hasRuntime = cpu.RealtimeRuntime is not null and not 0;
        if (period is not null && WriteOrPostpone(folder, "cpu.rt_period_us", period, hasRuntime)) period = null;
        if (hasRuntime) folder.Write("cpu.rt_runtime_us", cpu.RealtimeRuntime!.Value);
        if (period is not null) folder.Write("cpu.rt_period_us", period);
    }
}
