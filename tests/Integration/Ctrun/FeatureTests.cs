using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>What configurations and command lines ask for beyond the everyday.</summary>
public sealed class FeatureTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Clock_offsets_are_in_force(bool userNamespace)
    {
        Assert.SkipUnless(File.Exists("/proc/self/timens_offsets"), "the kernel has no time namespaces");
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/cat", "/proc/self/timens_offsets", "/proc/uptime"], spec =>
        {
            spec = spec with
            {
                Linux = spec.Linux! with
                {
                    Namespaces = [.. spec.Linux.Namespaces!, new OciNamespace("time")],
                    TimeOffsets = new Dictionary<string, OciTimeOffset> { ["monotonic"] = new(1000, 5), ["boottime"] = new(100_000_000, 0) },
                },
            };
            return userNamespace ? InUserNamespace(spec) : spec;
        });
        string[] lines = bundle.Succeed("run", "c").Split('\n');
        Assert.Matches("^monotonic +1000 +5$", lines[0]);
        Assert.Matches("^boottime +100000000 +0$", lines[1]);
        Assert.True(double.Parse(lines[2].Split(' ')[0], CultureInfo.InvariantCulture) > 100_000_000, lines[2]);
        // The launcher's own clocks are as they were.
        Assert.True(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture) < 100_000_000);
        bundle.AssertClean();
    }

    [Fact]
    public void In_a_user_namespace_the_copy_belongs_to_the_same_ids()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string rootfs = Path.Combine(bundle.Folder, "rootfs");
        File.SetUnixFileMode(bundle.Folder, (UnixFileMode)0x1ed);
        File.WriteAllText(Path.Combine(rootfs, "etc", "mine"), "");
        Libc.ChangeOwner(Path.Combine(rootfs, "etc", "mine"), 100007, 100008);
        bundle.WriteScript("busybox stat -c %u:%g /etc/mine", spec => InUserNamespace(spec) with
        {
            Mounts = [.. spec.Mounts!, new OciMount { Destination = "/etc", Type = "tmpfs", Source = "etc", Options = ["tmpcopyup"] }],
        });
        Assert.Equal("7:8\n", bundle.Succeed("run", "c"));
    }

    [Fact]
    public void A_tmpfs_starts_with_what_the_image_has_there()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string etc = Path.Combine(bundle.Folder, "rootfs", "etc");
        Directory.CreateDirectory(Path.Combine(etc, "sub"));
        File.WriteAllText(Path.Combine(etc, "sub", "file"), "content\n");
        File.CreateSymbolicLink(Path.Combine(etc, "link"), "/etc/shadow");
        Libc.ChangeOwner(Path.Combine(etc, "sub", "file"), 7, 8);
        // After the owner, whose change clears the set-user-id bit.
        File.SetUnixFileMode(Path.Combine(etc, "sub", "file"), (UnixFileMode)0x9ed);
        bundle.WriteScript("cd /etc; cat sub/file; ls -ln sub/file | cut -c1-10,11-22; busybox readlink link; echo more > more; cat more; grep -c ' /etc ' /proc/self/mountinfo", spec => spec with
        {
            Mounts = [.. spec.Mounts!, new OciMount { Destination = "/etc", Type = "tmpfs", Source = "etc", Options = ["tmpcopyup", "nosuid"] }],
        });
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "rootfs", "bin", "cut"), "busybox");
        string output = bundle.Succeed("run", "c");
        Assert.StartsWith("content\n-rwsr-xr-x", output, StringComparison.Ordinal);
        Assert.Contains(" 7 ", output, StringComparison.Ordinal);
        Assert.EndsWith("/etc/shadow\nmore\n1\n", output, StringComparison.Ordinal);
        Assert.Equal("content\n", File.ReadAllText(Path.Combine(etc, "sub", "file")));
        Assert.False(File.Exists(Path.Combine(etc, "more")));
    }

    [Fact]
    public void Recursive_attributes_reach_the_mounts_below()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        // The container's own mounts are the source's: bound a second time by a mount namespace of the test's own.
        string source = Directory.CreateDirectory(Path.Combine(bundle.Folder, "source", "below")).Parent!.FullName;
        bundle.Write(["/bin/grep", "-o", " /[mr][^ ]*.* rw\\?[^ ]* \\| /m[^ ]* r[^ ]*", "/proc/self/mountinfo"], spec => spec with
        {
            Mounts =
            [
                .. spec.Mounts!,
                new OciMount { Destination = "/mr", Type = "bind", Source = source, Options = ["rbind", "rro", "rnosuid", "rnoexec"] },
                new OciMount { Destination = "/mn", Type = "bind", Source = source, Options = ["rbind", "ro", "nosymfollow"] },
            ],
        });
        string script = $"mount -t tmpfs t '{source}/below' && cd '{bundle.Folder}' && '{Runtime.EngineTools.Ctrun()}' --root state run c";
        using Process process = Process.Start(new ProcessStartInfo("unshare", ["--mount", "--propagation", "private", "sh", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        CommandResult result = CtrunBundle.Finish(process);
        string Options(string path) => result.Output.Split('\n').First(line => line.TrimStart().StartsWith(path + " ", StringComparison.Ordinal)).Trim().Split(' ')[1];
        Assert.StartsWith("ro,nosuid,noexec", Options("/mr"), StringComparison.Ordinal);
        Assert.StartsWith("ro,nosuid,noexec", Options("/mr/below").Replace("nodev,", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("nosymfollow", Options("/mn"), StringComparison.Ordinal);
        Assert.StartsWith("rw", Options("/mn/below"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_pivot_root_the_container_sees_its_own_root_only()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("ls /; ls /../../; grep -c . /proc/self/mountinfo; echo $$; test -e /config.json");
        CommandResult result = bundle.Run("run", "--no-pivot", "c");
        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] root = ["bin", "dev", "etc", "proc", "sys", "tmp"];
        Assert.Equal([.. root, .. root], lines[..12]);
        Assert.Equal("1", lines[^1]);
        bundle.AssertClean();
        // Together with hooks, which want the root at its own place first.
        bundle.Write(["/bin/ls", "/"], spec => spec with { Hooks = new OciHooks { Prestart = [new OciHook { Path = "/bin/busybox", Args = ["true"] }] } });
        Assert.Equal(string.Join('\n', root) + "\n", bundle.Succeed("run", "--no-pivot", "c"));
    }

    [Fact]
    public void Without_a_mount_namespace_the_hosts_mounts_stay_as_they_are()
    {
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 15), "the kernel cannot mount on a detached mount");
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("cat /proc/self/status | grep NoNewPrivs; ls /dev/null; ls /; sleep 1000", static spec => spec with
        {
            Linux = spec.Linux! with { Namespaces = [.. spec.Linux.Namespaces!.Where(static item => item.Type != "mount")] },
        });
        string[] before = File.ReadAllLines("/proc/self/mountinfo");
        bundle.Launch("run", "c", "--detach");
        Assert.Empty(File.ReadAllLines("/proc/self/mountinfo").Where(line => line.Contains(bundle.Folder, StringComparison.Ordinal)).Except(before));
        Assert.Equal(Libc.ReadLink("/proc/self/ns/mnt"), Libc.ReadLink($"/proc/{bundle.State("c").Pid}/ns/mnt"));
        // What is executed later has the same root: the bundle's, with the container's proc in it.
        Assert.Equal("1\n", bundle.Succeed("exec", "c", "/bin/sh", "-c", "echo $(ls -d /proc/1 /bin/busybox /work /home 2>/dev/null | grep -c proc)"));
        Assert.Contains("text", bundle.Succeed("exec", "c", "/bin/ls", "/bin"), StringComparison.Ordinal);
        bundle.Succeed("delete", "--force", "c");
        bundle.AssertClean();
    }

    [Fact]
    public void Mounts_are_listed_in_the_order_of_the_configuration()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string[] places = ["/tmp/one", "/tmp/two", "/tmp/three", "/tmp/one/below"];
        string source = Directory.CreateDirectory(Path.Combine(bundle.Folder, "source")).FullName;
        bundle.Write(["/bin/cat", "/proc/self/mountinfo"], spec => spec with
        {
            Root = spec.Root! with { Readonly = false },
            Mounts =
            [
                .. spec.Mounts!,
                new OciMount { Destination = places[0], Type = "tmpfs", Source = "tmpfs" },
                new OciMount { Destination = places[1], Type = "bind", Source = source, Options = ["rbind", "ro"] },
                new OciMount { Destination = places[2], Type = "tmpfs", Source = "tmpfs" },
                new OciMount { Destination = places[3], Type = "bind", Source = source, Options = ["bind", "slave"] },
            ],
        });
        Assert.Equal(places, bundle.Succeed("run", "c").Split('\n').Select(static line => line.Split(' ')).Where(fields => fields.Length > 4 && places.Contains(fields[4])).Select(static fields => fields[4]));
    }

    [Fact]
    public void The_session_keyring_is_the_containers_unless_it_is_to_be_the_callers()
    {
        Assert.SkipUnless(File.Exists("/proc/keys"), "the kernel has no keys");
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("cat /proc/keys; sleep 1000", spec => spec with { Linux = spec.Linux! with { MaskedPaths = [] } });
        string name = $"k{Environment.ProcessId}";
        bundle.Launch("run", name, "--detach");
        string output = Path.Combine(bundle.Folder, "out.txt");
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText(output).Contains($"_ses.{name}", StringComparison.Ordinal), TimeSpan.FromMinutes(2)), File.ReadAllText(output));
        // A process that is executed later has the same one.
        Assert.Single(bundle.Succeed("exec", name, "/bin/cat", "/proc/keys").Split('\n'), line => line.Contains($"_ses.{name}", StringComparison.Ordinal));
        bundle.Succeed("delete", "--force", name);
        bundle.Write(["/bin/cat", "/proc/keys"], spec => spec with { Linux = spec.Linux! with { MaskedPaths = [] } });
        Assert.DoesNotContain("_ses.other", bundle.Succeed("run", "--no-new-keyring", "other"), StringComparison.Ordinal);
        // Nor does what is executed later get one.
        bundle.Write(["/bin/sleep", "1000"], spec => spec with { Linux = spec.Linux! with { MaskedPaths = [] } });
        bundle.Launch("run", "other", "--detach", "--no-new-keyring");
        Assert.DoesNotContain("_ses.other", bundle.Succeed("exec", "other", "/bin/cat", "/proc/keys"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_listener_of_a_filter_goes_to_its_agent(bool executed)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string path = Path.Combine(bundle.Folder, "agent");
        using SafeFileHandle agent = Libc.ListenLocal(path, 0x180);
        OciSeccomp filter = new()
        {
            DefaultAction = "SCMP_ACT_ALLOW",
            ListenerPath = path,
            ListenerMetadata = "meta",
            Syscalls = [new OciSyscall { Names = ["mkdir", "mkdirat"], Action = "SCMP_ACT_NOTIFY" }],
        };
        bundle.Write(executed ? ["/bin/sleep", "1000"] : ["/bin/busybox", "mkdir", "/tmp/x"], spec => spec with { Root = spec.Root! with { Readonly = false }, Linux = spec.Linux! with { Seccomp = filter } });
        if (executed)
        {
            bundle.Launch("run", "c", "--detach");
            Take(agent).Descriptor.Dispose();
        }

        using Process process = executed ? bundle.Start("exec", "c", "/bin/busybox", "mkdir", "/tmp/x") : bundle.Start("run", "c");
        process.StandardInput.Close();
        (JsonElement state, SafeFileHandle listener) = Take(agent);
        Assert.Equal(["seccompFd"], state.GetProperty("fds").EnumerateArray().Select(static item => item.GetString()));
        Assert.Equal("meta", state.GetProperty("metadata").GetString());
        Assert.Equal(("c", executed ? "running" : "creating"), (state.GetProperty("state").GetProperty("id").GetString(), state.GetProperty("state").GetProperty("status").GetString()));
        int processId = state.GetProperty("pid").GetInt32();
        Assert.Equal(executed, processId != state.GetProperty("state").GetProperty("pid").GetInt32());
        Assert.True(ProcessStat.StartTimeOf(processId) is not null);
        using (listener)
        {
            // The process stands in mkdir until the agent answers, or goes away.
            Assert.True(Libc.Poll(listener, Libc.POLLIN, TimeSpan.FromMinutes(2)));
            Assert.False(process.HasExited);
        }

        CommandResult result = CtrunBundle.Finish(process);
        Assert.Contains("Function not implemented", result.Error, StringComparison.Ordinal);
        bundle.Run("delete", "--force", "c");
        bundle.AssertClean();
    }

    [Fact]
    public void Without_its_agent_a_filter_with_a_listener_starts_nothing()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"], spec => spec with
        {
            Linux = spec.Linux! with
            {
                Seccomp = new OciSeccomp
                {
                    DefaultAction = "SCMP_ACT_ALLOW",
                    ListenerPath = Path.Combine(bundle.Folder, "none"),
                    Syscalls = [new OciSyscall { Names = ["mkdir"], Action = "SCMP_ACT_NOTIFY" }],
                },
            },
        });
        Assert.Contains("listener", bundle.Fail("run", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
        Assert.Contains("listener", bundle.Fail("create", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    [Fact]
    public void A_process_has_its_scheduling_personality_and_umask_also_when_executed()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        const string Script = "cut -d' ' -f41 /proc/self/stat; busybox ionice -p $$; busybox uname -m; umask";
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "rootfs", "bin", "cut"), "busybox");
        bundle.WriteScript(Script + "; exec sleep 1000", spec => spec with
        {
            Process = spec.Process! with
            {
                Scheduler = new OciScheduler { Policy = "SCHED_BATCH" },
                IoPriority = new OciIoPriority("IOPRIO_CLASS_BE", 6),
                User = new OciUser { Umask = 0x3f },
            },
            Linux = spec.Linux! with { Personality = new OciPersonality("LINUX32", null) },
        });
        bundle.Launch("run", "c", "--detach");
        string machine = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 ? "i686" : "armv8l";
        string expected = $"3\nbest-effort: prio 6\n{machine}\n0077\n";
        string output = Path.Combine(bundle.Folder, "out.txt");
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText(output) == expected, TimeSpan.FromMinutes(2)), File.ReadAllText(output));
        Assert.Equal(expected, bundle.Succeed("exec", "c", "/bin/sh", "-c", Script));
    }

    [Fact]
    public void An_executed_process_runs_on_the_processors_it_was_given()
    {
        Assert.SkipUnless(Environment.ProcessorCount > 1, "needs two processors");
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        bundle.Launch("run", "c", "--detach");
        string allowed = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split('\t')[1];
        string first = allowed.Split(',', '-')[0];
        foreach ((string affinity, string expected) in (ReadOnlySpan<(string, string)>)[("{\"initial\":\"" + first + "\"}", first), ("{\"initial\":\"" + allowed + "\",\"final\":\"" + first + "\"}", first), ("{}", allowed)])
        {
            File.WriteAllText(Path.Combine(bundle.Folder, "process.json"), """{"cwd":"/","args":["/bin/grep","Cpus_allowed_list","/proc/self/status"],"execCPUAffinity":""" + affinity + "}");
            Assert.Equal($"Cpus_allowed_list:\t{expected}\n", bundle.Succeed("exec", "--process", "process.json", "c"));
        }
    }

    [Fact]
    public void Engines_get_a_pidfd_of_the_process()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        string path = Path.Combine(bundle.Folder, "pidfd");
        using SafeFileHandle engine = Libc.ListenLocal(path, 0x180);
        bundle.Launch("run", "c", "--detach", "--pidfd-socket", path);
        Assert.True(Libc.Poll(engine, Libc.POLLIN, TimeSpan.FromMinutes(2)));
        using SafeFileHandle connection = Libc.TryAccept(engine)!;
        SafeFileHandle? process = null;
        Assert.True(Libc.ReceiveWithDescriptor(connection, new byte[16], ref process) > 0);
        using (process)
        {
            Assert.True(Libc.SendSignal(process!, Signal.SIGKILL));
            bundle.WaitFor("c", "stopped");
        }
    }

    [Theory]
    [InlineData("--criu", "criu", "list")]
    [InlineData("--rootless", "auto", "list")]
    [InlineData("--log-format", "json", "list")]
    [InlineData("--debug", "list")]
    public void Options_that_engines_pass_are_taken(params string[] arguments)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        Assert.Equal(0, bundle.Run(arguments).ExitCode);
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("restore")]
    public void What_needs_criu_is_refused(string verb)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        Assert.Equal($"ctrun: '{verb}' is not supported: it needs CRIU, which this version does not drive.", bundle.Fail(verb, "c"));
    }

    [Fact]
    public void The_features_name_no_mount_option_that_is_not_known()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        using JsonDocument document = JsonDocument.Parse(bundle.Succeed("features"));
        Assert.Equal(["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"], document.RootElement.GetProperty("hooks").EnumerateArray().Select(static item => item.GetString()));
        List<string> options = [.. document.RootElement.GetProperty("mountOptions").EnumerateArray().Select(static item => item.GetString()!)];
        Assert.Contains("rnosymfollow", options);
        Assert.Equal(options.Count, options.Distinct().Count());
        // An option that is not known is left to the file system.
        Assert.Empty(Runtime.Launch.MountOptions.Parse(options).Data);
        // runc's, but for those that mean nothing here or change how an existing mount is mounted again.
        Assert.Empty(new[] { "rro", "ridmap", "tmpcopyup", "rslave", "strictatime", "unbindable" }.Except(options));
    }

    [Fact]
    public void The_plan_says_of_each_step_where_it_comes_from()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"]);
        string[] lines = bundle.Succeed("plan", "--bundle", bundle.Folder).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, static line => Assert.Matches(@"  ; .*  # (config|config-linux|runtime)\.md#|  ; .*  # [A-Za-z0-9_]+\([0-9a-z]+\)$", line));
    }

    private static (JsonElement State, SafeFileHandle Descriptor) Take(SafeFileHandle agent)
    {
        Assert.True(Libc.Poll(agent, Libc.POLLIN, TimeSpan.FromMinutes(2)), "nobody connects");
        using SafeFileHandle connection = Libc.TryAccept(agent)!;
        SafeFileHandle? descriptor = null;
        List<byte> text = [];
        byte[] buffer = new byte[4096];
        while (Libc.Poll(connection, Libc.POLLIN, TimeSpan.FromMinutes(2)) && Libc.ReceiveWithDescriptor(connection, buffer, ref descriptor) is var length and > 0) text.AddRange(buffer[..length]);
        using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString([.. text]));
        return (document.RootElement.Clone(), descriptor ?? throw new InvalidOperationException("No descriptor came."));
    }

    private static OciSpec InUserNamespace(OciSpec spec) => spec with
    {
        Linux = spec.Linux! with
        {
            Namespaces = [.. spec.Linux.Namespaces!, new OciNamespace("user")],
            UidMappings = [new OciIdMapping(0, 100000, 65536)],
            GidMappings = [new OciIdMapping(0, 100000, 65536)],
        },
    };
}
