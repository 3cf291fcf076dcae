using System.Diagnostics;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Cgroups;

/// <summary>Cgroups as such on the real kernel: made, entered, frozen, killed, removed.</summary>
[Collection("cgroups")]
public sealed class CgroupTests
{
    private const CgroupScope Full = CgroupScope.Full;

    [Theory]
    [InlineData(Flavour.AsMounted)]
    [InlineData(Flavour.V1Alone)]
    [InlineData(Flavour.V2Alone)]
    public void It_is_made_in_every_hierarchy_and_removed_from_every_one(Flavour flavour)
    {
        using LiveCgroup live = LiveCgroup.Create(flavour, Full);
        Assert.True(live.Cgroup.Exists);
        Assert.Equal(live.Host.Hierarchies.Count, live.Folders().Count);
        live.Cgroup.Create();
        live.Cgroup.Delete();
        Assert.False(live.Cgroup.Exists);
        Assert.Empty(live.Folders());
        live.Cgroup.Delete();
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
    public void A_thread_that_writes_0_to_the_task_files_moves_itself_and_nobody_else()
    {
        using LiveCgroup live = LiveCgroup.Create();
        Assert.SkipUnless(live.Host.HasV1, "only v1 has task files");
        string[] lines = [];
        var thread = new Thread(() =>
        {
            using CgroupEntry entry = live.Cgroup.OpenEntry();
            Assert.Equal(live.Host.HasV2, entry.Folder is not null);
            foreach (SafeFileHandle file in entry.TaskFiles) Assert.Equal(1, Libc.Write(file, "0"u8));
            lines = File.ReadAllLines("/proc/thread-self/cgroup");
        });
        thread.Start();
        thread.Join();
        string[] v1 = [.. lines.Where(line => !line.StartsWith("0::", StringComparison.Ordinal))];
        Assert.NotEmpty(v1);
        Assert.All(v1, line => Assert.EndsWith(live.Cgroup.Path, line, StringComparison.Ordinal));
        Assert.All(File.ReadAllLines("/proc/self/cgroup"), line => Assert.False(line.EndsWith(live.Cgroup.Path, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_lean_cgroup_gets_a_missing_part_when_a_limit_needs_it_and_its_processes_move_there()
    {
        using LiveCgroup live = LiveCgroup.Create(Flavour.AsMounted, CgroupScope.Lean, "cpuset");
        Assert.SkipUnless(live.Host.HasV1, "all parts are one folder on a pure v2 machine");
        string folder = live.FolderOf("cpuset");
        Assert.False(Directory.Exists(folder));
        Process process = live.Run("sleep 1000 & read forever");
        LiveCgroup.WaitUntil(() => live.Cgroup.Processes().Count == 2, "the shell's child");
        live.Cgroup.Apply(new OciResources { Cpu = new OciCpu { Cpus = "0" } });
        Assert.Equal("0", File.ReadAllText(folder + "/cpuset.cpus").Trim());
        foreach (int id in live.Cgroup.Processes())
            Assert.Contains("Cpus_allowed_list:\t0\n", File.ReadAllText($"/proc/{id}/status"), StringComparison.Ordinal);
        Assert.Contains(process.Id, live.Cgroup.Processes());
    }

    [Theory]
    [InlineData(Flavour.AsMounted)]
    [InlineData(Flavour.V1Alone)]
    [InlineData(Flavour.V2Alone)]
    public void Frozen_processes_get_no_time_until_they_are_thawed(Flavour flavour)
    {
        using LiveCgroup live = LiveCgroup.Create(flavour, Full, "freezer");
        Process process = live.Run("while :; do :; done");
        LiveCgroup.WaitUntil(() => Ticks(process) > 0, "the loop to use time");
        Assert.False(live.Cgroup.IsFrozen);
        live.Cgroup.Freeze();
        Assert.True(live.Cgroup.IsFrozen);
        long before = Ticks(process);
        Thread.Sleep(100);
        Assert.Equal(before, Ticks(process));
        live.Cgroup.Thaw();
        Assert.False(live.Cgroup.IsFrozen);
        LiveCgroup.WaitUntil(() => Ticks(process) > before, "the loop to go on");
    }

    [Theory]
    [InlineData(Flavour.AsMounted)]
    [InlineData(Flavour.V1Alone)]
    [InlineData(Flavour.V2Alone)]
    public void Kill_ends_all_processes_frozen_ones_too_and_those_in_child_cgroups(Flavour flavour)
    {
        using LiveCgroup live = LiveCgroup.Create(flavour, Full, "freezer");
        Process parent = live.Run("trap '' TERM; sleep 1000 & sleep 1000 & read forever");
        Process nested = live.Start("read forever");
        foreach (string folder in live.Folders())
        {
            Directory.CreateDirectory(folder + "/child/grandchild");
            foreach (string name in (string[])["cpuset.cpus", "cpuset.mems"])
            {
                if (!File.Exists($"{folder}/tasks") || !File.Exists($"{folder}/{name}")) continue;
                File.Copy($"{folder}/{name}", $"{folder}/child/{name}", overwrite: true);
                File.Copy($"{folder}/{name}", $"{folder}/child/grandchild/{name}", overwrite: true);
            }

            File.WriteAllText(folder + "/child/grandchild/cgroup.procs", $"{nested.Id}");
        }

        LiveCgroup.WaitUntil(() => live.Cgroup.Processes().Count == 4, "the shell's children");
        Assert.Contains(nested.Id, live.Cgroup.Processes());
        live.Cgroup.Freeze();
        live.Cgroup.Kill();
        Assert.Empty(live.Cgroup.Processes());
        parent.WaitForExit();
        nested.WaitForExit();
        Assert.Equal(137, parent.ExitCode);
        Assert.Equal(137, nested.ExitCode);
        live.Cgroup.Kill();
        live.Cgroup.Delete();
        Assert.Empty(live.Folders());
    }

    [Theory]
    [InlineData(Flavour.AsMounted)]
    [InlineData(Flavour.V1Alone)]
    public void Kill_ends_processes_that_never_stop_forking(Flavour flavour)
    {
        using LiveCgroup live = LiveCgroup.Create(flavour, Full, "pids", "freezer");
        live.Cgroup.Apply(new OciResources { Pids = new OciPids { Limit = 2000 } });
        // Each process makes the next one and ends: whoever is listed is gone when the signal comes. It counts a little before, because the dead
        // count as well until init has reaped them, and a fork that the limit refuses ends its line.
        const string forks = "f() { i=0; while [ $i -lt 4000 ]; do i=$((i+1)); done; f & }; f & f & f & f & read forever";
        live.Run(forks);
        int shells = 1;
        var seen = new HashSet<int>();
        LiveCgroup.WaitUntil(
            () =>
            {
                IReadOnlyList<int> now = live.Cgroup.Processes();
                seen.UnionWith(now);
                if (now.Count == shells)
                {
                    live.Run(forks);
                    shells++;
                }

                return seen.Count > 20;
            },
            "the forks");
        live.Cgroup.Kill();
        Assert.Empty(live.Cgroup.Processes());
        live.Cgroup.Delete();
        Assert.Empty(live.Folders());
    }

    [Fact]
    public void Removing_right_after_the_kill_waits_for_the_dead_to_leave()
    {
        for (int round = 0; round < 20; round++)
        {
            using LiveCgroup live = LiveCgroup.Create(Flavour.V1Alone, Full);
            live.Run("sleep 1000 & sleep 1000 & sleep 1000 & wait");
            live.Cgroup.Kill();
            live.Cgroup.Delete();
            Assert.Empty(live.Folders());
        }
    }

    [Fact]
    public void Removing_what_holds_a_process_names_the_process()
    {
        using LiveCgroup live = LiveCgroup.Create();
        Process process = live.Run("read forever");
        KernelException error = Assert.Throws<KernelException>(live.Cgroup.Delete);
        Assert.Equal("EBUSY", error.ErrnoName);
        Assert.Contains($"{process.Id}", error.Message, StringComparison.Ordinal);
        Assert.True(live.Cgroup.Exists);
    }

    [Fact]
    public void Making_and_removing_at_the_same_time_below_one_parent_disturbs_nobody()
    {
        using LiveCgroup live = LiveCgroup.Create();
        Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 8 }, number =>
        {
            ICgroup cgroup = live.Host.Open($"{live.Cgroup.Path}/deep/{number % 3}/{number}");
            cgroup.Create();
            Assert.True(cgroup.Exists);
            cgroup.Delete();
            live.Host.DeleteIfEmpty($"{live.Cgroup.Path}/deep/{number % 3}");
            Assert.False(cgroup.Exists);
        });
    }

    private static long Ticks(Process process)
        => long.Parse(File.ReadAllText($"/proc/{process.Id}/stat").Split(") ")[1].Split(' ')[11], System.Globalization.CultureInfo.InvariantCulture);
}
