using ContainerTools.Integration.Tests.Ctrun;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>dockerd with ctrun among its runtimes.</summary>
[Collection(DaemonCollection.Name)]
public sealed class DockerTests(DaemonFixture fixture)
{
    private const string Idle = "trap exit TERM; echo ready; while :; do sleep 0.05; done";
    private static readonly string[] s_run = ["run", "--runtime", "ctrun", "--network", "none"];

    [Fact]
    public void A_command_runs_in_the_foreground_and_its_status_is_dockers()
    {
        Require();
        Assert.Equal("hello\n", Docker([.. s_run, "--rm", "box", "echo", "hello"]));
        Assert.Equal(3, Run([.. s_run, "--rm", "box", "sh", "-c", "exit 3"]).ExitCode);
        CommandResult missing = Run([.. s_run, "--rm", "box", "no-such-program"]);
        Assert.Equal(127, missing.ExitCode);
        Assert.Contains("no-such-program", missing.Error, StringComparison.Ordinal);
        Assert.Equal("1000\n/tmp\nname\nb\n", Docker([
            .. s_run, "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "1000", "-w", "/tmp",
            "-e", "A=b", "-h", "name", "box", "sh", "-c", "id -u; pwd; busybox hostname; echo $A"]));
    }

    [Fact]
    public void A_container_is_executed_in_measured_updated_paused_and_stopped()
    {
        Require();
        Docker([.. s_run, "-d", "--name", "one", "-m", "64m", "--pids-limit", "50", "box", "sh", "-c", Idle]);
        Assert.Equal("inside\n", Docker("exec", "one", "echo", "inside"));
        Assert.Equal(7, Run("exec", "one", "sh", "-c", "exit 7").ExitCode);
        Assert.Contains("64MiB", Docker("stats", "--no-stream", "one"), StringComparison.Ordinal);
        Assert.Contains("sleep", Docker("top", "one"), StringComparison.Ordinal);
        Docker("update", "--memory", "96m", "--memory-swap", "192m", "--cpus", "0.5", "--pids-limit", "60", "one");
        Assert.Contains("96MiB", Docker("stats", "--no-stream", "one"), StringComparison.Ordinal);
        Docker("pause", "one");
        Assert.Equal("paused\n", Docker("inspect", "-f", "{{.State.Status}}", "one"));
        Docker("unpause", "one");
        EngineSandbox.WaitUntil(() => Docker("logs", "one").Contains("ready", StringComparison.Ordinal), "the container's trap");
        Docker("stop", "-t", "100", "one");
        Assert.Equal("exited 0\n", Docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "one"));
        Docker("start", "one");
        Docker("kill", "one");
        Assert.Equal("137\n", Docker("wait", "one"));
        Docker("rm", "one");
    }

    [Fact]
    public void A_terminal_is_interactive()
    {
        Require();
        // What is typed reaches the container's shell through its terminal; exit ends it.
        CommandResult run = fixture.Sandbox.OnTerminal("tty; echo sum $((3+4)); exit 5\n", ["docker", .. s_run, "--rm", "-it", "box", "sh"]);
        Assert.Contains("/dev/pts/0", run.Output, StringComparison.Ordinal);
        Assert.Contains("sum 7", run.Output, StringComparison.Ordinal);
        Assert.Equal(5, run.ExitCode);
        Docker([.. s_run, "-d", "--name", "screen", "box", "sleep", "1000"]);
        Assert.Contains("/dev/pts/0", fixture.Sandbox.OnTerminal("", "docker", "exec", "-it", "screen", "tty").Output, StringComparison.Ordinal);
        Docker("rm", "-f", "screen");
    }

    [Fact]
    public void A_container_out_of_memory_is_told_from_a_killed_one()
    {
        Require();
        Assert.Equal(137, Run([.. s_run, "--name", "greedy", "-m", "16m", "box", "sh", "-c", "a=x; while :; do a=$a$a; done"]).ExitCode);
        Assert.Equal("true\n", Docker("inspect", "-f", "{{.State.OOMKilled}}", "greedy"));
        Docker("rm", "greedy");
    }

    private string Docker(params string[] arguments) => fixture.Sandbox.Succeed(["docker", .. arguments]);

    private CommandResult Run(params string[] arguments) => fixture.Sandbox.Run(["docker", .. arguments]);

    private void Require() => Assert.SkipWhen(fixture.DockerObstacle is not null, fixture.DockerObstacle ?? "");
}
