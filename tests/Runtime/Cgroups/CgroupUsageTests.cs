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

    [Fact]
    public void On_v1_block_devices_huge_pages_and_parts_of_memory_are_read()
    {
        using FakeKernel kernel = FakeKernel.V1("memory", "blkio", "hugetlb");
        CgroupUsage usage = Read(
            kernel, ("blkio/c/blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\nTotal 12288\n"),
            ("blkio/c/blkio.throttle.io_serviced_recursive", "8:0 Read 1\n8:0 Write 2\nTotal 3\n"), ("memory/c/memory.stat", "cache 7\nrss 3\n"),
            ("memory/c/memory.kmem.usage_in_bytes", "10\n"), ("memory/c/memory.kmem.max_usage_in_bytes", "20\n"), ("memory/c/memory.kmem.limit_in_bytes", "30\n"),
            ("memory/c/memory.kmem.failcnt", "4\n"), ("memory/c/memory.kmem.tcp.usage_in_bytes", "5\n"), ("hugetlb/c/hugetlb.2MB.usage_in_bytes", "2097152\n"),
            ("hugetlb/c/hugetlb.2MB.max_usage_in_bytes", "4194304\n"), ("hugetlb/c/hugetlb.2MB.failcnt", "6\n"), ("hugetlb/c/hugetlb.2MB.rsvd.usage_in_bytes", "9\n"));
        Assert.Equal(
            [new BlockIOCount(8, 0, "Read", 4096), new BlockIOCount(8, 0, "Write", 8192), new BlockIOCount(8, 0, "Total", 12288)], usage.BlockIO.Bytes);
        Assert.Equal([new BlockIOCount(8, 0, "Read", 1), new BlockIOCount(8, 0, "Write", 2)], usage.BlockIO.Operations);
        Assert.Equal(7, usage.MemoryCache);
        Assert.Equal(new MemoryPartUsage(10, 20, 30, 4), usage.KernelMemory);
        Assert.Equal(new MemoryPartUsage(5, null, null, null), usage.TcpMemory);
        Assert.Equal([new HugetlbUsage("2MB", 2_097_152, 4_194_304, 6)], usage.HugePages);
    }

    [Fact]
    public void On_v1_bfq_counts_where_it_runs()
    {
        using FakeKernel kernel = FakeKernel.V1("blkio");
        CgroupUsage usage = Read(
            kernel, ("blkio/c/blkio.throttle.io_service_bytes_recursive", "8:0 Read 1\n"), ("blkio/c/blkio.bfq.io_service_bytes_recursive", "8:0 Async 2\nTotal 2\n"),
            ("blkio/c/blkio.bfq.io_serviced_recursive", "8:0 Async 3\n"));
        Assert.Equal([new BlockIOCount(8, 0, "Async", 2)], usage.BlockIO.Bytes);
        Assert.Equal([new BlockIOCount(8, 0, "Async", 3)], usage.BlockIO.Operations);
    }

    [Fact]
    public void On_v2_block_devices_and_huge_pages_are_read()
    {
        using FakeKernel kernel = FakeKernel.V2();
        CgroupUsage usage = Read(
            kernel, ("c/io.stat", "8:16 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=5 dios=2\n253:0\n"), ("c/memory.stat", "anon 8\nfile 9\n"),
            ("c/hugetlb.1GB.current", "0\n"), ("c/hugetlb.1GB.events", "max 3\n"));
        Assert.Equal([new BlockIOCount(8, 16, "Read", 4096), new BlockIOCount(8, 16, "Write", 0), new BlockIOCount(8, 16, "Discard", 5)], usage.BlockIO.Bytes);
        Assert.Equal([new BlockIOCount(8, 16, "Read", 1), new BlockIOCount(8, 16, "Write", 0), new BlockIOCount(8, 16, "Discard", 2)], usage.BlockIO.Operations);
        Assert.Equal(9, usage.MemoryCache);
        Assert.Equal([new HugetlbUsage("1GB", 0, null, 3)], usage.HugePages);
        Assert.Null(usage.KernelMemory);
    }
}
