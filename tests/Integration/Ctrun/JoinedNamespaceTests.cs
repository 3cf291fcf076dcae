using System.Globalization;
using System.Text.Json;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>Namespaces that are joined by path, beside new ones: what a pod's containers do, with and without user namespaces.</summary>
public sealed class JoinedNamespaceTests : IDisposable
{
    private const string Look = "readlink() { busybox readlink /proc/self/ns/$1; }; readlink user; readlink net; readlink ipc; echo $$; cat /proc/self/uid_map";
    private const uint FirstId = 300_000;
    private readonly CtrunBundle _bundle = CtrunBundle.Create();

    public void Dispose() => _bundle.Dispose();

    [Fact]
    public void A_container_joins_the_user_namespace_of_another_and_has_mounts_and_processes_of_its_own()
    {
        int pod = StartPod(withUser: true);
        Write(["user", "network", "ipc"], ["mount", "pid", "uts", "cgroup"], pod, mapped: true);
        Assert.Equal(Expected(pod, "user", "net", "ipc"), Lines(_bundle.Succeed("run", "one")));
        // Its process is the one that ctrun knows, and commands are executed beside it.
        _bundle.Launch("create", "two");
        _bundle.Succeed("start", "two");
        Engines.EngineSandbox.WaitUntil(() => State("two").Status == "stopped", "its end");
        _bundle.Succeed("delete", "two");
        Write(["user", "network", "ipc"], ["mount", "pid", "uts", "cgroup"], pod, mapped: true, command: ["/bin/sleep", "1000"]);
        _bundle.Launch("run", "three", "--detach");
        Assert.Equal(Namespace(State("three").Pid, "user"), Namespace(pod, "user"));
        Assert.NotEqual(Namespace(State("three").Pid, "mnt"), Namespace(pod, "mnt"));
        string[] executed = Lines(_bundle.Succeed("exec", "three", "/bin/sh", "-c", Look));
        Assert.Equal(Expected(pod, "user", "net", "ipc")[..3], executed[..3]);
    }

    [Fact]
    public void A_container_with_a_user_namespace_of_its_own_joins_the_network_of_one_without()
    {
        int pod = StartPod(withUser: false);
        Write(["network", "ipc"], ["user", "mount", "pid", "uts"], pod, mapped: true);
        string[] lines = Lines(_bundle.Succeed("run", "one"));
        Assert.Equal((Namespace(pod, "net"), Namespace(pod, "ipc"), "1"), (lines[1], lines[2], lines[3]));
        Assert.NotEqual(Namespace(pod, "user"), lines[0]);
        Assert.Equal(["0", $"{FirstId}", "65536"], lines[4].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_joined_user_namespace_and_a_network_of_the_host_go_together()
    {
        int pod = StartPod(withUser: true);
        Write(["user"], ["mount", "pid", "uts"], pod, mapped: true, others: [new OciNamespace("network") { Path = "/proc/self/ns/net" }]);
        string[] lines = Lines(_bundle.Succeed("run", "one"));
        Assert.Equal((Namespace(pod, "user"), Namespace(Environment.ProcessId, "net"), "1"), (lines[0], lines[1], lines[3]));
    }

    [Fact]
    public void A_namespace_that_cannot_be_joined_is_said_and_nothing_is_left()
    {
        int pod = StartPod(withUser: true);
        Write(["user"], ["mount", "pid", "uts"], pod, mapped: true, others: [new OciNamespace("network") { Path = $"/proc/{pod}/ns/ipc" }]);
        Assert.Contains("join the network namespace: EINVAL", _bundle.Fail("run", "one"), StringComparison.Ordinal);
        Assert.DoesNotContain("one", _bundle.Succeed("list", "-q"), StringComparison.Ordinal);
    }

    private int StartPod(bool withUser)
    {
        Write([], withUser ? ["user", "mount", "pid", "network", "ipc", "uts"] : ["mount", "pid", "network", "ipc", "uts"], 0, withUser, ["/bin/sleep", "1000"], cgroup: "-pod");
        _bundle.Launch("run", "pod", "--detach");
        return State("pod").Pid;
    }

    private static string[] Expected(int pod, params string[] joined)
        => [.. joined.Select(type => Namespace(pod, type)), "1", string.Create(CultureInfo.InvariantCulture, $"{0,10} {FirstId,10} {65536,10}")];

    // The links' targets are read as they are; an id map's columns are padded.
    private static string[] Lines(string output) => output.TrimEnd('\n').Split('\n');

    private static string Namespace(int processId, string type) => File.ResolveLinkTarget($"/proc/{processId}/ns/{type}", false) is { } link ? Path.GetFileName(link.FullName) : "";

    private OciState State(string id) => JsonSerializer.Deserialize(_bundle.Succeed("state", id), OciJson.Default.OciState)!;

    private void Write(string[] joined, string[] made, int pod, bool mapped, IReadOnlyList<string>? command = null, IReadOnlyList<OciNamespace>? others = null, string cgroup = "")
        => _bundle.Write(command ?? ["/bin/sh", "-c", Look], spec => spec with
        {
            // A sysfs shows its network's devices, an mqueue its ipc namespace's queues: they may be mounted by the owner of those only.
            Mounts = [.. (spec.Mounts ?? []).Where(static mount => mount.Type is not ("cgroup" or "mqueue")).Select(static mount
                => mount.Destination != "/sys" ? mount : new OciMount { Destination = "/sys", Type = "bind", Source = "/sys", Options = ["rbind", "ro"] })],
            Linux = spec.Linux! with
            {
                CgroupsPath = _bundle.CgroupPath + cgroup,
                Namespaces =
                [
                    .. made.Select(static type => new OciNamespace(type)),
                    .. joined.Select(type => new OciNamespace(type) { Path = $"/proc/{pod}/ns/{(type == "network" ? "net" : type)}" }),
                    .. others ?? [],
                ],
                UidMappings = mapped ? [new OciIdMapping(0, FirstId, 65536)] : null,
                GidMappings = mapped ? [new OciIdMapping(0, FirstId, 65536)] : null,
            },
        });
}
