using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

/// <summary>pids, block I/O, huge pages, RDMA, network classes and the v2 files of <c>unified</c>.</summary>
public sealed class OtherLimitTests
{
    private static ICgroup Open(FakeKernel kernel)
    {
        ICgroup cgroup = kernel.Detect().Open("/one");
        cgroup.Create();
        kernel.Writes.Clear();
        return cgroup;
    }

    [Theory]
    [InlineData(true, 7L, "7", 7L)]
    [InlineData(false, 7L, "7", 7L)]
    [InlineData(true, -1L, "max", null)]
    [InlineData(false, 0L, "max", null)]
    public void Pids(bool v2, long limit, string written, long? read)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("pids");
        ICgroup cgroup = Open(kernel);
        cgroup.Apply(new OciResources { Pids = new OciPids { Limit = limit } });
        Assert.Equal([$"pids.max={written}"], kernel.Taken());
        Assert.Equal(read, cgroup.ReadLimit().Processes);
    }

    private static readonly OciBlockIO s_io = new()
    {
        Weight = 500,
        WeightDevice = [new(8, 0, 250, null)],
        ThrottleReadBpsDevice = [new(8, 0, 1024)],
        ThrottleWriteBpsDevice = [new(8, 16, 0)],
        ThrottleReadIOPSDevice = [new(8, 0, 10)],
        ThrottleWriteIOPSDevice = [new(8, 0, 20)],
    };

    [Fact]
    public void Block_io_on_v1()
    {
        using FakeKernel kernel = FakeKernel.V1("blkio");
        ICgroup cgroup = Open(kernel);
        Assert.Null(cgroup.ReadLimit().BlockIOWeight);
        cgroup.Apply(new OciResources { BlockIO = s_io });
        Assert.Equal(
            [
                "blkio.bfq.weight=500", "blkio.bfq.weight_device=8:0 250", "blkio.throttle.read_bps_device=8:0 1024",
                "blkio.throttle.write_bps_device=8:16 0", "blkio.throttle.read_iops_device=8:0 10", "blkio.throttle.write_iops_device=8:0 20",
            ],
            kernel.Taken());
        Assert.Equal(500, cgroup.ReadLimit().BlockIOWeight);
    }

    [Fact]
    public void Block_io_on_v2()
    {
        using FakeKernel kernel = FakeKernel.V2();
        ICgroup cgroup = Open(kernel);
        Assert.Null(cgroup.ReadLimit().BlockIOWeight);
        cgroup.Apply(new OciResources { BlockIO = s_io with { WeightDevice = null } });
        Assert.Equal(["io.weight=4950", "io.max=8:0 rbps=1024", "io.max=8:16 wbps=max", "io.max=8:0 riops=10", "io.max=8:0 wiops=20"], kernel.Taken());
        Assert.Equal(500, cgroup.ReadLimit().BlockIOWeight);
        cgroup.Apply(new OciResources { BlockIO = new OciBlockIO { WeightDevice = s_io.WeightDevice } });
        Assert.Equal("io.weight=8:0 2425", kernel.Taken()[^1]);
    }

    [Fact]
    public void On_v2_the_bfq_scheduler_takes_the_weight_as_it_is()
    {
        using FakeKernel kernel = FakeKernel.V2();
        ICgroup cgroup = Open(kernel);
        kernel["one/io.bfq.weight"] = "default 100";
        cgroup.Apply(new OciResources { BlockIO = new OciBlockIO { Weight = 300 } });
        Assert.Equal(["io.bfq.weight=300"], kernel.Taken());
    }

    [Theory]
    [InlineData(true, 9)]
    [InlineData(true, 1001)]
    [InlineData(false, 9)]
    [InlineData(false, 1001)]
    public void A_block_weight_outside_the_range_is_invalid(bool v2, int weight)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("blkio");
        ICgroup cgroup = Open(kernel);
        Assert.Equal(
            ErrorCode.LimitInvalid,
            Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { BlockIO = new OciBlockIO { Weight = (ushort)weight } })).Code);
    }

    [Fact]
    public void Weights_need_a_scheduler()
    {
        using FakeKernel kernel = FakeKernel.V1("blkio");
        ICgroup cgroup = Open(kernel);
        File.Delete(kernel.Root + "/blkio/one/blkio.bfq.weight");
        Assert.Equal(
            ErrorCode.NotSupported,
            Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { BlockIO = new OciBlockIO { Weight = 300 } })).Code);
    }

    [Theory]
    [InlineData(true, "max")]
    [InlineData(false, "limit_in_bytes")]
    public void Huge_pages(bool v2, string name)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("hugetlb");
        ICgroup cgroup = Open(kernel);
        cgroup.Apply(new OciResources { HugepageLimits = [new("2MB", 1 << 21)] });
        Assert.Equal([$"hugetlb.2MB.{name}=2097152", $"hugetlb.2MB.rsvd.{name}=2097152"], kernel.Taken());
        foreach (string size in (string[])["3MB", "../2MB", "2MB/../2MB"])
        {
            ContainerException error = Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { HugepageLimits = [new(size, 1)] }));
            Assert.Equal(ErrorCode.LimitInvalid, error.Code);
            Assert.Contains("2MB", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rdma(bool v2)
    {
        using FakeKernel kernel = v2 ? FakeKernel.V2() : FakeKernel.V1("rdma");
        Open(kernel).Apply(new OciResources { Rdma = new Dictionary<string, OciRdma> { ["mlx5_0"] = new(2, 2000), ["mlx5_1"] = new(null, 7) } });
        Assert.Equal(["rdma.max=mlx5_0 hca_handle=2 hca_object=2000", "rdma.max=mlx5_1 hca_object=7"], kernel.Taken());
    }

    [Fact]
    public void Network_classes_do_not_exist_on_v2()
    {
        using FakeKernel kernel = FakeKernel.V2();
        ICgroup cgroup = Open(kernel);
        Assert.Equal(
            ErrorCode.NotSupported,
            Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { Network = new OciNetwork { ClassID = 1 } })).Code);
    }

    [Fact]
    public void Unified_files_are_written_as_they_are()
    {
        using FakeKernel kernel = FakeKernel.V2();
        ICgroup cgroup = Open(kernel);
        cgroup.Apply(new OciResources { Unified = new Dictionary<string, string> { ["memory.high"] = "1000", ["cgroup.type"] = "domain" } });
        Assert.Equal(["memory.high=1000", "cgroup.type=domain"], kernel.Taken());
        foreach (string file in (string[])["memory", ".x", "../memory.max", "memory.max/x"])
        {
            Assert.Equal(
                ErrorCode.LimitInvalid,
                Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { Unified = new Dictionary<string, string> { [file] = "1" } })).Code);
        }

        KernelException missing = Assert.Throws<KernelException>(() => cgroup.Apply(new OciResources { Unified = new Dictionary<string, string> { ["memory.none"] = "1" } }));
        Assert.Equal(ErrorCode.NotSupported, missing.Code);
    }
}
