using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>The verbs that look at what a container uses, and change what it may.</summary>
public sealed class ResourceCommandTests
{
    [Fact]
    public void Events_have_every_part_that_readers_of_runcs_look_for()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        bundle.Launch("run", "c", "--detach");
        using JsonDocument document = JsonDocument.Parse(bundle.Succeed("events", "--stats", "c"));
        JsonElement data = document.RootElement.GetProperty("data");
        Assert.Equal(["cpu", "memory", "pids", "blkio", "hugetlb"], data.EnumerateObject().Select(part => part.Name));
        JsonElement memory = data.GetProperty("memory");
        foreach (string part in (string[])["usage", "swap", "kernel", "kernelTCP", "raw"]) Assert.Equal(JsonValueKind.Object, memory.GetProperty(part).ValueKind);
        Assert.True(memory.GetProperty("cache").GetInt64() >= 0);
    }

    [Fact]
    public void The_interval_of_events_may_have_several_units()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        bundle.Launch("run", "c", "--detach");
        using Process watch = bundle.Start("events", "--interval", "0m0s20ms", "c");
        Assert.Contains("\"stats\"", watch.StandardOutput.ReadLine()!, StringComparison.Ordinal);
        Assert.Contains("\"stats\"", watch.StandardOutput.ReadLine()!, StringComparison.Ordinal);
        bundle.Succeed("kill", "c", "KILL");
        Assert.Equal(0, CtrunBundle.Finish(watch).ExitCode);
        foreach (string wrong in (string[])["", "0s", "soon", "1d", "-5s", "5s6"]) Assert.Contains("is not a time", bundle.Fail("events", "--interval=" + wrong, "c"), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_after_the_id_are_those_of_the_hosts_ps()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ps") || File.Exists("/bin/ps"), "ps(1) is not installed");
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("sleep 1001 & exec sleep 1000");
        bundle.Launch("run", "c", "--detach");
        int process = bundle.State("c").Pid;
        string[] table = bundle.Succeed("ps", "c", "-e", "-o", "pid,args").TrimEnd().Split('\n');
        Assert.Matches("^ *PID COMMAND$", table[0]);
        // The host's other processes are left out.
        Assert.Equal(2, table.Length - 1);
        Assert.Contains(table, line => line.Trim().StartsWith(process.ToString(CultureInfo.InvariantCulture) + " ", StringComparison.Ordinal) && line.EndsWith("sleep 1000", StringComparison.Ordinal));
        Assert.Contains("PID", bundle.Fail("ps", "c", "-e", "-o", "args"), StringComparison.Ordinal);
        Assert.Contains("ps(1)", bundle.Fail("ps", "c", "--no-such-option"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_cgroup_a_container_stays_in_the_callers_and_sees_it()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("cat /proc/self/cgroup; ls /sys/fs/cgroup", WithoutCgroupNamespace);
        string[] own = File.ReadAllLines("/proc/self/cgroup");
        string[] output = bundle.Succeed("--cgroup-manager", "disabled", "run", "c").TrimEnd().Split('\n');
        Assert.Equal(own, output.Take(own.Length));
        Assert.True(output.Length > own.Length, "nothing is mounted on /sys/fs/cgroup");
        Assert.False(bundle.Cgroup.Exists);
        bundle.WriteScript("true", static spec => WithoutCgroupNamespace(spec) with
        {
            Linux = spec.Linux! with { Resources = new OciResources { Pids = new OciPids { Limit = 10 } } },
        });
        Assert.Contains("need a cgroup, and there is to be none", bundle.Fail("--cgroup-manager", "disabled", "run", "c"), StringComparison.Ordinal);
        Assert.Contains("cgroupfs, systemd or disabled, not 'none'", bundle.Fail("--cgroup-manager", "none", "run", "c"), StringComparison.Ordinal);
        bundle.WriteScript("true");
        bundle.Succeed("--cgroup-manager", "cgroupfs", "run", "c");

        static OciSpec WithoutCgroupNamespace(OciSpec spec) => spec with
        {
            Linux = spec.Linux! with { Namespaces = [.. spec.Linux.Namespaces!.Where(static item => item.Type != "cgroup")], Resources = null },
        };
    }

    [Fact]
    public void Options_of_update_win_over_its_document()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        bundle.Launch("run", "c", "--detach");
        File.WriteAllText(Path.Combine(bundle.Folder, "r.json"), """{"pids":{"limit":70},"memory":{"limit":134217728,"reservation":33554432},"cpu":{"shares":512}}""");
        bundle.Succeed("update", "--resources", "r.json", "--memory", "96m", "--pids-limit", "80", "c");
        ContainerTools.ContainerLimit limit = bundle.Cgroup.ReadLimit();
        Assert.Equal((96L << 20, 32L << 20, 80L, 512L), (limit.Memory, limit.MemoryReservation, limit.Processes, limit.CpuShares));
        Assert.Contains("RDT", bundle.Fail("update", "--l3-cache-schema", "L3:0=f", "c"), StringComparison.Ordinal);
        Assert.Contains("RDT", bundle.Fail("update", "--mem-bw-schema", "MB:0=20", "c"), StringComparison.Ordinal);
        // Engines pass them on empty.
        bundle.Succeed("update", "--l3-cache-schema", "", "--mem-bw-schema", "", "--memory", "128m", "c");
    }

    [Fact]
    public void A_unit_of_systemd_is_no_path_and_a_relative_path_starts_at_the_root()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"], spec => spec with { Linux = spec.Linux! with { CgroupsPath = "system.slice:docker:c" } });
        Assert.Contains("--systemd-cgroup", bundle.Fail("run", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
        bundle.Write(["/bin/sleep", "1000"], spec => spec with { Linux = spec.Linux! with { CgroupsPath = bundle.CgroupPath[1..] } });
        bundle.Launch("run", "c", "--detach");
        Assert.True(bundle.Cgroup.Exists);
        bundle.Succeed("delete", "--force", "c");
        bundle.AssertClean();
    }
}
