using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

public sealed class CgroupHostTests
{
    private static string[] Roots(FakeKernel kernel, CgroupHost host) => [.. host.Hierarchies.Select(hierarchy => hierarchy.Root.Path[kernel.Root.Length..])];

    [Fact]
    public void Pure_v2_is_one_hierarchy_at_the_root()
    {
        using FakeKernel kernel = FakeKernel.V2();
        CgroupHost host = kernel.Detect();
        Assert.Equal([""], Roots(kernel, host));
        Assert.True(host.HasV2);
        Assert.False(host.HasV1);
    }

    [Fact]
    public void Pure_v1_is_one_hierarchy_a_mount_named_ones_included()
    {
        using FakeKernel kernel = FakeKernel.V1("memory", "cpu", "name=systemd");
        CgroupHost host = kernel.Detect();
        Assert.Equal(["/memory", "/cpu", "/systemd"], Roots(kernel, host));
        Assert.False(host.HasV2);
        Assert.True(host.HasV1);
    }

    [Fact]
    public void Swap_can_be_limited_where_the_kernel_accounts_for_it()
    {
        using FakeKernel v1 = FakeKernel.V1();
        Assert.True(v1.Detect().CanLimitSwap);
        File.Delete(v1.Root + "/memory/memory.memsw.limit_in_bytes");
        Assert.False(v1.Detect().CanLimitSwap);
        using FakeKernel none = FakeKernel.V1("cpu");
        Assert.False(none.Detect().CanLimitSwap);

        using FakeKernel v2 = FakeKernel.V2();
        string child = Directory.CreateDirectory(v2.Root + "/child").FullName;
        File.WriteAllText(child + "/memory.max", "max\n");
        Assert.False(v2.Detect().CanLimitSwap);
        File.WriteAllText(child + "/memory.swap.max", "max\n");
        Assert.True(v2.Detect().CanLimitSwap);
    }

    [Fact]
    public void A_hybrid_has_v2_first()
    {
        using FakeKernel kernel = FakeKernel.Hybrid("hugetlb", "memory", "cpu");
        CgroupHost host = kernel.Detect();
        Assert.Equal(["/unified", "/memory", "/cpu"], Roots(kernel, host));
        Assert.True(host is { HasV1: true, HasV2: true });
    }

    [Fact]
    public void Controllers_mounted_together_are_one_hierarchy()
    {
        using var kernel = new FakeKernel();
        kernel.MountV1("cpu,cpuacct", "cpu,cpuacct");
        File.CreateSymbolicLink(kernel.Root + "/cpu", "cpu,cpuacct");
        File.CreateSymbolicLink(kernel.Root + "/cpuacct", "cpu,cpuacct");
        kernel.MountV1("net_cls,net_prio", "net_cls,net_prio");
        CgroupHost host = kernel.Detect();
        Assert.Equal(["/cpu,cpuacct", "/net_cls,net_prio"], Roots(kernel, host));
        ICgroup cgroup = host.Open("/one");
        cgroup.Create();
        cgroup.Apply(new OciResources { Cpu = new OciCpu { Shares = 99 }, Network = new OciNetwork { ClassID = 5, Priorities = [new("lo", 3)] } });
        Assert.Equal("99", kernel["cpu,cpuacct/one/cpu.shares"]);
        Assert.Equal("5", kernel["net_cls,net_prio/one/net_cls.classid"]);
        Assert.Equal("lo 3", kernel["net_cls,net_prio/one/net_prio.ifpriomap"]);
    }

    [Fact]
    public void A_hierarchy_mounted_read_only_or_elsewhere_is_left_alone()
    {
        using var kernel = new FakeKernel();
        kernel.MountV1("memory");
        kernel.MountV1("pids", flags: "ro,nosuid");
        Assert.Equal(["/memory"], Roots(kernel, kernel.Detect()));
        Assert.Empty(CgroupMount.Parse("41 31 0:38 / /mnt/x rw - cgroup2 cgroup2 rw\n"u8, "/sys/fs/cgroup"));
        Assert.Empty(CgroupMount.Parse("41 31 0:38 / /sys/fs/cgroup2 rw - cgroup2 cgroup2 rw\n"u8, "/sys/fs/cgroup"));
    }

    [Fact]
    public void Mountinfo_is_read_with_its_optional_fields_and_escapes_and_a_later_mount_hides_an_earlier_one()
    {
        IReadOnlyList<CgroupMount> mounts = CgroupMount.Parse(
            """
            30 25 0:27 / /dev/shm rw,relatime - tmpfs tmpfs rw
            34 31 0:31 / /sys/fs/cgroup/my\040cpuset rw,relatime shared:9 master:1 - cgroup cgroup rw,cpuset,noprefix
            41 31 0:38 / /sys/fs/cgroup/x rw - cgroup cgroup rw,memory
            42 31 0:39 / /sys/fs/cgroup/x rw - cgroup2 none rw,nsdelegate
            43 31 0:40 / /sys/fs/cgroup/y rw - cgroupish none rw
            44 31 0:41 / /sys/fs/cgroup/z rw - cgroup none ro,pids
            """u8,
            "/sys/fs/cgroup");
        Assert.Equal(["/sys/fs/cgroup/my cpuset", "/sys/fs/cgroup/x", "/sys/fs/cgroup/z"], mounts.Select(mount => mount.Path));
        Assert.Equal([false, true, false], mounts.Select(mount => mount.IsV2));
        Assert.Equal([false, false, true], mounts.Select(mount => mount.IsReadOnly));
        Assert.Equal(["rw", "cpuset", "noprefix"], mounts[0].Options);
    }

    [Fact]
    public void What_is_missing_is_explained()
    {
        using FakeKernel kernel = FakeKernel.V1("cpu");
        CgroupHost host = kernel.Detect();
        Assert.Null(host.UnsupportedReason("cpu"));
        Assert.Contains("cgroup_disable=memory", host.UnsupportedReason("memory"), StringComparison.Ordinal);
        Assert.Contains("not mounted", host.UnsupportedReason("rdma"), StringComparison.Ordinal);
        Assert.Contains("built without", host.UnsupportedReason("hugetlb"), StringComparison.Ordinal);
        Assert.Contains("v2", host.UnsupportedReason("unified"), StringComparison.Ordinal);
        Assert.NotNull(host.UnsupportedReason("freezer"));
    }

    [Fact]
    public void A_limit_without_its_controller_is_an_error_but_no_limit_is_not()
    {
        using FakeKernel kernel = FakeKernel.V1("cpu");
        ICgroup cgroup = kernel.Detect().Open("/one");
        cgroup.Create();
        ContainerException error = Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { Memory = new OciMemory { Limit = 1 << 20 } }));
        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Contains("memory", error.Message, StringComparison.Ordinal);
        cgroup.Apply(new OciResources
        {
            Memory = new OciMemory { Limit = -1, Swap = 0, DisableOOMKiller = false },
            Pids = new OciPids { Limit = -1 },
            BlockIO = new OciBlockIO { Weight = 0, ThrottleReadBpsDevice = [] },
            Devices = [new OciDeviceRule { Allow = true, Access = "rwm" }],
        });
    }

    [Theory]
    [InlineData("/a/../../b")]
    [InlineData("../b")]
    [InlineData("/")]
    [InlineData("")]
    public void A_path_that_leads_outside_or_to_the_root_is_refused(string path)
    {
        using FakeKernel kernel = FakeKernel.V2();
        CgroupHost host = kernel.Detect();
        Assert.Equal(ErrorCode.InvalidConfiguration, Assert.Throws<ContainerException>(() => host.Open(path)).Code);
    }

    [Theory]
    [InlineData("a/b", "/a/b")]
    [InlineData("//a/./b/", "/a/b")]
    [InlineData("/system.slice:runc:4f", "/system.slice:runc:4f")]
    public void Paths_are_absolute_from_the_root(string path, string expected)
    {
        using FakeKernel kernel = FakeKernel.V2();
        Assert.Equal(expected, kernel.Detect().Open(path).Path);
    }

    [Fact]
    public void Without_any_hierarchy_opening_says_so()
    {
        using var kernel = new FakeKernel();
        CgroupHost host = kernel.Detect();
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<ContainerException>(() => host.Open("/one")).Code);
    }

    [Fact]
    public void Views_tell_what_a_container_is_to_see()
    {
        using FakeKernel kernel = FakeKernel.Hybrid("", "memory", "cpuset", "name=systemd");
        CgroupHost host = kernel.Detect();
        IReadOnlyList<CgroupView> views = host.Open("/a/b").Views;
        Assert.Equal(["unified", "memory", "cpuset", "systemd"], views.Select(view => view.Folder));
        Assert.Equal(["cgroup2", "cgroup", "cgroup", "cgroup"], views.Select(view => view.FileSystem));
        Assert.Equal(["", "memory", "cpuset", "name=systemd"], views.Select(view => string.Join(',', view.Options)));
        Assert.Equal(kernel.Root + "/memory/a/b", views[1].HostPath);
        Assert.Equal(["unified", "memory", "systemd"], host.Open("/a/b", CgroupScope.Lean).Views.Select(view => view.Folder));
        using FakeKernel pure = FakeKernel.V2();
        Assert.Equal("", Assert.Single(pure.Detect().Open("/one").Views).Folder);
    }
}
