using System.Diagnostics;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Cgroups;

public sealed class CgroupTests
{
    [Fact]
    public void It_is_made_in_every_hierarchy_and_removed_from_every_one()
    {
        using LiveCgroup live = LiveCgroup.Create();
        Assert.True(live.Cgroup.Exists);
        Assert.Equal(live.Host.Hierarchies.Count, live.Folders().Count);
        live.Cgroup.Delete();
        Assert.False(live.Cgroup.Exists);
        Assert.Empty(live.Folders());
        live.Cgroup.Delete();
    }

    [Fact]
    public void Making_what_exists_and_removing_what_does_not_are_no_errors()
    {
        using LiveCgroup live = LiveCgroup.Create();
        live.Cgroup.Create();
        Assert.True(live.Cgroup.Exists);
    }

    [Fact]
    public void A_process_that_is_attached_is_in_every_hierarchy()
    {
        using LiveCgroup live = LiveCgroup.Create();
        Process process = live.Run("read forever");
        Assert.Equal([process.Id], live.Cgroup.Processes());
        string[] lines = File.ReadAllLines($"/proc/{process.Id}/cgroup");
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.EndsWith(live.Cgroup.Path, line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_lean_cgroup_gets_a_missing_part_when_a_limit_needs_it_and_its_processes_move_there()
    {
        using LiveCgroup live = LiveCgroup.Create(CgroupScope.Lean, "cpuset");
        Assert.SkipUnless(live.Host.HasV1, "all parts are one folder on a pure v2 machine");
        string folder = live.FolderOf("cpuset");
        Assert.False(Directory.Exists(folder));
        Process process = live.Run("read forever");
        live.Cgroup.Apply(new OciResources { Cpu = new OciCpu { Cpus = "0" } });
        Assert.Equal("0", File.ReadAllText(folder + "/cpuset.cpus").Trim());
        Assert.Contains("Cpus_allowed_list:\t0\n", File.ReadAllText($"/proc/{process.Id}/status"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_limits_that_are_set_are_the_limits_that_are_read()
    {
        using LiveCgroup live = LiveCgroup.Create(CgroupScope.Full, "memory", "cpu", "cpuset", "pids");
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
    public void Limits_go_up_and_down_in_one_step_each()
    {
        using LiveCgroup live = LiveCgroup.Create(CgroupScope.Full, "memory");
        foreach (long megabytes in (long[])[64, 512, 32, 1024])
        {
            live.Cgroup.Apply(new OciResources { Memory = new OciMemory { Limit = megabytes << 20, Swap = megabytes << 20 } });
            Assert.Equal(megabytes << 20, live.Cgroup.ReadLimit().Memory);
        }

        live.Cgroup.Apply(new OciResources { Memory = new OciMemory { Limit = -1 } });
        Assert.Null(live.Cgroup.ReadLimit().Memory);
        Assert.Null(live.Cgroup.ReadLimit().MemorySwap);
    }
}
