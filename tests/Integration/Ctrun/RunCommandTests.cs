using System.Diagnostics;
using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

public sealed class RunCommandTests
{
    [Fact]
    public void The_exit_code_and_the_streams_are_the_processs()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("cat; echo out; echo err >&2; exit 7");
        using Process process = bundle.Start("run", "c");
        process.StandardInput.Write("in\n");
        process.StandardInput.Close();
        CommandResult result = CtrunBundle.Finish(process);
        Assert.Equal((7, "in\nout\n", "err\n"), (result.ExitCode, result.Output, result.Error));
        bundle.AssertClean();
    }

    [Fact]
    public void The_container_has_its_own_namespaces_hostname_and_processes()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("hostname; echo $$; ls -d /proc/[0-9]*; cat /proc/self/status | grep ^CapBnd", spec => spec with { Hostname = "box" });
        string[] lines = bundle.Succeed("run", "c").Split('\n');
        Assert.Equal("box", lines[0]);
        Assert.Equal("1", lines[1]);
        Assert.Equal("/proc/1", lines[2]);
        // CAP_KILL, CAP_NET_BIND_SERVICE and CAP_AUDIT_WRITE.
        Assert.Contains("CapBnd:\t0000000020000420", lines);
    }

    [Theory]
    [InlineData("/bin/none", 127, "no such file or directory")]
    [InlineData("none", 127, "no such file or directory")]
    [InlineData("/etc", 126, "permission denied")]
    [InlineData("/bin/text", 126, "permission denied")]
    public void A_command_that_cannot_be_executed_has_the_shells_exit_code(string command, int code, string reason)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write([command]);
        CommandResult result = bundle.Run("run", "c");
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        bundle.AssertClean();
    }

    [Fact]
    public void A_signal_that_ends_the_process_is_told_as_128_and_its_number()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        // The first process of a pid namespace does not get signals from inside that it has no handler for: so without one.
        bundle.WriteScript("kill -SEGV $$", spec => spec with
        {
            Linux = spec.Linux! with { Namespaces = spec.Linux.Namespaces!.Where(item => item.Type != "pid").ToList() },
        });
        Assert.Equal(128 + 11, bundle.Run("run", "c").ExitCode);
        bundle.AssertClean();
    }

    [Theory]
    [InlineData("TERM", Signal.SIGTERM)]
    [InlineData("INT", Signal.SIGINT)]
    [InlineData("HUP", Signal.SIGHUP)]
    [InlineData("USR1", Signal.SIGUSR1)]
    public void Signals_are_passed_on(string name, int number)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript($"trap 'echo got; exit 9' {name}; echo ready; while :; do sleep 0.05; done");
        using Process process = bundle.Start("run", "c");
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        using SafeFileHandle ctrun = Libc.OpenProcess(process.Id)!;
        Assert.True(Libc.SendSignal(ctrun, number));
        CommandResult result = CtrunBundle.Finish(process);
        Assert.Equal((9, "got\n"), (result.ExitCode, result.Output));
        bundle.AssertClean();
    }

    [Fact]
    public void Many_signals_at_once_do_no_harm()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("trap : USR1; trap 'exit 4' TERM; echo ready; while :; do sleep 0.05; done");
        using Process process = bundle.Start("run", "c");
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        using SafeFileHandle ctrun = Libc.OpenProcess(process.Id)!;
        for (int count = 0; count < 2000; count++) Assert.True(Libc.SendSignal(ctrun, Signal.SIGUSR1));
        Assert.True(Libc.SendSignal(ctrun, Signal.SIGTERM));
        Assert.Equal(4, CtrunBundle.Finish(process).ExitCode);
    }

    [Fact]
    public void With_keep_the_container_stays_as_stopped()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"]);
        bundle.Succeed("run", "--keep", "c");
        Assert.Equal(("stopped", 0), (bundle.State("c").Status, bundle.State("c").Pid));
        bundle.Succeed("delete", "c");
        bundle.AssertClean();
    }

    [Fact]
    public void Detached_it_runs_on_and_its_process_id_is_in_the_file()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        bundle.Launch("run", "c", "--detach", "--pid-file", "pid");
        OciState state = bundle.State("c");
        Assert.Equal("running", state.Status);
        Assert.Equal(state.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture), File.ReadAllText(Path.Combine(bundle.Folder, "pid")));
        Assert.Equal([state.Pid], bundle.Cgroup.Processes());
        bundle.Succeed("delete", "--force", "c");
        bundle.AssertClean();
    }

    [Fact]
    public void A_container_whose_ctrun_was_killed_runs_on_and_is_still_known()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("echo ready; exec sleep 1000");
        using Process process = bundle.Start("run", "c");
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        // The process may be quicker than the record; killed between the two, ctrun leaves a creation that died.
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(bundle.Root, "c", "state.json")), TimeSpan.FromMinutes(2)));
        process.Kill();
        process.WaitForExit();
        Assert.Equal("running", bundle.State("c").Status);
        bundle.Succeed("kill", "c", "KILL");
        bundle.WaitFor("c", "stopped");
        bundle.Succeed("delete", "c");
        bundle.AssertClean();
    }

    [Fact]
    public void The_default_filter_is_in_force()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("grep ^Seccomp: /proc/self/status; unshare -m true; echo $?", CtrunBundle.WithDefaultSeccomp);
        CommandResult result = bundle.Run("run", "c");
        Assert.Equal("Seccomp:\t2\n1\n", result.Output);
        Assert.Contains("Operation not permitted", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bundle_that_is_not_there_or_not_valid_is_told_in_one_line()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        Assert.Contains("config.json", bundle.Fail("run", "c"), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(bundle.Folder, "config.json"), """{"process":{"cwd":"/","args":"sh"}}""");
        Assert.Contains("process.args: expected a list", bundle.Fail("run", "c"), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(bundle.Folder, "config.json"), "{\n\n,}");
        Assert.Contains("line 3", bundle.Fail("run", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    [Theory]
    [InlineData("json")]
    [InlineData("text")]
    public void An_error_is_in_the_log_as_engines_read_it(string format)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/none"]);
        string log = Path.Combine(bundle.Folder, "log");
        CommandResult result = bundle.Run("--log", log, "--log-format", format, "run", "c");
        string line = Assert.Single(File.ReadAllLines(log));
        string message = result.Error.TrimEnd()["ctrun: ".Length..];
        if (format == "json")
        {
            using JsonDocument document = JsonDocument.Parse(line);
            Assert.Equal("error", document.RootElement.GetProperty("level").GetString());
            Assert.Equal(message, document.RootElement.GetProperty("msg").GetString());
            Assert.True(document.RootElement.GetProperty("time").TryGetDateTimeOffset(out _));
        }
        else
        {
            Assert.Matches("^time=\"[^\"]+\" level=error msg=\"" + System.Text.RegularExpressions.Regex.Escape(message) + "\"$", line);
        }
    }
}
