using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

public sealed class CpuLimitTests
{
    private static ICgroup Open(FakeKernel kernel)
    {
        ICgroup cgroup = kernel.Detect().Open("/one");
        cgroup.Create();
        kernel.Writes.Clear();
        return cgroup;
    }

    private static void Set(ICgroup cgroup, OciCpu cpu) => cgroup.Apply(new OciResources { Cpu = cpu });

    [Fact]
    public void Shares_are_written_as_they_are_on_v1_and_as_a_weight_on_v2()
    {
        using FakeKernel v1 = FakeKernel.V1("cpu");
        ICgroup cgroup = Open(v1);
        Set(cgroup, new OciCpu { Shares = 512 });
        Assert.Equal(["cpu.shares=512"], v1.Taken());
        Assert.Equal(512, cgroup.ReadLimit().CpuShares);

        using FakeKernel v2 = FakeKernel.V2();
        cgroup = Open(v2);
        Assert.Equal(1024, cgroup.ReadLimit().CpuShares);
        Set(cgroup, new OciCpu { Shares = 512 });
        Assert.Equal(["cpu.weight=59"], v2.Taken());
        Assert.Equal(512, cgroup.ReadLimit().CpuShares);
    }

    [Theory]
    [InlineData(true, 1UL)]
    [InlineData(false, 1UL)]
    [InlineData(true, 262145UL)]
    [InlineData(false, ulong.MaxValue)]
    public void Shares_outside_the_range_are_invalid(bool v2, ulong shares)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("cpu");
        ICgroup cgroup = Open(kernel);
        Assert.Equal(ErrorCode.LimitInvalid, Assert.Throws<ContainerException>(() => Set(cgroup, new OciCpu { Shares = shares })).Code);
        Set(cgroup, new OciCpu { Shares = 0 });
        Assert.Empty(kernel.Taken());
    }

    [Fact]
    public void Quota_and_period_on_v1()
    {
        using FakeKernel kernel = FakeKernel.V1("cpu");
        ICgroup cgroup = Open(kernel);
        Assert.Null(cgroup.ReadLimit().Cpus);
        Set(cgroup, new OciCpu { Quota = 150_000, Period = 100_000 });
        Assert.Equal(1.5, cgroup.ReadLimit().Cpus);
        Assert.Equal(TimeSpan.FromMilliseconds(100), cgroup.ReadLimit().CpuPeriod);
        Set(cgroup, new OciCpu { Quota = -1 });
        Assert.Null(cgroup.ReadLimit().Cpus);
    }

    [Fact]
    public void On_v1_a_burst_that_the_old_quota_refuses_is_set_after_the_new_one()
    {
        using FakeKernel kernel = FakeKernel.V1("cpu");
        ICgroup cgroup = Open(kernel);
        Set(cgroup, new OciCpu { Quota = 10_000, Period = 100_000 });
        Set(cgroup, new OciCpu { Quota = 90_000, Burst = 50_000 });
        Assert.Equal("50000", kernel["cpu/one/cpu.cfs_burst_us"]);
        ContainerException error = Assert.ThrowsAny<ContainerException>(() => Set(cgroup, new OciCpu { Burst = 95_000 }));
        Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        Assert.Contains("95000", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("cpu.cfs_burst_us", error.Target, StringComparison.Ordinal);
    }

    [Fact]
    public void On_v2_quota_and_period_change_alone_or_together()
    {
        using FakeKernel kernel = FakeKernel.V2();
        ICgroup cgroup = Open(kernel);
        Set(cgroup, new OciCpu { Quota = 50_000 });
        Assert.Equal("50000 100000", kernel["one/cpu.max"]);
        Set(cgroup, new OciCpu { Period = 20_000 });
        Assert.Equal("50000 20000", kernel["one/cpu.max"]);
        Set(cgroup, new OciCpu { Quota = 30_000, Period = 10_000, Burst = 30_000 });
        Assert.Equal("30000 10000", kernel["one/cpu.max"]);
        Assert.Equal("30000", kernel["one/cpu.max.burst"]);
        Assert.Equal(3, cgroup.ReadLimit().Cpus);
        Set(cgroup, new OciCpu { Quota = -1 });
        Assert.Equal("max 10000", kernel["one/cpu.max"]);
        Assert.Null(cgroup.ReadLimit().Cpus);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_idle_group_gets_no_shares(bool v2)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("cpu");
        ICgroup cgroup = Open(kernel);
        Set(cgroup, new OciCpu { Idle = 1, Shares = 100 });
        Assert.Equal(["cpu.idle=1"], kernel.Taken());
    }

    [Fact]
    public void A_real_time_budget_is_for_v1_only()
    {
        using FakeKernel v1 = FakeKernel.V1("cpu");
        Set(Open(v1), new OciCpu { RealtimePeriod = 1000, RealtimeRuntime = 500 });
        Assert.Equal(["cpu.rt_period_us=1000", "cpu.rt_runtime_us=500"], v1.Taken());
        using FakeKernel v2 = FakeKernel.V2();
        ICgroup cgroup = Open(v2);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<ContainerException>(() => Set(cgroup, new OciCpu { RealtimeRuntime = 500 })).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Processors_are_checked_against_those_of_the_parent(bool v2)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("cpuset");
        ICgroup cgroup = Open(kernel);
        Assert.Null(cgroup.ReadLimit().CpuSet);
        Set(cgroup, new OciCpu { Cpus = "0,2-3", Mems = "0" });
        Assert.Equal("0,2-3", cgroup.ReadLimit().CpuSet);
        foreach (string list in (string[])["4", "0-7", "x", "3-1", "-1", ","])
        {
            ContainerException error = Assert.Throws<ContainerException>(() => Set(cgroup, new OciCpu { Cpus = list }));
            Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        }

        Assert.Contains("0-3", Assert.Throws<ContainerException>(() => Set(cgroup, new OciCpu { Cpus = "9" })).Message, StringComparison.Ordinal);
        Assert.Throws<ContainerException>(() => Set(cgroup, new OciCpu { Mems = "1" }));
    }
}
