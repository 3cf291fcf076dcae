using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

public sealed class LifeCommandTests
{
    [Fact]
    public void A_container_goes_from_created_to_deleted()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("echo started; exec sleep 1000");
        bundle.Launch("create", "c", "--pid-file", "pid");
        OciState state = bundle.State("c");
        Assert.Equal(("created", bundle.Folder, Path.Combine(bundle.Folder, "rootfs")), (state.Status, state.Bundle, state.Rootfs));
        Assert.Equal(state.Pid, int.Parse(File.ReadAllText(Path.Combine(bundle.Folder, "pid")), CultureInfo.InvariantCulture));
        Assert.Equal("", File.ReadAllText(Path.Combine(bundle.Folder, "out.txt")));
        Assert.Contains("already", bundle.Fail("create", "c"), StringComparison.Ordinal);

        bundle.Succeed("start", "c");
        Assert.Equal("running", bundle.State("c").Status);
        Assert.Contains("running already", bundle.Fail("start", "c"), StringComparison.Ordinal);
        Assert.Contains("--force", bundle.Fail("delete", "c"), StringComparison.Ordinal);

        bundle.Succeed("kill", "c", "KILL");
        bundle.WaitFor("c", "stopped");
        Assert.Contains("container not running", bundle.Fail("kill", "c"), StringComparison.Ordinal);
        bundle.Succeed("delete", "c");
        bundle.AssertClean();
        Assert.Contains("no container 'c'", bundle.Fail("state", "c"), StringComparison.Ordinal);
        bundle.Succeed("delete", "--force", "c");
    }

    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    public void What_cannot_be_executed_earlier_in_PATH_is_passed_over(string kind)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string first = Directory.CreateDirectory(Path.Combine(bundle.Folder, "rootfs", "first")).FullName;
        if (kind == "file") File.WriteAllText(Path.Combine(first, "sleep"), "not executable");
        else Directory.CreateDirectory(Path.Combine(first, "sleep"));
        OciSpec WithPath(OciSpec spec, string path) => spec with { Process = spec.Process! with { Env = ["PATH=" + path] } };
        bundle.Write(["sleep", "1000"], spec => WithPath(spec, "/nowhere:/first:/bin/text:/bin"));
        bundle.Launch("create", "c");
        bundle.Succeed("start", "c");
        Assert.Equal("running", bundle.State("c").Status);
        bundle.Succeed("delete", "--force", "c");
        // The only one there is: the creation fails, and says which of the two it is.
        bundle.Write(["sleep", "1000"], spec => WithPath(spec, "/nowhere:/first"));
        Assert.Contains("EACCES", bundle.Fail("create", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    [Fact]
    public void Descriptors_are_kept_if_they_were_passed()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("cat <&3; cat <&4; ls /proc/self/fd");
        // Nobody passes 4, so it would be one of ctrun's own.
        CommandResult refused = Shell(bundle, "exec 3</dev/null 4<&-", "run --preserve-fds 2 c");
        Assert.Contains("Descriptor 4", refused.Error, StringComparison.Ordinal);
        bundle.AssertClean();
        File.WriteAllText(Path.Combine(bundle.Folder, "three"), "3\n");
        File.WriteAllText(Path.Combine(bundle.Folder, "four"), "4\n");
        CommandResult kept = Shell(bundle, "exec 3<three 4<four 5<three", "run --preserve-fds 2 c");
        // 5 is what ls reads the folder by: the one that was passed without being counted is closed.
        Assert.Equal("3\n4\n0\n1\n2\n3\n4\n5\n", kept.Output);
    }

    private static CommandResult Shell(CtrunBundle bundle, string redirect, string arguments)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", $"{redirect}; exec {EngineTools.Ctrun()} --root {bundle.Root} {arguments}"])
        {
            WorkingDirectory = bundle.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return CtrunBundle.Finish(process);
    }

    [Fact]
    public void The_cgroup_of_an_ended_container_may_be_anothers_by_now()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        bundle.Launch("run", "first", "--detach");
        bundle.Succeed("kill", "first", "KILL");
        bundle.WaitFor("first", "stopped");
        bundle.Launch("run", "second", "--detach");
        bundle.Succeed("delete", "first");
        Assert.Equal("running", bundle.State("second").Status);
        bundle.Succeed("delete", "--force", "second");
        bundle.AssertClean();
    }

    [Fact]
    public void A_created_container_can_be_deleted_without_force()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        bundle.Launch("create", "c");
        int process = bundle.State("c").Pid;
        bundle.Succeed("delete", "c");
        Assert.Null(ProcessStat.StartTimeOf(process));
        bundle.AssertClean();
    }

    [Fact]
    public void A_command_that_does_not_exist_is_told_by_create()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        foreach (string program in (string[])["/bin/none", "none"])
        {
            bundle.Write([program]);
            CommandResult result = bundle.Run("create", "c");
            Assert.Equal(127, result.ExitCode);
            Assert.Contains($"'{program}'", result.Error, StringComparison.Ordinal);
            Assert.Contains("no such file or directory", result.Error, StringComparison.Ordinal);
            bundle.AssertClean();
        }
    }

    [Fact]
    public void A_command_that_is_no_program_is_told_by_start()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        File.SetUnixFileMode(Path.Combine(bundle.Folder, "rootfs", "bin", "text"), (UnixFileMode)0x1ed);
        bundle.Write(["/bin/text"]);
        bundle.Launch("create", "c");
        CommandResult result = bundle.Run("start", "c");
        Assert.Equal(126, result.ExitCode);
        Assert.Contains("no program", result.Error, StringComparison.Ordinal);
        bundle.WaitFor("c", "stopped");
    }

    [Fact]
    public void A_paused_container_is_frozen_until_it_is_resumed()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("while :; do echo x; sleep 0.01; done");
        bundle.Launch("run", "c", "--detach");
        bundle.Succeed("pause", "c");
        Assert.Equal("paused", bundle.State("c").Status);
        long before = new FileInfo(Path.Combine(bundle.Folder, "out.txt")).Length;
        Thread.Sleep(100);
        Assert.Equal(before, new FileInfo(Path.Combine(bundle.Folder, "out.txt")).Length);
        Assert.Contains("paused", bundle.Fail("exec", "c", "/bin/true"), StringComparison.Ordinal);
        Assert.Contains("paused", bundle.Fail("pause", "c"), StringComparison.Ordinal);
        bundle.Succeed("resume", "c");
        Assert.Equal("running", bundle.State("c").Status);
        Assert.Contains("not paused", bundle.Fail("resume", "c"), StringComparison.Ordinal);
        bundle.Succeed("pause", "c");
        bundle.Succeed("delete", "--force", "c");
        bundle.AssertClean();
    }

    [Fact]
    public void Limits_are_in_force_and_can_be_changed()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"], spec => spec with
        {
            Linux = spec.Linux! with { Resources = new OciResources { Memory = new OciMemory { Limit = 64 << 20 }, Pids = new OciPids { Limit = 50 } } },
        });
        bundle.Launch("run", "c", "--detach");
        Assert.Equal(64 << 20, bundle.Cgroup.ReadLimit().Memory);
        bundle.Succeed("update", "--memory", "96m", "--pids-limit", "60", "c");
        Assert.Equal((96L << 20, 60L), (bundle.Cgroup.ReadLimit().Memory, bundle.Cgroup.ReadLimit().Processes));
        File.WriteAllText(Path.Combine(bundle.Folder, "r.json"), """{"pids":{"limit":70}}""");
        bundle.Succeed("update", "--resources", "r.json", "c");
        Assert.Equal(70, bundle.Cgroup.ReadLimit().Processes);
        Assert.Contains("not a size", bundle.Fail("update", "--memory", "lots", "c"), StringComparison.Ordinal);
    }

    [Fact]
    public void All_processes_get_a_signal_with_all()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("(trap 'echo child; exit' USR2; echo ready; while :; do sleep 0.05; done) & trap 'echo parent' USR2; while :; do sleep 0.05; done");
        bundle.Launch("run", "c", "--detach");
        string output = Path.Combine(bundle.Folder, "out.txt");
        WaitForText(output, "ready");
        bundle.Succeed("kill", "--all", "c", "USR2");
        WaitForText(output, "child");
        WaitForText(output, "parent");
        bundle.Succeed("kill", "-a", "c", "9");
        bundle.WaitFor("c", "stopped");
        Assert.Empty(bundle.Cgroup.Processes());
    }

    [Fact]
    public void Lists_have_a_table_and_json()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        Assert.Equal("[]\n", bundle.Succeed("list", "--format", "json"));
        bundle.Launch("run", "c", "--detach");
        int process = bundle.State("c").Pid;
        Assert.Equal("c\n", bundle.Succeed("list", "-q"));
        string[] table = bundle.Succeed("list").TrimEnd().Split('\n');
        Assert.Matches("^ID +PID +STATUS +BUNDLE +CREATED +OWNER$", table[0]);
        Assert.Matches($"^c +{process} +running +{bundle.Folder} +20.+Z +root$", table[1]);
        using JsonDocument list = JsonDocument.Parse(bundle.Succeed("list", "--format=json"));
        Assert.Equal(process, Assert.Single(list.RootElement.EnumerateArray().ToList()).GetProperty("pid").GetInt32());
        using JsonDocument processes = JsonDocument.Parse(bundle.Succeed("ps", "--format", "json", "c"));
        Assert.Equal([process], processes.RootElement.EnumerateArray().Select(item => item.GetInt32()));
        Assert.Contains("/bin/sleep 1000", bundle.Succeed("ps", "c"), StringComparison.Ordinal);
    }

    [Fact]
    public void Events_tell_what_the_kernel_counts()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exec sleep 1000", spec => spec with
        {
            Linux = spec.Linux! with { Resources = new OciResources { Memory = new OciMemory { Limit = 64 << 20 }, Pids = new OciPids { Limit = 50 } } },
        });
        bundle.Launch("run", "c", "--detach");
        using JsonDocument document = JsonDocument.Parse(bundle.Succeed("events", "--stats", "c"));
        Assert.Equal("stats", document.RootElement.GetProperty("type").GetString());
        Assert.Equal("c", document.RootElement.GetProperty("id").GetString());
        JsonElement data = document.RootElement.GetProperty("data");
        Assert.True(data.GetProperty("cpu").GetProperty("usage").GetProperty("total").GetInt64() > 0);
        Assert.Equal(64 << 20, data.GetProperty("memory").GetProperty("usage").GetProperty("limit").GetInt64());
        Assert.InRange(data.GetProperty("memory").GetProperty("usage").GetProperty("usage").GetInt64(), 1, 64 << 20);
        Assert.Equal((1, 50), (data.GetProperty("pids").GetProperty("current").GetInt32(), data.GetProperty("pids").GetProperty("limit").GetInt32()));

        using Process watch = bundle.Start("events", "--interval", "20ms", "c");
        Assert.Contains("\"stats\"", watch.StandardOutput.ReadLine()!, StringComparison.Ordinal);
        Assert.Contains("\"stats\"", watch.StandardOutput.ReadLine()!, StringComparison.Ordinal);
        bundle.Succeed("kill", "c", "KILL");
        Assert.Equal(0, CtrunBundle.Finish(watch).ExitCode);
        Assert.Contains("container not running", bundle.Fail("events", "--stats", "c"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_killed_creation_leaves_gives_way_to_the_next()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        for (int round = 0; round < 20; round++)
        {
            // Killed a little later each time: somewhere between the folder and the record.
            using (Process creation = bundle.Start("create", "c"))
            {
                Thread.Sleep(round);
                creation.Kill();
                creation.WaitForExit();
            }

            CommandResult result = bundle.Run("delete", "--force", "c");
            Assert.True(result.ExitCode == 0, result.Error);
            bundle.AssertClean();
        }
    }

    [Fact]
    public void Parallel_creations_of_one_id_make_one_container()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"]);
        Process[] processes = [.. Enumerable.Range(0, 8).Select(_ => bundle.Start("run", "--keep", "c"))];
        CommandResult[] results = [.. processes.Select(CtrunBundle.Finish)];
        foreach (Process process in processes) process.Dispose();
        Assert.Equal(1, results.Count(result => result.ExitCode == 0));
        Assert.All(results.Where(result => result.ExitCode != 0), result => Assert.Contains("already", result.Error, StringComparison.Ordinal));
        bundle.Succeed("delete", "c");
        bundle.AssertClean();
    }

    private static void WaitForText(string path, string text)
    {
        for (long end = Environment.TickCount64 + 180_000; !File.ReadAllText(path).Contains(text, StringComparison.Ordinal); Thread.Sleep(10))
        {
            Assert.True(Environment.TickCount64 < end, $"'{text}' does not come: {File.ReadAllText(path)}");
        }
    }
}
