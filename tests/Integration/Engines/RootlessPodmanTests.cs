using ContainerTools.Integration.Tests.Ctrun;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>The Podman of a user without privileges, with ctrun as its runtime: what crun does there is what is expected.</summary>
public sealed class RootlessPodmanTests(RootlessPodmanFixture fixture) : IClassFixture<RootlessPodmanFixture>
{
    private const string Idle = "trap exit TERM; echo ready; while :; do sleep 0.05; done";

    [Theory]
    [InlineData("", "id; cat /proc/self/uid_map /proc/self/gid_map; busybox ls -l /dev; busybox grep -E '^(Cap|NoNew|Seccomp)' /proc/self/status")]
    [InlineData("--userns keep-id", "id; cat /proc/self/uid_map")]
    [InlineData("--uidmap 0:1:1000 --uidmap 1000:0:1 --user 5:6", "id; cat /proc/self/uid_map")]
    [InlineData("--user 1000:1001 -w /tmp -e A=b -h name --read-only --tmpfs /scratch", "id; pwd; busybox hostname; echo $A; echo x > /scratch/x; echo x > /x")]
    [InlineData("--cap-drop all --security-opt no-new-privileges", "busybox grep -E '^(Cap|NoNew|Seccomp)' /proc/self/status")]
    [InlineData("--privileged", "busybox grep ^Cap /proc/self/status; busybox awk '{ print $5 }' /proc/self/mountinfo | busybox sort")]
    [InlineData("", "busybox awk '{ print $5 }' /proc/self/mountinfo | busybox sort")]
    [InlineData("--systemd always", "busybox awk '{ print $5 }' /proc/self/mountinfo | busybox sort -u")]
    [InlineData("--cgroups disabled", "cat /proc/self/cgroup")]
    [InlineData("--group-add keep-groups", "id")]
    [InlineData("--device /dev/null:/dev/nothing --ulimit nofile=100:100 --oom-score-adj 500", "busybox ls -l /dev/nothing; ulimit -n; cat /proc/self/oom_score_adj")]
    [InlineData("", "exit 3")]
    [InlineData("", "kill -9 $$")]
    public void It_runs_a_container_as_crun_does(string options, string script)
    {
        Require();
        string[] arguments = ["run", "--rm", "--network", "none", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "box", "sh", "-c", script];
        CommandResult expected = fixture.Run("crun", arguments), result = fixture.Run("ctrun", arguments);
        Assert.Equal((expected.ExitCode, Timeless(expected.Output)), (result.ExitCode, Timeless(result.Output)));
        // Podman's own for what did not come to run.
        Assert.NotInRange(result.ExitCode, 125, 127);
    }

    [Fact]
    public void A_program_that_is_not_there_is_podmans_127()
    {
        Require();
        CommandResult missing = fixture.Run("ctrun", "run", "--rm", "--network", "none", "box", "no-such-program");
        Assert.Equal(127, missing.ExitCode);
        Assert.Contains("no-such-program", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_is_executed_in_stopped_started_killed_and_removed()
    {
        Require();
        Podman("run", "-d", "--name", "one", "--network", "none", "box", "sh", "-c", Idle);
        // In the user namespace that Podman has made there is root; on the machine it is the user.
        Assert.Equal("inside 0\n", Podman("exec", "one", "sh", "-c", "echo inside $(id -u)"));
        string process = Podman("inspect", "-f", "{{.State.Pid}}", "one").Trim();
        Assert.Contains($"Uid:\t{RootlessPodmanFixture.User}\t", fixture.Sandbox.Succeed("cat", $"/proc/{process}/status"), StringComparison.Ordinal);
        Assert.Equal(7, fixture.Run("ctrun", "exec", "one", "sh", "-c", "exit 7").ExitCode);
        Assert.Contains("/dev/pts/0", fixture.Sandbox.OnTerminal("", fixture.Command("ctrun", "exec", "-t", "one", "tty")).Output, StringComparison.Ordinal);
        Assert.Contains("sleep", Podman("top", "one", "args"), StringComparison.Ordinal);
        Podman("run", "-d", "--name", "beside", "--network", "none", "--pid", "container:one", "box", "sleep", "1000");
        Assert.Contains("ready", Podman("exec", "beside", "cat", "/proc/1/cmdline"), StringComparison.Ordinal);
        Podman("rm", "-f", "-t", "0", "beside");
        EngineSandbox.WaitUntil(() => Podman("logs", "one").Contains("ready", StringComparison.Ordinal), "the container's trap");
        Podman("stop", "-t", "100", "one");
        Assert.Equal("exited 0\n", Podman("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "one"));
        Podman("start", "one");
        Podman("kill", "one");
        Assert.Equal("137\n", Podman("wait", "one"));
        Podman("rm", "one");
    }

    [Fact]
    public void A_pod_shares_its_namespaces()
    {
        Require();
        Podman("pod", "create", "--name", "pod", "--network", "none", "--infra-image", "localhost/box", "--infra-command", "sleep 1000", "--share", "net,ipc,uts");
        Podman("run", "-d", "--pod", "pod", "--name", "a", "box", "sleep", "1000");
        Podman("run", "-d", "--pod", "pod", "--name", "b", "box", "sleep", "1000");
        foreach (string name in (string[])["net", "ipc", "uts"])
            Assert.Equal(Podman("exec", "a", "busybox", "readlink", "/proc/self/ns/" + name), Podman("exec", "b", "busybox", "readlink", "/proc/self/ns/" + name));
        Podman("pod", "rm", "-f", "-t", "0", "pod");
        Assert.Equal("", Podman("ps", "-aq", "--filter", "name=^[ab]$"));
    }

    /// <summary>Without what differs from run to run: times in listings.</summary>
    private static string Timeless(string output) => System.Text.RegularExpressions.Regex.Replace(output, @"[A-Z][a-z]{2} +\d+ +\d\d:\d\d", "TIME");

    private string Podman(params string[] arguments)
    {
        CommandResult result = fixture.Run("ctrun", arguments);
        Assert.True(result.ExitCode == 0, $"podman {string.Join(' ', arguments)}: {result.ExitCode} {result.Output}{result.Error}");
        return result.Output;
    }

    private void Require() => Assert.SkipWhen(fixture.Obstacle is not null, fixture.Obstacle ?? "");
}
