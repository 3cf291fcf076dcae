using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>Hooks (config.md, POSIX-platform Hooks; runtime.md, Lifecycle): when, where, with what, and what a failure does.</summary>
public sealed class HookTests
{
    private static readonly string[] s_kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void All_kinds_run_in_their_order_with_the_state_of_the_moment(bool separately)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string log = Log(bundle);
        bundle.Write(["/bin/sh", "-c", "echo '{\"kind\":\"program\",\"status\":\"-\",\"id\":\"c\",\"pid\":1,\"bundle\":\"\"}' >> /tmp/log"], spec => WithAll(spec, bundle, log) with
        {
            Annotations = new Dictionary<string, string> { ["a.b"] = "c" },
        });
        if (separately)
        {
            bundle.Launch("create", "c");
            Assert.Equal(["prestart", "createRuntime", "createContainer"], Entries(log).Select(static entry => entry.Kind));
            bundle.Succeed("start", "c");
            bundle.WaitFor("c", "stopped");
            bundle.Succeed("delete", "c");
        }
        else
        {
            CommandResult result = bundle.Run("run", "c");
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
        }

        // The program and the hooks after its start run side by side.
        List<Entry> entries = [.. Entries(log).Where(static entry => entry.Kind != "program")];
        Assert.Equal(s_kinds, entries.Select(static entry => entry.Kind));
        Assert.Equal(["created", "creating", "creating", "created", "running", "stopped"], entries.Select(static entry => entry.Status));
        Assert.All(entries, entry => Assert.Equal(("c", bundle.Folder), (entry.Id, entry.Bundle)));
        Assert.True(entries[0].Pid > 1);
        // Inside, the process has the number of its own pid namespace.
        Assert.Equal([entries[0].Pid, entries[0].Pid, 1, 1, entries[0].Pid, 0], entries.Select(static entry => entry.Pid));
        Assert.Contains(Entries(log), static entry => entry.Kind == "program");
        bundle.AssertClean();
    }

    [Fact]
    public void Each_kind_runs_in_its_namespaces()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string log = Path.Combine(bundle.Folder, "rootfs", "tmp", "log");
        string script = $"(hostname; pwd; ls -d bin 2>/dev/null; echo -- ) >> {log}";
        bundle.Write(["/bin/true"], spec => spec with
        {
            Hostname = "box",
            Mounts = [.. spec.Mounts!.Where(static mount => mount.Destination != "/tmp")],
            Root = spec.Root! with { Readonly = false },
            Hooks = new OciHooks
            {
                CreateRuntime = [Shell(script)],
                // The host's files, with all that is mounted for the container in its place already.
                CreateContainer = [Shell($"{script}; test -e {bundle.Folder}/rootfs/proc/self && test -x /bin/busybox && echo mounted >> {log}")],
                StartContainer = [Shell("(hostname; pwd; test -e /config.json || echo inside; echo --) >> /tmp/log", "/bin/sh")],
            },
        });
        bundle.Succeed("run", "c");
        string host = System.Net.Dns.GetHostName();
        Assert.Equal(
            $"{host}\n{bundle.Folder}\n--\nbox\n{bundle.Folder}/rootfs\nbin\n--\nmounted\nbox\n/\ninside\n--\n",
            File.ReadAllText(log));
    }

    [Fact]
    public void A_hook_that_joins_the_containers_mount_namespace_finds_the_root_where_the_configuration_says()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string data = Directory.CreateDirectory(Path.Combine(bundle.Folder, "data")).FullName;
        File.WriteAllText(Path.Combine(data, "file"), "from a hook\n");
        bundle.Write(["/bin/cat", "/tmp/file"], spec => spec with
        {
            Hooks = new OciHooks { CreateContainer = [Shell($"mount --bind {data} {bundle.Folder}/rootfs/tmp")] },
        });
        Assert.Equal("from a hook\n", bundle.Succeed("run", "c"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(bundle.Folder, "rootfs", "tmp")));
    }

    [Fact]
    public void A_hook_has_the_arguments_and_the_environment_of_its_own()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string log = Path.Combine(bundle.Folder, "log");
        bundle.Write(["/bin/true"], spec => spec with
        {
            Hooks = new OciHooks
            {
                Prestart = [new OciHook { Path = "/bin/busybox", Args = ["sh", "-c", $"echo \"$0 $1 $A ${{HOME:-none}}\" > {log}", "zero", "one"], Env = ["A=b"] }],
            },
        });
        bundle.Succeed("run", "c");
        Assert.Equal("zero one b none\n", File.ReadAllText(log));
    }

    [Theory]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    public void A_failure_while_creating_leaves_no_container(string kind)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string log = Log(bundle);
        bundle.Write(["/bin/true"], spec => With(WithAll(spec, bundle, log), kind, Shell("echo reason >&2; exit 3")));
        Assert.Equal($"ctrun: The {kind} hook #1 (/bin/sh) ended with status 3: reason.", bundle.Fail("create", "c"));
        bundle.AssertClean();
        int index = Array.IndexOf(s_kinds, kind);
        Assert.Equal([.. s_kinds[..(index + 1)], "poststop"], Entries(log).Select(static entry => entry.Kind));
    }

    [Theory]
    [InlineData("startContainer")]
    [InlineData("poststart")]
    public void A_failure_around_the_start_stops_and_removes_the_container(string kind)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string log = Log(bundle);
        bundle.Write(["/bin/sleep", "1000"], spec => With(WithAll(spec, bundle, log), kind, Shell("exit 3", "/bin/sh")) with { OciVersion = "1.3.0" });
        bundle.Launch("create", "c");
        int process = bundle.State("c").Pid;
        Assert.Equal($"ctrun: The {kind} hook #1 (/bin/sh) ended with status 3.", bundle.Fail("start", "c"));
        Assert.Null(ProcessStat.StartTimeOf(process) is { } start && ProcessStat.IsAlive(process, start) ? start : null);
        bundle.AssertClean();
        Assert.Equal("poststop", Entries(log)[^1].Kind);
        // What engines look for when they clean up after that.
        Assert.Contains("does not exist", bundle.Fail("delete", "c"), StringComparison.Ordinal);
        File.Delete(log);
        File.WriteAllText(log, "");
        Assert.Contains(kind, bundle.Fail("run", "d"), StringComparison.Ordinal);
        Assert.Equal("poststop", Entries(log)[^1].Kind);
        bundle.AssertClean();
    }

    [Fact]
    public void Up_to_version_1_2_a_failure_after_the_start_is_a_warning_and_the_others_run()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string log = Log(bundle);
        string script = $"echo later >> {Path.Combine(bundle.Folder, "later")}";
        bundle.Write(["/bin/sleep", "1000"], spec => spec with { OciVersion = "1.2.0", Hooks = new OciHooks { Poststart = [Shell("exit 3"), Shell(script)] } });
        bundle.Launch("create", "c");
        CommandResult started = bundle.Run("start", "c");
        Assert.Equal((0, "ctrun: warning: The poststart hook #0 (/bin/sh) ended with status 3.\n"), (started.ExitCode, started.Error));
        Assert.Equal("later\n", File.ReadAllText(Path.Combine(bundle.Folder, "later")));
        Assert.Equal("running", bundle.State("c").Status);
    }

    [Fact]
    public void A_failure_after_the_end_is_a_warning_and_the_others_run()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string log = Log(bundle);
        bundle.Write(["/bin/true"], spec => WithAll(spec, bundle, log) with
        {
            Hooks = new OciHooks { Poststop = [Shell("exit 3"), Recorder("poststop", log)] },
        });
        CommandResult result = bundle.Run("run", "c");
        Assert.Equal((0, "ctrun: warning: The poststop hook #0 (/bin/sh) ended with status 3.\n"), (result.ExitCode, result.Error));
        Assert.Equal(["poststop"], Entries(log).Select(static entry => entry.Kind));
        bundle.AssertClean();
    }

    [Fact]
    public void A_hook_that_takes_too_long_is_killed_and_counts_as_failed()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"], spec => spec with
        {
            Hooks = new OciHooks { Prestart = [new OciHook { Path = "/bin/busybox", Args = ["sleep", "3600"], Timeout = 1 }] },
        });
        Assert.Equal("ctrun: The prestart hook #0 (/bin/busybox) did not end within 1 seconds.", bundle.Fail("run", "c"));
        bundle.AssertClean();
    }

    [Theory]
    [InlineData("bin/sh", null, "The path 'bin/sh' of the prestart hook #0 is not absolute.")]
    [InlineData("/bin/sh", 0, "The time-out of the prestart hook #0 (/bin/sh) is 0 seconds; it must be above zero.")]
    [InlineData("/no/such/hook", null, "The prestart hook #0 (/no/such/hook) could not be run: cannot execute '/no/such/hook': the container has no such file, or not the interpreter that it asks for (execve: ENOENT, no such file or directory)")]
    public void A_hook_that_cannot_be_is_told_in_one_line(string path, int? timeout, string message)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"], spec => spec with { Hooks = new OciHooks { Prestart = [new OciHook { Path = path, Timeout = timeout }] } });
        Assert.Equal("ctrun: " + message, bundle.Fail("run", "c"));
        bundle.AssertClean();
    }

    [Fact]
    public void A_large_state_and_a_hook_that_does_not_read_it_hold_nothing_up()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"], spec => spec with
        {
            Annotations = new Dictionary<string, string> { ["large"] = new string('x', 1 << 20) },
            Hooks = new OciHooks { Prestart = [Shell("exit 0")], CreateRuntime = [Shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done")] },
        });
        bundle.Succeed("run", "c");
    }

    [Fact]
    public void The_hooks_of_the_container_run_in_its_user_namespace()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string log = Log(bundle);
        File.SetUnixFileMode(bundle.Folder, (UnixFileMode)0x1ed);
        bundle.Write(["/bin/true"], spec => WithAll(spec, bundle, log) with
        {
            Linux = spec.Linux! with
            {
                Namespaces = [.. spec.Linux.Namespaces!, new OciNamespace("user")],
                UidMappings = [new OciIdMapping(0, 100000, 65536)],
                GidMappings = [new OciIdMapping(0, 100000, 65536)],
            },
            Hooks = new OciHooks { CreateContainer = [Shell($"cat /proc/self/uid_map >> {log}")], StartContainer = [Shell("cat /proc/self/uid_map >> /tmp/log", "/bin/sh")] },
        });
        bundle.Succeed("run", "c");
        Assert.Equal(["0 100000 65536", "0 100000 65536"], File.ReadAllLines(log).Select(static line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }

    private static string Log(CtrunBundle bundle)
    {
        string log = Path.Combine(bundle.Folder, "rootfs", "tmp", "log");
        File.WriteAllText(log, "");
        File.SetUnixFileMode(log, (UnixFileMode)0x1b6);
        return log;
    }

    private static OciSpec WithAll(OciSpec spec, CtrunBundle bundle, string log) => spec with
    {
        Root = spec.Root! with { Readonly = false },
        Hooks = new OciHooks
        {
            Prestart = [Recorder("prestart", log)],
            CreateRuntime = [Recorder("createRuntime", log)],
            CreateContainer = [Recorder("createContainer", log)],
            StartContainer = [Recorder("startContainer", "/tmp/log")],
            Poststart = [Recorder("poststart", log)],
            Poststop = [Recorder("poststop", log)],
        },
    };

    private static OciSpec With(OciSpec spec, string kind, OciHook hook) => spec with
    {
        Hooks = kind switch
        {
            "prestart" => spec.Hooks! with { Prestart = [.. spec.Hooks.Prestart!, hook] },
            "createRuntime" => spec.Hooks! with { CreateRuntime = [.. spec.Hooks.CreateRuntime!, hook] },
            "createContainer" => spec.Hooks! with { CreateContainer = [.. spec.Hooks.CreateContainer!, hook] },
            "startContainer" => spec.Hooks! with { StartContainer = [.. spec.Hooks.StartContainer!, hook] },
            _ => spec.Hooks! with { Poststart = [.. spec.Hooks.Poststart!, hook] },
        },
    };

    // Adds its kind to the state and appends it as a line.
    private static OciHook Recorder(string kind, string log) => Shell($"read -r state; echo \"{{\\\"kind\\\":\\\"{kind}\\\",${{state#?}}\" >> {log}", "/bin/sh");

    private static OciHook Shell(string script, string shell = "/bin/sh") => new() { Path = shell, Args = ["sh", "-c", script], Env = ["PATH=/usr/bin:/bin"] };

    private static List<Entry> Entries(string log) => [.. File.ReadAllLines(log).Where(static line => line.Length > 0).Select(static line =>
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        return new Entry(
            root.GetProperty("kind").GetString()!, root.GetProperty("status").GetString()!, root.GetProperty("id").GetString()!,
            root.GetProperty("pid").GetInt32(), root.GetProperty("bundle").GetString()!);
    })];

    private sealed record Entry(string Kind, string Status, string Id, int Pid, string Bundle);
}
