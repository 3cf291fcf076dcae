using System.Diagnostics;
using System.Globalization;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Cgroups;

/// <summary>Limits are what the kernel enforces, not what has been written.</summary>
[Collection("cgroups")]
public sealed class LimitTests
{
    [Fact]
    public void The_limits_that_are_set_are_the_limits_that_are_read()
    {
        using LiveCgroup live = LiveCgroup.Create("memory", "cpu", "cpuset", "pids");
        Assert.Equal(1024, live.Cgroup.ReadLimit().CpuShares);
        Assert.Null(live.Cgroup.ReadLimit().Memory);
        live.Cgroup.Apply(new OciResources
        {
            Memory = new OciMemory { Limit = 64 << 20, Swap = 128 << 20, Reservation = 32 << 20 },
            Cpu = new OciCpu { Shares = 512, Quota = 150_000, Period = 100_000, Cpus = "0", Mems = "0" },
            Pids = new OciPids { Limit = 33 },
        });
        var expected = new ContainerLimit
        {
            Memory = 64 << 20,
            MemorySwap = 128 << 20,
            MemoryReservation = 32 << 20,
            CpuShares = 512,
            Cpus = 1.5,
            CpuPeriod = TimeSpan.FromMilliseconds(100),
            CpuSet = "0",
            Processes = 33,
        };
        Assert.Equal(expected, live.Cgroup.ReadLimit() with { CpuSetMemoryNodes = null });
    }

    [Fact]
    public void Memory_limits_go_up_and_down_in_one_step_each()
    {
        using LiveCgroup live = LiveCgroup.Create("memory");
        foreach (long megabytes in (long[])[64, 512, 32, 1024])
        {
            live.Cgroup.Apply(new OciResources { Memory = new OciMemory { Limit = megabytes << 20, Swap = megabytes << 20 } });
            Assert.Equal(megabytes << 20, live.Cgroup.ReadLimit().Memory);
        }

        live.Cgroup.Apply(new OciResources { Memory = new OciMemory { Limit = -1 } });
        Assert.Null(live.Cgroup.ReadLimit().Memory);
        Assert.Null(live.Cgroup.ReadLimit().MemorySwap);
    }

    [Fact]
    public void A_process_that_takes_more_memory_than_the_limit_is_killed_and_counted()
    {
        using LiveCgroup live = LiveCgroup.Create("memory");
        live.Cgroup.Apply(new OciResources { Memory = new OciMemory { Limit = 16 << 20, Swap = 16 << 20 } });
        Assert.Equal(0, live.Cgroup.OomKillCount);
        Process process = live.Run("exec tail /dev/zero");
        process.WaitForExit();
        Assert.Equal(137, process.ExitCode);
        Assert.Equal(1, live.Cgroup.OomKillCount);
    }

    [Fact]
    public void A_limit_below_what_is_in_use_is_refused_with_both_numbers_and_nobody_dies()
    {
        using LiveCgroup live = LiveCgroup.Create("memory");
        Process process = live.Run("x=$(head -c 30000000 /dev/zero | tr '\\0' x); echo ready; read forever");
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        Assert.InRange(live.Cgroup.MemoryUsage!.Value, 30_000_000, 300_000_000);
        ContainerException error = Assert.Throws<ContainerException>(
            () => live.Cgroup.Apply(new OciResources { Memory = new OciMemory { Limit = 8 << 20, Swap = 8 << 20 } }));
        Assert.Equal(ErrorCode.LimitBelowUsage, error.Code);
        Assert.Contains("8388608", error.Message, StringComparison.Ordinal);
        Assert.Matches("[0-9]{8} bytes are in use", error.Message);
        Assert.Null(live.Cgroup.ReadLimit().Memory);
        Assert.Equal(0, live.Cgroup.OomKillCount);
        Assert.False(process.HasExited);
    }

    [Theory]
    [InlineData(Flavour.AsMounted)]
    [InlineData(Flavour.V2Alone)]
    public void The_process_limit_refuses_forks(Flavour flavour)
    {
        using LiveCgroup live = LiveCgroup.Create(flavour, CgroupScope.Full, "pids");
        live.Cgroup.Apply(new OciResources { Pids = new OciPids { Limit = 3 } });
        Process process = live.Run("sleep 1000 >/dev/null 2>&1 & sleep 1000 >/dev/null 2>&1 & sleep 1000 >/dev/null 2>&1 & echo survived");
        process.WaitForExit();
        Assert.NotEqual(0, process.ExitCode);
        Assert.Contains("fork", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
        Assert.Equal(2, live.Cgroup.Processes().Count);
    }

    [Fact]
    public void A_processor_quota_throttles()
    {
        using LiveCgroup live = LiveCgroup.Create("cpu");
        live.Cgroup.Apply(new OciResources { Cpu = new OciCpu { Quota = 5_000, Period = 100_000 } });
        live.Run("while :; do :; done");
        string file = live.FolderOf("cpu") + "/cpu.stat";
        LiveCgroup.WaitUntil(() => Value(file, "nr_throttled") > 1, "throttled periods");
    }

    [Fact]
    public void A_processor_list_that_the_machine_does_not_have_is_invalid()
    {
        using LiveCgroup live = LiveCgroup.Create("cpuset");
        foreach (string list in (string[])["4095", "nonsense"])
        {
            Assert.Equal(
                ErrorCode.LimitInvalid,
                Assert.ThrowsAny<ContainerException>(() => live.Cgroup.Apply(new OciResources { Cpu = new OciCpu { Cpus = list } })).Code);
        }
    }

    [Fact]
    public void A_value_that_the_kernel_refuses_is_named_with_its_file()
    {
        using LiveCgroup live = LiveCgroup.Create("cpu");
        KernelException error = Assert.Throws<KernelException>(() => live.Cgroup.Apply(new OciResources { Cpu = new OciCpu { Quota = 1 } }));
        Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        Assert.Contains("'1'", error.Message, StringComparison.Ordinal);
        Assert.StartsWith(live.FolderOf("cpu"), error.Target, StringComparison.Ordinal);
    }

    [Fact]
    public void Block_io_weight_and_throttles_are_taken()
    {
        using LiveCgroup live = LiveCgroup.Create("blkio");
        string? disk = Directory.EnumerateDirectories("/sys/block")
            .Select(folder => File.ReadAllText(folder + "/dev").Trim())
            .FirstOrDefault(number => !number.StartsWith("7:", StringComparison.Ordinal) && !number.StartsWith("1:", StringComparison.Ordinal));
        Assert.SkipWhen(disk is null, "this machine has no disk");
        long[] numbers = [.. disk.Split(':').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        live.Cgroup.Apply(new OciResources { BlockIO = new OciBlockIO { ThrottleReadBpsDevice = [new(numbers[0], numbers[1], 1 << 20)] } });
        string text = string.Concat(Directory.EnumerateFiles(live.FolderOf("blkio"))
            .Where(file => file.EndsWith("io.max", StringComparison.Ordinal) || file.EndsWith("read_bps_device", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        Assert.Contains(disk, text, StringComparison.Ordinal);
        Assert.Contains("1048576", text, StringComparison.Ordinal);
        try
        {
            live.Cgroup.Apply(new OciResources { BlockIO = new OciBlockIO { Weight = 300 } });
            Assert.Equal(300, live.Cgroup.ReadLimit().BlockIOWeight);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.NotSupported)
        {
            Assert.Contains("scheduler", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_huge_page_limit_hands_the_controller_down_where_it_is_needed()
    {
        using LiveCgroup live = LiveCgroup.Create("hugetlb");
        live.Cgroup.Apply(new OciResources { HugepageLimits = [new("2MB", 8 << 20)] });
        string file = Directory.EnumerateFiles(live.FolderOf("hugetlb"), "hugetlb.2MB.*")
            .Single(path => Path.GetFileName(path) is "hugetlb.2MB.max" or "hugetlb.2MB.limit_in_bytes");
        Assert.Equal("8388608", File.ReadAllText(file).Trim());
        ContainerException error = Assert.Throws<ContainerException>(() => live.Cgroup.Apply(new OciResources { HugepageLimits = [new("3MB", 1)] }));
        Assert.Contains("2MB", error.Message, StringComparison.Ordinal);
    }

    private static long Value(string file, string key)
        => long.Parse(File.ReadLines(file).Single(line => line.StartsWith(key + " ", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);
}
