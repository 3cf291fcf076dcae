using System.Text.Json;
using ContainerTools.Integration.Tests.Ctrun;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>Podman with ctrun as its runtime and cgroupfs as its cgroup manager.</summary>
public sealed class PodmanTests(PodmanFixture fixture) : IClassFixture<PodmanFixture>
{
    private const string Idle = "trap exit TERM; echo ready; while :; do sleep 0.05; done";

    [Fact]
    public void A_command_runs_in_the_foreground_and_its_status_is_podmans()
    {
        Require();
        Assert.Equal("hello\n", Podman(["run", "--rm", "--network", "none", .. fixture.Parent, "box", "echo", "hello"]));
        Assert.Equal(3, fixture.Run(EngineSandbox.Ctrun, ["run", "--rm", "--network", "none", .. fixture.Parent, "box", "sh", "-c", "exit 3"]).ExitCode);
        // Podman reads the reason out of the runtime's JSON log and makes its own exit code of it.
        CommandResult missing = fixture.Run(EngineSandbox.Ctrun, ["run", "--rm", "--network", "none", .. fixture.Parent, "box", "no-such-program"]);
        Assert.Equal(127, missing.ExitCode);
        Assert.Contains("no-such-program", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_is_executed_in_paused_measured_stopped_and_removed()
    {
        Require();
        Podman(["run", "-d", "--name", "one", "--network", "none", "-m", "64m", "--pids-limit", "50", .. fixture.Parent, "box", "sh", "-c", Idle]);
        Assert.Equal("inside\n", Podman("exec", "one", "echo", "inside"));
        Assert.Equal(7, fixture.Run(EngineSandbox.Ctrun, ["exec", "one", "sh", "-c", "exit 7"]).ExitCode);
        Assert.Contains(fixture.Sandbox.CgroupParent[1..], Podman("exec", "one", "cat", "/proc/self/cgroup") + Podman("inspect", "one"), StringComparison.Ordinal);
        Podman("pause", "one");
        Assert.Equal("paused\n", State("one"));
        Podman("unpause", "one");
        Assert.Equal("running\n", State("one"));
        using (JsonDocument stats = JsonDocument.Parse(Podman("stats", "--no-stream", "--format", "json", "one")))
            Assert.Contains("67.11MB", stats.RootElement[0].GetProperty("mem_usage").GetString(), StringComparison.Ordinal);
        Assert.Contains("sleep", Podman("top", "one", "args"), StringComparison.Ordinal);
        // A container that heeds SIGTERM ends with its own status; one that was killed with the signal's.
        EngineSandbox.WaitUntil(() => Podman("logs", "one").Contains("ready", StringComparison.Ordinal), "the container's trap");
        Podman("stop", "-t", "100", "one");
        Assert.Equal("exited 0\n", Podman("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "one"));
        Podman("start", "one");
        Podman("kill", "one");
        Assert.Equal("137\n", Podman("wait", "one"));
        Podman("rm", "one");
        Assert.DoesNotContain("one", Podman("ps", "-a", "--format", "{{.Names}}"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_is_handed_over()
    {
        Require();
        CommandResult run = fixture.Sandbox.OnTerminal("", PodmanFixture.Command(EngineSandbox.Ctrun, ["run", "--rm", "-t", "--network", "none", .. fixture.Parent, "box", "tty"]));
        Assert.Contains("/dev/pts/0", run.Output, StringComparison.Ordinal);
        Podman(["run", "-d", "--name", "screen", "--network", "none", .. fixture.Parent, "box", "sleep", "1000"]);
        CommandResult exec = fixture.Sandbox.OnTerminal("", PodmanFixture.Command(EngineSandbox.Ctrun, ["exec", "-t", "screen", "tty"]));
        Assert.Contains("/dev/pts/0", exec.Output, StringComparison.Ordinal);
        Podman("rm", "-f", "-t", "0", "screen");
    }

    [Fact]
    public void A_pod_shares_its_namespaces_and_its_parent_cgroup()
    {
        Require();
        Podman([
            "pod", "create", "--name", "pod", "--network", "none", "--infra-image", "localhost/box", "--infra-command", "sleep 1000",
            "--share", "net,ipc,uts", .. fixture.Parent]);
        Podman("run", "-d", "--pod", "pod", "--name", "a", "box", "sh", "-c", Idle);
        Podman("run", "-d", "--pod", "pod", "--name", "b", "box", "sleep", "1000");
        foreach (string name in (string[])["net", "ipc", "uts"]) Assert.Equal(Link("a", name), Link("b", name));
        Assert.NotEqual(Link("a", "mnt"), Link("b", "mnt"));
        // Both cgroups are in the pod's own, and neither is the other's.
        string podParent = Podman("pod", "inspect", "-f", "{{.CgroupPath}}", "pod").Trim();
        string first = CgroupOf("a"), second = CgroupOf("b");
        Assert.StartsWith(podParent + "/", first, StringComparison.Ordinal);
        Assert.StartsWith(podParent + "/", second, StringComparison.Ordinal);
        Assert.NotEqual(first, second);
        Podman("pod", "pause", "pod");
        Assert.Equal("paused\n", State("b"));
        Podman("pod", "unpause", "pod");
        Podman("pod", "stop", "-t", "1", "pod");
        Assert.Equal("exited\n", State("a"));
        Podman("pod", "rm", "-f", "-t", "0", "pod");
        Assert.Equal("", Podman("ps", "-aq", "--filter", "name=^[ab]$"));
    }

    private static string Link(PodmanFixture fixture, string container, string name) => fixture.Run(EngineSandbox.Ctrun, ["exec", container, "busybox", "readlink", "/proc/self/ns/" + name]).Output;

    private string Link(string container, string name) => Link(fixture, container, name);

    private string CgroupOf(string container)
    {
        string process = Podman("inspect", "-f", "{{.State.Pid}}", container).Trim();
        string[] lines = fixture.Sandbox.Succeed("cat", $"/proc/{process}/cgroup").TrimEnd().Split('\n');
        return lines.Select(line => line.Split(':', 3)[2]).First(path => path.Contains("libpod", StringComparison.Ordinal));
    }

    private string State(string container) => Podman("inspect", "-f", "{{.State.Status}}", container);

    private string Podman(params string[] arguments)
    {
        CommandResult result = fixture.Run(EngineSandbox.Ctrun, arguments);
        Assert.True(result.ExitCode == 0, $"podman {string.Join(' ', arguments)}: {result.ExitCode} {result.Output}{result.Error}");
        return result.Output;
    }

    private void Require() => Assert.SkipWhen(fixture.Obstacle is not null, fixture.Obstacle ?? "");
}
