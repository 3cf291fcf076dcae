using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>containerd with the shim of runc, and ctrun as its BinaryName.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ContainerdTests(DaemonFixture fixture)
{
    private const string Idle = "trap exit TERM; while :; do sleep 0.05; done";

    private string Rootfs => fixture.Sandbox.Folder + "/rootfs";

    [Fact]
    public void A_task_runs_in_the_foreground()
    {
        Require();
        // Not at once: ctr gives up what it has not opened yet when the task has ended (io.Cancel before io.Wait in its Delete), and on a busy machine a task may be faster.
        Assert.Equal("hello\n", Run("front", "--rm", "/bin/sh", "-c", "sleep 1; echo hello"));
        Assert.Equal(3, fixture.Sandbox.Run(Command("status", ["--rm"], "/bin/sh", "-c", "exit 3")).ExitCode);
        Assert.Contains("no-such-program", fixture.Sandbox.Run(Command("missing", ["--rm"], "/bin/no-such-program")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_is_handed_over()
    {
        Require();
        Assert.Contains("/dev/pts/0", fixture.Sandbox.OnTerminal("", Command("screen", ["--rm", "-t"], "/bin/tty")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_is_executed_in_paused_measured_killed_and_deleted()
    {
        Require();
        Run("task", "-d", "/bin/sh", "-c", Idle);
        Assert.Equal("inside\n", Ctr("task", "exec", "--exec-id", "one", "task", "/bin/echo", "inside"));
        Assert.Equal(7, fixture.Sandbox.Run(fixture.Ctr("task", "exec", "--exec-id", "two", "task", "/bin/sh", "-c", "exit 7")).ExitCode);
        Assert.Contains("/dev/pts/0", fixture.Sandbox.OnTerminal("", fixture.Ctr("task", "exec", "-t", "--exec-id", "three", "task", "/bin/tty")).Output, StringComparison.Ordinal);
        // The shim asks ctrun ps for the processes.
        Assert.Matches("PID +INFO\n([0-9]+ +-\n)+", Ctr("task", "ps", "task"));
        Ctr("task", "pause", "task");
        Assert.Matches("task +[0-9]+ +PAUSED", Ctr("task", "ls"));
        Ctr("task", "resume", "task");
        Assert.Matches("task +[0-9]+ +RUNNING", Ctr("task", "ls"));
        string metrics = Ctr("task", "metrics", "task");
        Assert.Matches(@"memory\.usage(_in_bytes)? +[1-9]", metrics);
        Assert.Matches(@"pids\.current +[1-9]", metrics);
        Ctr("task", "kill", "-s", "TERM", "task");
        EngineSandbox.WaitUntil(() => Ctr("task", "ls").Contains("STOPPED", StringComparison.Ordinal), "the task's end");
        Ctr("task", "delete", "task");
        Ctr("container", "delete", "task");
        Assert.DoesNotContain("task", Ctr("container", "ls", "-q"), StringComparison.Ordinal);
    }

    [Fact]
    public void All_processes_of_a_task_can_be_killed()
    {
        Require();
        Run("many", "-d", "/bin/sh", "-c", "sleep 1000 & sleep 1000 & wait");
        Ctr("task", "kill", "-a", "-s", "KILL", "many");
        EngineSandbox.WaitUntil(() => Ctr("task", "ls").Contains("STOPPED", StringComparison.Ordinal), "the task's end");
        Assert.Contains("exit code 137", fixture.Sandbox.Run(fixture.Ctr("task", "delete", "many")).Error, StringComparison.Ordinal);
        Ctr("container", "delete", "many");
    }

    private string Run(string id, string option, params string[] command) => fixture.Sandbox.Succeed(Command(id, [option], command));

    private string[] Command(string id, string[] options, params string[] command) => fixture.Ctr([
        "run", .. options, "--runtime", "io.containerd.runc.v2", "--runc-binary", EngineSandbox.Ctrun, "--cgroup", $"{fixture.Sandbox.CgroupParent}/{id}",
        "--rootfs", Rootfs, id, .. command]);

    private string Ctr(params string[] arguments) => fixture.Sandbox.Succeed(fixture.Ctr(arguments));

    private void Require() => Assert.SkipWhen(fixture.ContainerdObstacle is not null, fixture.ContainerdObstacle ?? "");
}
