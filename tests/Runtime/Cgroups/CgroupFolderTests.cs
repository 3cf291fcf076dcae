using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

/// <summary>Making and removing the folders of a cgroup.</summary>
public sealed class CgroupFolderTests
{
    [Fact]
    public void On_v1_it_is_made_in_every_hierarchy_with_its_parents_and_removed_without_them()
    {
        using FakeKernel kernel = FakeKernel.V1();
        ICgroup cgroup = kernel.Detect().Open("/a/b/one");
        Assert.False(cgroup.Exists);
        cgroup.Create();
        Assert.True(cgroup.Exists);
        foreach (string hierarchy in (string[])["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"])
            Assert.True(kernel.Exists($"{hierarchy}/a/b/one/cgroup.procs"), hierarchy);
        cgroup.Create();
        cgroup.Delete();
        cgroup.Delete();
        Assert.False(cgroup.Exists);
        foreach (string hierarchy in (string[])["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"])
        {
            Assert.False(kernel.Exists($"{hierarchy}/a/b/one"), hierarchy);
            Assert.True(kernel.Exists($"{hierarchy}/a/b"), hierarchy);
        }
    }

    [Fact]
    public void A_v1_cpuset_starts_with_the_lists_of_its_parent()
    {
        using FakeKernel kernel = FakeKernel.V1("cpuset");
        kernel.Detect().Open("/a/b/one").Create();
        foreach (string path in (string[])["a", "a/b", "a/b/one"])
        {
            Assert.Equal("0-3", kernel[$"cpuset/{path}/cpuset.cpus"]);
            Assert.Equal("0", kernel[$"cpuset/{path}/cpuset.mems"]);
        }
    }

    [Fact]
    public void A_v1_cpuset_below_a_parent_that_others_made_and_left_empty_gets_lists_too()
    {
        using FakeKernel kernel = FakeKernel.V1("cpuset");
        kernel.MakeFolder(kernel.Root + "/cpuset/theirs");
        kernel.Detect().Open("/theirs/one").Create();
        Assert.Equal("0-3", kernel["cpuset/theirs/one/cpuset.cpus"]);
        Assert.Equal("0", kernel["cpuset/theirs/one/cpuset.mems"]);
    }

    [Fact]
    public void A_second_v1_cpuset_below_the_same_parent_costs_no_write()
    {
        using FakeKernel kernel = FakeKernel.V1("cpuset");
        CgroupHost host = kernel.Detect();
        host.Open("/a/one").Create();
        kernel.Writes.Clear();
        host.Open("/a/two").Create();
        Assert.Empty(kernel.Writes);
        Assert.Equal("0-3", kernel["cpuset/a/two/cpuset.cpus"]);
    }

    [Fact]
    public void On_v2_the_controllers_are_handed_down_along_the_path()
    {
        using FakeKernel kernel = FakeKernel.V2("cpuset cpu io memory pids");
        kernel.Detect().Open("/a/b/one").Create();
        foreach (string file in (string[])["cgroup.controllers", "a/cgroup.controllers", "a/b/cgroup.controllers", "a/b/one/cgroup.controllers"])
            Assert.Equal(["cpu", "cpuset", "io", "memory", "pids"], kernel[file].Split(' ').Order());
        Assert.Equal("", kernel["a/b/one/cgroup.subtree_control"]);
    }

    [Fact]
    public void On_v2_a_second_cgroup_costs_one_mkdir_and_no_write()
    {
        using FakeKernel kernel = FakeKernel.V2();
        CgroupHost host = kernel.Detect();
        host.Open("/a/one").Create();
        kernel.Writes.Clear();
        host.Open("/a/two").Create();
        Assert.Empty(kernel.Writes);
    }

    [Fact]
    public void On_v2_a_parent_with_processes_is_no_error_until_a_limit_needs_it()
    {
        using FakeKernel kernel = FakeKernel.V2();
        kernel.MakeFolder(kernel.Root + "/busy");
        kernel["busy/cgroup.procs"] = "77";
        ICgroup cgroup = kernel.Detect().Open("/busy/one");
        cgroup.Create();
        KernelException error = Assert.Throws<KernelException>(() => cgroup.Apply(new OciResources { Pids = new OciPids { Limit = 5 } }));
        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Equal("EBUSY", error.ErrnoName);
        Assert.Contains("processes of its own", error.Message, StringComparison.Ordinal);
        Assert.Contains("/busy", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void On_v2_a_parent_with_processes_is_not_made_threaded()
    {
        using FakeKernel kernel = FakeKernel.V2();
        kernel.MakeFolder(kernel.Root + "/busy");
        kernel["busy/cgroup.procs"] = "77";
        ICgroup cgroup = kernel.Detect().Open("/busy/one");
        cgroup.Create();
        Assert.DoesNotContain(kernel.Writes, write => write.File == "busy/cgroup.subtree_control");
    }

    [Fact]
    public void On_v2_a_threaded_subtree_is_refused_in_words()
    {
        using FakeKernel kernel = FakeKernel.V2("memory pids");
        kernel.MakeFolder(kernel.Root + "/threaded");
        kernel.MakeFolder(kernel.Root + "/threaded/one");
        kernel["threaded/cgroup.procs"] = "77";
        kernel["threaded/one/cgroup.type"] = "domain invalid";
        ContainerException error = Assert.Throws<ContainerException>(kernel.Detect().Open("/threaded/one").Create);
        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Contains("threaded", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void On_v2_a_parent_without_the_controller_is_named()
    {
        using FakeKernel kernel = FakeKernel.V2("memory pids");
        kernel.MakeFolder(kernel.Root + "/a");
        CgroupHost host = kernel.Detect();
        ICgroup cgroup = host.Open("/a/one");
        ContainerException error = Assert.Throws<ContainerException>(() => cgroup.Apply(new OciResources { Cpu = new OciCpu { Shares = 5 } }));
        Assert.Equal(ErrorCode.NotSupported, error.Code);
    }

    [Fact]
    public void On_a_hybrid_v2_controllers_are_handed_down_only_when_a_limit_needs_one()
    {
        using FakeKernel kernel = FakeKernel.Hybrid("hugetlb", "memory", "cpuset");
        ICgroup cgroup = kernel.Detect().Open("/a/one");
        cgroup.Create();
        Assert.Equal("", kernel["unified/cgroup.subtree_control"]);
        cgroup.Apply(new OciResources { HugepageLimits = [new("2MB", 4 << 20)] });
        Assert.Equal("hugetlb", kernel["unified/a/one/cgroup.controllers"]);
        Assert.Equal("4194304", kernel["unified/a/one/hugetlb.2MB.max"]);
        Assert.Equal("4194304", kernel["unified/a/one/hugetlb.2MB.rsvd.max"]);
    }

    [Fact]
    public void Child_cgroups_that_the_container_made_are_removed_too()
    {
        using FakeKernel kernel = FakeKernel.V1("memory", "cpu");
        ICgroup cgroup = kernel.Detect().Open("/one");
        cgroup.Create();
        kernel.MakeFolder(kernel.Root + "/memory/one/x");
        kernel.MakeFolder(kernel.Root + "/memory/one/x/y");
        kernel.MakeFolder(kernel.Root + "/memory/one/z");
        cgroup.Delete();
        Assert.False(kernel.Exists("memory/one"));
    }

    [Fact]
    public void Only_an_empty_parent_is_removed()
    {
        using FakeKernel kernel = FakeKernel.V1("memory", "cpu");
        CgroupHost host = kernel.Detect();
        ICgroup cgroup = host.Open("/a/one");
        cgroup.Create();
        Assert.False(host.DeleteIfEmpty("/a"));
        Assert.True(cgroup.Exists);
        cgroup.Delete();
        Assert.True(host.DeleteIfEmpty("/a"));
        Assert.True(host.DeleteIfEmpty("/a"));
        Assert.False(kernel.Exists("memory/a"));
        Assert.False(host.DeleteIfEmpty("/"));
    }

    [Fact]
    public void A_lean_cgroup_is_made_where_something_is_counted_and_elsewhere_when_a_limit_needs_it()
    {
        using FakeKernel kernel = FakeKernel.Hybrid("", "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "net_cls", "name=systemd");
        ICgroup cgroup = kernel.Detect().Open("/one", CgroupScope.Lean);
        cgroup.Create();
        string[] made = [.. Directory.EnumerateDirectories(kernel.Root).Where(folder => Directory.Exists(folder + "/one")).Select(folder => Path.GetFileName(folder)!).Order()];
        Assert.Equal(["blkio", "cpu", "cpuacct", "memory", "pids", "systemd", "unified"], made);
        kernel["unified/one/cgroup.procs"] = "12\n13";
        cgroup.Apply(new OciResources { Cpu = new OciCpu { Cpus = "1" } });
        Assert.Equal("1", kernel["cpuset/one/cpuset.cpus"]);
        Assert.Equal(["cgroup.procs=12", "cgroup.procs=13"], kernel.Taken("cgroup.procs"));
        cgroup.Delete();
        Assert.False(kernel.Exists("cpuset/one"));
    }

    [Fact]
    public void Without_v2_a_lean_cgroup_keeps_the_freezer()
    {
        using FakeKernel kernel = FakeKernel.V1("cpu", "freezer");
        kernel.Detect().Open("/one", CgroupScope.Lean).Create();
        Assert.True(kernel.Exists("freezer/one"));
    }

    [Fact]
    public void The_freezer_of_v2_is_used_where_there_is_one()
    {
        using FakeKernel hybrid = FakeKernel.Hybrid("", "cpu", "freezer");
        ICgroup cgroup = hybrid.Detect().Open("/one");
        cgroup.Create();
        cgroup.Freeze();
        Assert.True(cgroup.IsFrozen);
        Assert.Equal(["cgroup.freeze=1"], hybrid.Taken());
        cgroup.Thaw();
        Assert.False(cgroup.IsFrozen);

        using FakeKernel v1 = FakeKernel.V1("cpu", "freezer");
        cgroup = v1.Detect().Open("/one");
        cgroup.Create();
        cgroup.Freeze();
        Assert.True(cgroup.IsFrozen);
        Assert.Equal(["freezer.state=FROZEN"], v1.Taken());
        cgroup.Thaw();
        Assert.False(cgroup.IsFrozen);
    }

    [Fact]
    public void Memory_use_and_out_of_memory_kills_come_from_either_version()
    {
        using FakeKernel v1 = FakeKernel.V1("memory");
        ICgroup cgroup = v1.Detect().Open("/one");
        cgroup.Create();
        v1["memory/one/memory.usage_in_bytes"] = "4096";
        v1["memory/one/memory.oom_control"] = "oom_kill_disable 0\nunder_oom 0\noom_kill 3";
        Assert.Equal(4096, cgroup.MemoryUsage);
        Assert.Equal(3, cgroup.OomKillCount);

        using FakeKernel v2 = FakeKernel.V2();
        cgroup = v2.Detect().Open("/one");
        cgroup.Create();
        v2["one/memory.current"] = "8192";
        v2["one/memory.events"] = "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0";
        Assert.Equal(8192, cgroup.MemoryUsage);
        Assert.Equal(1, cgroup.OomKillCount);

        using FakeKernel none = FakeKernel.V1("cpu");
        cgroup = none.Detect().Open("/one");
        cgroup.Create();
        Assert.Null(cgroup.MemoryUsage);
        Assert.Equal(0, cgroup.OomKillCount);
    }
}
