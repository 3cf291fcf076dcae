using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

public sealed class MemoryLimitTests
{
    private const long MiB = 1 << 20;

    private static ICgroup Open(FakeKernel kernel)
    {
        ICgroup cgroup = kernel.Detect().Open("/one");
        cgroup.Create();
        return cgroup;
    }

    private static void Set(ICgroup cgroup, long? limit, long? swap = null, long? reservation = null)
        => cgroup.Apply(new OciResources { Memory = new OciMemory { Limit = limit, Swap = swap, Reservation = reservation } });

    [Fact]
    public void On_v1_memsw_goes_first_when_it_rises_and_last_when_it_falls()
    {
        using FakeKernel kernel = FakeKernel.V1("memory");
        ICgroup cgroup = Open(kernel);
        Set(cgroup, 64 * MiB, 128 * MiB);
        Set(cgroup, 256 * MiB, 512 * MiB);
        Set(cgroup, 32 * MiB, 64 * MiB);
        Assert.Equal(
            [
                "memory.limit_in_bytes=67108864", "memory.memsw.limit_in_bytes=134217728",
                "memory.memsw.limit_in_bytes=536870912", "memory.limit_in_bytes=268435456",
                "memory.limit_in_bytes=33554432", "memory.memsw.limit_in_bytes=67108864",
            ],
            kernel.Taken());
        Assert.DoesNotContain(kernel.Writes, write => write.Errno != 0);
    }

    /// <summary>Whatever was set before, a valid pair is taken without a single refused write.</summary>
    [Fact]
    public void On_v1_no_sequence_of_valid_pairs_is_refused()
    {
        Gen<(long Limit, long Swap)> pair =
            from limit in Gen.Choose(1, 64)
            from extra in Gen.Choose(0, 64)
            from kind in Gen.Choose(0, 9)
            select kind switch
            {
                0 => (-1L, -1L),
                1 => (limit * MiB, -1L),
                _ => (limit * MiB, (limit + extra) * MiB),
            };
        Property property = Prop.ForAll(
            pair.ListOf(6).ToArbitrary(),
            pairs =>
            {
                using FakeKernel kernel = FakeKernel.V1("memory");
                ICgroup cgroup = Open(kernel);
                foreach ((long limit, long swap) in pairs)
                {
                    Set(cgroup, limit, swap);
                    ContainerLimit read = cgroup.ReadLimit();
                    if ((read.Memory ?? -1) != limit || (read.MemorySwap ?? -1) != swap) return false;
                }

                return kernel.Writes.TrueForAll(write => write.Errno == 0);
            });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(50), property);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Minus_one_takes_limits_away_with_the_swap(bool v2)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("memory");
        ICgroup cgroup = Open(kernel);
        Set(cgroup, 64 * MiB, 64 * MiB, 32 * MiB);
        Assert.Equal(new ContainerLimit { Memory = 64 * MiB, MemorySwap = 64 * MiB, MemoryReservation = 32 * MiB }, Memory(cgroup));
        Set(cgroup, -1, null, -1);
        Assert.Equal(new ContainerLimit(), Memory(cgroup));
    }

    private static ContainerLimit Memory(ICgroup cgroup)
    {
        ContainerLimit limit = cgroup.ReadLimit();
        return new ContainerLimit { Memory = limit.Memory, MemorySwap = limit.MemorySwap, MemoryReservation = limit.MemoryReservation };
    }

    [Fact]
    public void On_v2_swap_is_the_sum_less_the_memory()
    {
        using FakeKernel kernel = FakeKernel.V2();
        ICgroup cgroup = Open(kernel);
        Set(cgroup, 64 * MiB, 100 * MiB);
        Assert.Equal(["memory.swap.max=37748736", "memory.max=67108864"], kernel.Taken("memory."));
        Set(cgroup, null, 64 * MiB);
        Assert.Equal("0", kernel["one/memory.swap.max"]);
        Set(cgroup, null, -1);
        Assert.Equal("max", kernel["one/memory.swap.max"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Swap_below_the_memory_limit_or_without_one_is_invalid(bool v2)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("memory");
        ICgroup cgroup = Open(kernel);
        Assert.Equal(ErrorCode.LimitInvalid, Assert.Throws<ContainerException>(() => Set(cgroup, null, 64 * MiB)).Code);
        Assert.Equal(ErrorCode.LimitInvalid, Assert.Throws<ContainerException>(() => Set(cgroup, 64 * MiB, 32 * MiB)).Code);
        Set(cgroup, 64 * MiB, 64 * MiB);
        ContainerException error = Assert.Throws<ContainerException>(() => Set(cgroup, null, 32 * MiB));
        Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        Assert.Contains("67108864", error.Message, StringComparison.Ordinal);
        Assert.Equal(64 * MiB, cgroup.ReadLimit().Memory);
    }

    [Fact]
    public void On_v1_raising_memory_above_memsw_says_what_to_do()
    {
        using FakeKernel kernel = FakeKernel.V1("memory");
        ICgroup cgroup = Open(kernel);
        Set(cgroup, 64 * MiB, 64 * MiB);
        ContainerException error = Assert.Throws<ContainerException>(() => Set(cgroup, 128 * MiB));
        Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        Assert.Contains("67108864", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void On_v1_a_limit_below_the_usage_names_both()
    {
        using FakeKernel kernel = FakeKernel.V1("memory");
        ICgroup cgroup = Open(kernel);
        kernel["memory/one/memory.usage_in_bytes"] = "50000000";
        ContainerException error = Assert.Throws<ContainerException>(() => Set(cgroup, 10 * MiB, 10 * MiB));
        Assert.Equal(ErrorCode.LimitBelowUsage, error.Code);
        Assert.Contains("10485760", error.Message, StringComparison.Ordinal);
        Assert.Contains("50000000", error.Message, StringComparison.Ordinal);
        Assert.Null(cgroup.ReadLimit().Memory);
    }

    [Fact]
    public void On_v2_a_limit_below_what_cannot_be_reclaimed_is_refused_before_it_kills()
    {
        using FakeKernel kernel = FakeKernel.V2();
        ICgroup cgroup = Open(kernel);
        kernel["one/memory.current"] = "50000000";
        kernel.Reclaimable = 20_000_000;
        ContainerException error = Assert.Throws<ContainerException>(() => Set(cgroup, 10_000_000));
        Assert.Equal(ErrorCode.LimitBelowUsage, error.Code);
        Assert.Contains("10000000", error.Message, StringComparison.Ordinal);
        Assert.Contains("20000000", error.Message, StringComparison.Ordinal);
        Assert.Equal("max", kernel["one/memory.max"]);

        kernel["one/memory.current"] = "50000000";
        Set(cgroup, 30_000_000);
        Assert.Equal("30000000", kernel["one/memory.max"]);
    }

    [Fact]
    public void Without_swap_accounting_no_limit_is_fine_and_a_limit_is_not_supported()
    {
        using FakeKernel v1 = FakeKernel.V1("memory");
        ICgroup cgroup = Open(v1);
        File.Delete(v1.Root + "/memory/one/memory.memsw.limit_in_bytes");
        Set(cgroup, null, -1);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<ContainerException>(() => Set(cgroup, null, 64 * MiB)).Code);

        using FakeKernel v2 = FakeKernel.V2();
        cgroup = Open(v2);
        File.Delete(v2.Root + "/one/memory.swap.max");
        Set(cgroup, 64 * MiB, 64 * MiB);
        Set(cgroup, 64 * MiB, -1);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<ContainerException>(() => Set(cgroup, 64 * MiB, 65 * MiB)).Code);
    }

    [Fact]
    public void What_only_v1_has()
    {
        using FakeKernel v1 = FakeKernel.V1("memory");
        ICgroup cgroup = Open(v1);
        cgroup.Apply(new OciResources { Memory = new OciMemory { Swappiness = 0, KernelTCP = 4096, DisableOOMKiller = true } });
        Assert.Equal(["memory.kmem.tcp.limit_in_bytes=4096", "memory.swappiness=0", "memory.oom_control=1"], v1.Taken());
        Assert.Equal(
            ErrorCode.LimitInvalid,
            Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { Memory = new OciMemory { Swappiness = 101 } })).Code);

        using FakeKernel v2 = FakeKernel.V2();
        cgroup = Open(v2);
        Assert.Equal(
            ErrorCode.NotSupported,
            Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { Memory = new OciMemory { DisableOOMKiller = true } })).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_negative_limit_other_than_minus_one_is_invalid(bool v2)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("memory");
        ICgroup cgroup = Open(kernel);
        Assert.Equal(ErrorCode.LimitInvalid, Assert.ThrowsAny<ContainerException>(() => Set(cgroup, -5)).Code);
    }
}
