using ContainerTools.Runtime.Cgroups;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

public sealed class CgroupUsageTests
{
    private static CgroupUsage Read(FakeKernel kernel, params (string File, string Text)[] files)
    {
        foreach ((string file, string text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{kernel.Root}/{file}")!);
            File.WriteAllText($"{kernel.Root}/{file}", text);
        }

        return CgroupUsage.Read(kernel.Detect(), "/c");
    }

    [Fact]
    public void On_v2_times_are_microseconds_and_max_is_no_limit()
    {
        using FakeKernel kernel = FakeKernel.V2();
        CgroupUsage usage = Read(
            kernel, ("c/cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 3\nthrottled_usec 7\n"),
            ("c/memory.current", "1000\n"), ("c/memory.peak", "2000\n"), ("c/memory.max", "max\n"), ("c/memory.events", "low 0\nhigh 0\nmax 5\noom 0\n"),
            ("c/memory.swap.current", "6\n"), ("c/memory.swap.max", "7\n"), ("c/memory.stat", "anon 8\nfile 9\n"), ("c/pids.current", "2\n"), ("c/pids.max", "max\n"));
        Assert.Equal((30_000, 20_000, 10_000), (usage.CpuTotal, usage.CpuUser, usage.CpuKernel));
        Assert.Equal((4, 3, 7_000), (usage.Periods, usage.ThrottledPeriods, usage.ThrottledTime));
        Assert.Equal((1000, 2000, long.MaxValue, 5), (usage.Memory, usage.MemoryPeak, usage.MemoryLimit, usage.MemoryFailures));
        Assert.Equal((6, 7), (usage.Swap, usage.SwapLimit));
        Assert.Equal([KeyValuePair.Create("anon", 8L), KeyValuePair.Create("file", 9L)], usage.MemoryDetails);
        Assert.Equal((2, long.MaxValue), (usage.Processes, usage.ProcessLimit));
        Assert.Null(usage.CpuByProcessor);
    }

    [Fact]
    public void On_v1_each_controller_has_its_hierarchy_and_its_units()
    {
        using FakeKernel kernel = FakeKernel.V1("cpu", "cpuacct", "memory", "pids");
        CgroupUsage usage = Read(
            kernel, ("cpuacct/c/cpuacct.usage", "123456\n"), ("cpuacct/c/cpuacct.usage_percpu", "100 23 \n"), ("cpuacct/c/cpuacct.stat", "user 2\nsystem 1\n"),
            ("cpu/c/cpu.stat", "nr_periods 4\nnr_throttled 3\nthrottled_time 7\n"), ("memory/c/memory.usage_in_bytes", "1000\n"),
            ("memory/c/memory.limit_in_bytes", "4096\n"), ("memory/c/memory.failcnt", "5\n"), ("pids/c/pids.current", "2\n"), ("pids/c/pids.max", "10\n"));
        Assert.Equal((123_456, 20_000_000, 10_000_000), (usage.CpuTotal, usage.CpuUser, usage.CpuKernel));
        Assert.Equal([100, 23], usage.CpuByProcessor);
        Assert.Equal((4, 3, 7), (usage.Periods, usage.ThrottledPeriods, usage.ThrottledTime));
        Assert.Equal((1000, 4096, 5), (usage.Memory, usage.MemoryLimit, usage.MemoryFailures));
        Assert.Equal((2, 10), (usage.Processes, usage.ProcessLimit));
        Assert.Null(usage.Swap);
    }
}
