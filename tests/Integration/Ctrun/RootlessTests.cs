using System.Diagnostics;
using System.Text.Json;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>ctrun as a user without any privilege: in a user namespace of the container's own, and without cgroups where none is delegated.</summary>
public sealed class RootlessTests : IDisposable
{
    private const uint User = 12345;
    private const uint FirstSubordinate = 200_000;
    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(3);
    private readonly CtrunBundle _bundle;

    public RootlessTests()
    {
        _bundle = CtrunBundle.Create();
        try
        {
            Assert.SkipWhen(Engines.EngineSandbox.Find("setpriv") is null, "setpriv(1) is not installed");
            // Where the tests' own ctrun is, the user may have no business.
            File.Copy(EngineTools.Ctrun(), Path.Combine(_bundle.Folder, "ctrun"));
            using Process owner = Process.Start("chown", ["-R", $"{User}:{User}", _bundle.Folder]);
            owner.WaitForExit();
            CommandResult tried = Run("unshare --user --map-root-user true");
            Assert.SkipUnless(tried.ExitCode == 0, $"users may make no user namespaces here: {tried.Error.Trim()}");
        }
        catch
        {
            _bundle.Dispose();
            throw;
        }
    }

    private string Root => Path.Combine(_bundle.Folder, "ctrun-state");

    public void Dispose()
    {
        foreach (string id in new RunStore(Root).Ids()) Run($"./ctrun --root {Root} delete --force {id}");
        _bundle.Dispose();
    }

    [Fact]
    public void A_container_runs_in_the_foreground()
    {
        Write(["/bin/sh", "-c", "id; cat /proc/self/uid_map; exit 3"]);
        CommandResult result = Ctrun("run c");
        Assert.Equal((3, ""), (result.ExitCode, result.Error));
        Assert.Matches(@"^uid=0 gid=0[^\n]*\n +0 +12345 +1\n$", result.Output);
        AssertClean();
    }

    [Fact]
    public void A_container_is_created_started_executed_in_killed_and_deleted()
    {
        Write(["/bin/sleep", "1000"]);
        Assert.Equal((0, ""), Left(Ctrun("create c </dev/null >out 2>err")));
        Assert.Equal("created", State("c").Status);
        Assert.Equal((0, ""), Left(Ctrun("start c")));
        Assert.Equal("running", State("c").Status);
        // Its process is the user's own on the host.
        Assert.Contains($"Uid:\t{User}\t{User}", File.ReadAllText($"/proc/{State("c").Pid}/status"), StringComparison.Ordinal);
        CommandResult executed = Ctrun("exec c /bin/sh -c 'id; ls -d /proc/1; echo $$; exit 5'");
        Assert.Equal((5, ""), (executed.ExitCode, executed.Error));
        // In the container's pid namespace too: a small number, which is not the first process's.
        Assert.Matches(@"^uid=0 gid=0[^\n]*\n/proc/1\n([2-9]|[1-9][0-9])\n$", executed.Output);
        Assert.Equal(127, Ctrun("exec c /bin/nothing").ExitCode);
        Assert.Contains("sleep", Ctrun("ps c").Output, StringComparison.Ordinal);
        Assert.Contains("has no cgroup", Ctrun("pause c").Error, StringComparison.Ordinal);
        Assert.Equal((0, ""), Left(Ctrun("kill c KILL")));
        Engines.EngineSandbox.WaitUntil(() => State("c").Status == "stopped", "the end of the container");
        Assert.Equal((0, ""), Left(Ctrun("delete c")));
        AssertClean();
    }

    [Fact]
    public void More_ids_than_the_own_are_mapped_by_the_helpers()
    {
        Assert.SkipWhen(Engines.EngineSandbox.Find("newuidmap") is null, "newuidmap(1) is not installed (package uidmap)");
        Write(["/bin/sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map; id"], static spec => spec with
        {
            Process = spec.Process! with { User = new OciUser { Uid = 7, Gid = 8, AdditionalGids = [9] } },
            Linux = spec.Linux! with
            {
                UidMappings = [new OciIdMapping(0, User, 1), new OciIdMapping(1, FirstSubordinate, 1000)],
                GidMappings = [new OciIdMapping(0, User, 1), new OciIdMapping(1, FirstSubordinate, 1000)],
            },
        });
        // Users and their subordinate ids are the machine's: in a mount namespace of the test's own there are others.
        Prepare("passwd", $"{File.ReadAllText("/etc/passwd")}rootless:x:{User}:{User}::/:/bin/sh\n");
        Prepare("group", $"{File.ReadAllText("/etc/group")}rootless:x:{User}:\n");
        Prepare("subuid", $"rootless:{FirstSubordinate}:65536\n");
        Prepare("subgid", $"rootless:{FirstSubordinate}:65536\n");
        string mounts = string.Join(" && ", ((string[])["passwd", "group", "subuid", "subgid"]).Where(static name => File.Exists("/etc/" + name)).Select(name => $"mount --bind {name} /etc/{name}"));
        CommandResult result = RunAsRoot($"{mounts} && exec {AsUser($"./ctrun --root {Root} run c")}");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches(@"^( +0 +12345 +1\n +1 +200000 +1000\n){2}uid=7 gid=8 groups=9\n$", result.Output);
        // Not given to the user: refused in the helper's own words.
        Prepare("subuid", $"rootless:{FirstSubordinate}:1\n");
        CommandResult refused = RunAsRoot($"{mounts} && exec {AsUser($"./ctrun --root {Root} run c")}");
        Assert.Contains("newuidmap refuses the map", refused.Error, StringComparison.Ordinal);
        AssertClean();
    }

    [Fact]
    public void Limits_without_a_cgroup_are_refused_in_one_sentence()
    {
        Write(["/bin/true"], static spec => spec with { Linux = spec.Linux! with { Resources = new OciResources { Pids = new OciPids { Limit = 10 } } } });
        CommandResult result = Ctrun("run c");
        Assert.Contains("which this user may not make", result.Error, StringComparison.Ordinal);
        AssertClean();
    }

    [Fact]
    public void A_delegated_cgroup_limits_freezes_and_counts()
    {
        List<string> folders = [.. ((string[])["/sys/fs/cgroup", .. Directory.GetDirectories("/sys/fs/cgroup")])
            .Where(static folder => File.Exists(folder + "/cgroup.procs") && !new DirectoryInfo(folder).Attributes.HasFlag(FileAttributes.ReparsePoint) && IsHierarchy(folder)).Select(folder => folder + _bundle.CgroupPath)];
        string? unified = folders.Find(static folder => File.Exists(Path.GetDirectoryName(folder) + "/cgroup.controllers"));
        Assert.SkipUnless(folders.Exists(static folder => folder.StartsWith("/sys/fs/cgroup/pids/", StringComparison.Ordinal)), "delegation of v2 alone takes a manager: the virtual machine tries it");
        try
        {
            foreach (string folder in folders)
            {
                Directory.CreateDirectory(folder);
                foreach (string name in (string[])["cpuset.mems", "cpuset.cpus"])
                    if (File.Exists($"{folder}/{name}")) File.WriteAllText($"{folder}/{name}", File.ReadAllText($"{Path.GetDirectoryName(folder)}/{name}"));
            }

            using (Process owner = Process.Start("chown", ["-R", $"{User}:{User}", .. folders])) owner.WaitForExit();
            Write(["/bin/sleep", "1000"], spec => spec with
            {
                Linux = spec.Linux! with { CgroupsPath = _bundle.CgroupPath + "/c", Resources = new OciResources { Pids = new OciPids { Limit = 20 } } },
            });
            // v2 lets a process move only below a cgroup that it may write to.
            string enter = unified is null ? "" : $"echo $$ > {unified}/cgroup.procs && ";
            CommandResult started = RunAsRoot($"{enter}exec {AsUser($"./ctrun --root {Root} run -d c </dev/null >out 2>err")}");
            Assert.True(started.ExitCode == 0, File.ReadAllText(Path.Combine(_bundle.Folder, "err")) + started.Error);
            string limit = $"/sys/fs/cgroup/pids{_bundle.CgroupPath}/c/pids.max";
            Assert.Equal("20\n", File.ReadAllText(limit));
            Assert.Equal((0, ""), Left(Ctrun("update --pids-limit 30 c")));
            Assert.Equal("30\n", File.ReadAllText(limit));
            Assert.Equal((0, ""), Left(Ctrun("pause c")));
            Assert.Equal("paused", State("c").Status);
            Assert.Equal((0, ""), Left(Ctrun("resume c")));
            Assert.Contains("\"limit\":30", Ctrun("events --stats c").Output, StringComparison.Ordinal);
            Assert.Equal((0, ""), Left(Ctrun("delete --force c")));
            Assert.False(File.Exists(limit));
            AssertClean();
        }
        finally
        {
            Ctrun("delete --force c");
            foreach (string folder in folders) Engines.EngineSandbox.WaitUntil(() => Engines.EngineSandbox.RemoveTree(folder), folder + " to be removed");
        }

        static bool IsHierarchy(string folder) => File.Exists(folder + "/tasks") || File.Exists(folder + "/cgroup.controllers");
    }

    [Fact]
    public void Hooks_run_in_their_namespaces()
    {
        OciHook Hook(string kind) => new() { Path = "/bin/sh", Args = ["sh", "-c", $"cat > /dev/null; echo {kind} $(id -u) $(readlink /proc/self/ns/user) >> {_bundle.Folder}/hooks"] };
        // The root file system may be reached by a link.
        File.CreateSymbolicLink(Path.Combine(_bundle.Folder, "link"), "rootfs");
        Write(["/bin/true"], spec => spec with
        {
            Root = spec.Root! with { Path = "link" },
            Hooks = new OciHooks
            {
                Prestart = [Hook("prestart")],
                CreateRuntime = [Hook("createRuntime")],
                CreateContainer = [Hook("createContainer")],
                Poststart = [Hook("poststart")],
                Poststop = [Hook("poststop")],
            },
        });
        CommandResult result = Ctrun("run c");
        Assert.Equal((0, ""), Left(result));
        string[][] seen = [.. File.ReadAllLines(Path.Combine(_bundle.Folder, "hooks")).Select(static line => line.Split(' '))];
        Assert.Equal(["prestart", "createRuntime", "createContainer", "poststart", "poststop"], seen.Select(static parts => parts[0]));
        Assert.Equal([$"{User}", $"{User}", "0", $"{User}", $"{User}"], seen.Select(static parts => parts[1]));
        Assert.NotEqual(seen[0][2], seen[2][2]);
        Assert.Equal(seen[0][2], seen[3][2]);
        Write(["/bin/true"], spec => spec with { Hooks = new OciHooks { StartContainer = [Hook("startContainer")] } });
        Assert.Contains("cannot be had without privileges", Ctrun("run c").Error, StringComparison.Ordinal);
        Write(["/bin/true"], spec => spec with
        {
            Linux = spec.Linux! with { Seccomp = new OciSeccomp { DefaultAction = "SCMP_ACT_ALLOW", ListenerPath = "/nobody" } },
        });
        Assert.Contains("cannot be had without privileges", Ctrun("run c").Error, StringComparison.Ordinal);
        AssertClean();
    }

    private static (int ExitCode, string Error) Left(CommandResult result) => (result.ExitCode, result.Error);

    private void Write(string[] command, Func<OciSpec, OciSpec>? change = null)
    {
        OciSpec spec = SpecTemplate.Create(User);
        spec = spec with { Process = spec.Process! with { Args = command, Terminal = false } };
        if (change is not null) spec = change(spec);
        File.WriteAllBytes(Path.Combine(_bundle.Folder, "config.json"), JsonSerializer.SerializeToUtf8Bytes(spec, OciJson.Default.OciSpec));
    }

    private void Prepare(string name, string text) => File.WriteAllText(Path.Combine(_bundle.Folder, name), text);

    private OciState State(string id)
    {
        CommandResult result = Ctrun("state " + id);
        Assert.Equal((0, ""), Left(result));
        return JsonSerializer.Deserialize(result.Output, OciJson.Default.OciState)!;
    }

    private void AssertClean() => Assert.Empty(new RunStore(Root).Ids());

    private CommandResult Ctrun(string arguments) => Run($"./ctrun --root {Root} {arguments}");

    private CommandResult Run(string command) => RunAsRoot($"exec {AsUser(command)}");

    private static string AsUser(string command) => $"setpriv --reuid {User} --regid {User} --clear-groups --inh-caps=-all --bounding-set=+all /bin/sh -c \"{command.Replace("$", "\\$", StringComparison.Ordinal)}\"";

    private CommandResult RunAsRoot(string script)
    {
        ProcessStartInfo start = new("unshare", ["--mount", "--propagation", "slave", "/bin/sh", "-c", script])
        {
            WorkingDirectory = _bundle.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(s_hang) && Task.WaitAll([output, error], s_hang), $"{script} does not end");
        return new CommandResult(process.ExitCode, output.Result, error.Result);
    }
}
