using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed class ContainerLimitsTests
{
    private const long MB = 1 << 20;

    public static TheoryData<string, ContainerLimit> Refused() => new()
    {
        { "memory below 6 MB", new ContainerLimit { Memory = (6 * MB) - 1 } },
        { "negative memory", new ContainerLimit { Memory = -2 } },
        { "reservation above memory", new ContainerLimit { Memory = 64 * MB, MemoryReservation = 65 * MB } },
        { "swap without memory", new ContainerLimit { MemorySwap = 64 * MB } },
        { "swap below memory", new ContainerLimit { Memory = 64 * MB, MemorySwap = 63 * MB } },
        { "negative processors", new ContainerLimit { Cpus = -0.5 } },
        { "more processors than there are", new ContainerLimit { Cpus = 4.5 } },
        { "no number", new ContainerLimit { Cpus = double.NaN } },
        { "too short a period", new ContainerLimit { CpuPeriod = TimeSpan.FromMicroseconds(999) } },
        { "shares", new ContainerLimit { CpuShares = 1 } },
        { "processor 4 of 0-3", new ContainerLimit { CpuSet = "2-4" } },
        { "backwards", new ContainerLimit { CpuSet = "3-1" } },
        { "node", new ContainerLimit { CpuSetMemoryNodes = "1" } },
        { "processes", new ContainerLimit { Processes = -2 } },
        { "block weight", new ContainerLimit { BlockIOWeight = 9 } },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void What_cannot_be_had_is_refused(string what, ContainerLimit limit)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => Check(limit));
        Assert.Equal((what, ErrorCode.LimitInvalid), (what, error.Code));
    }

    public static TheoryData<ContainerLimit> Accepted() =>
    [
        new ContainerLimit(),
        new ContainerLimit { Memory = -1, MemorySwap = -1, Processes = -1, Cpus = 0, CpuShares = 0 },
        new ContainerLimit { Memory = 6 * MB, MemorySwap = 6 * MB, MemoryReservation = 6 * MB },
        new ContainerLimit { Cpus = 4, CpuSet = "0-3", CpuSetMemoryNodes = "0" },
        new ContainerLimit { CpuSet = "" },
    ];

    [Theory]
    [MemberData(nameof(Accepted), DisableDiscoveryEnumeration = true)]
    public void What_can_be_had_is_accepted(ContainerLimit limit) => Check(limit);

    [Fact]
    public void A_change_leaves_alone_what_it_does_not_name()
        => Assert.Equal(
            new ContainerLimit { Memory = 2, Cpus = 1.5, Processes = 7 },
            ContainerLimits.Merge(new ContainerLimit { Memory = 1, Cpus = 1.5 }, new ContainerLimit { Memory = 2, Processes = 7 }));

    [Fact]
    public void Limits_become_the_specifications_words()
    {
        OciResources resources = ContainerLimits.ToResources(new ContainerLimit
        {
            Memory = 64 * MB,
            MemorySwap = -1,
            Cpus = 1.5,
            CpuShares = 512,
            CpuSet = "0-1",
            Processes = 100,
            BlockIOWeight = 300,
        });
        Assert.Equal((64 * MB, null, -1L), (resources.Memory!.Limit, resources.Memory.Reservation, resources.Memory.Swap));
        Assert.Equal((150_000L, 100_000UL, 512UL, "0-1"), (resources.Cpu!.Quota, resources.Cpu.Period, resources.Cpu.Shares, resources.Cpu.Cpus));
        Assert.Equal(100, resources.Pids!.Limit);
        Assert.Equal((ushort?)300, resources.BlockIO!.Weight);
    }

    [Theory]
    [InlineData(64L << 20, null, true, 128L << 20)]
    [InlineData(64L << 20, 0L, true, 128L << 20)]
    [InlineData(64L << 20, null, false, null)]
    [InlineData(64L << 20, 80L << 20, true, 80L << 20)]
    [InlineData(64L << 20, -1L, true, -1L)]
    [InlineData(null, null, true, null)]
    [InlineData(-1L, null, true, null)]
    [InlineData(long.MaxValue, null, true, null)]
    public void As_much_swap_as_memory_where_nothing_is_said_of_it(long? memory, long? swap, bool canLimitSwap, long? expected)
        => Assert.Equal(expected, ContainerLimits.WithSwap(new ContainerLimit { Memory = memory, MemorySwap = swap }, memory, canLimitSwap).MemorySwap);

    [Fact]
    public void Unlimited_swap_beside_limited_memory_is_remembered()
    {
        Assert.Equal(-1, ContainerLimits.Normalize(new ContainerLimit { Memory = 64 * MB, MemorySwap = -1 }).MemorySwap);
        Assert.Null(ContainerLimits.Normalize(new ContainerLimit { MemorySwap = -1 }).MemorySwap);
    }

    [Fact]
    public void No_limit_is_no_word()
    {
        OciResources resources = ContainerLimits.ToResources(new ContainerLimit());
        Assert.Equal((null, null, null, null), (resources.Memory, resources.Cpu, resources.Pids, resources.BlockIO));
    }

    [Theory]
    [InlineData(0.01, null, 1000, 100_000)]
    [InlineData(0.005, null, 1000, 100_000)]
    [InlineData(2, 50, 100_000, 50_000)]
    [InlineData(0, null, -1, 100_000)]
    public void Processors_become_quota_and_period(double cpus, int? milliseconds, long quota, int period)
    {
        OciCpu cpu = ContainerLimits.ToResources(new ContainerLimit
        {
            Cpus = cpus,
            CpuPeriod = milliseconds is { } length ? TimeSpan.FromMilliseconds(length) : null,
        }).Cpu!;
        Assert.Equal((quota, (ulong)period), (cpu.Quota, cpu.Period));
    }

    private static void Check(ContainerLimit limit)
    {
        Assert.True(CpuList.TryParse("0-3", out CpuList? processors));
        Assert.True(CpuList.TryParse("0", out CpuList? nodes));
        ContainerLimits.Check(limit, processors, nodes);
    }
}
