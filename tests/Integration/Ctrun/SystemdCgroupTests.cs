using System.Diagnostics;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>--systemd-cgroup: the cgroup is a scope of systemd, is in it from the first instruction, and is gone with the container.</summary>
public sealed class SystemdCgroupTests : IDisposable
{
    private readonly CtrunBundle _bundle = CtrunBundle.Create();
    private readonly FakeSystemd _systemd;
    private readonly string _slice = $"ctruntest{Environment.ProcessId}.slice";

    public SystemdCgroupTests()
    {
        _systemd = new FakeSystemd(Path.Combine(_bundle.Folder, "bus"));
        _bundle.Environment["DBUS_SYSTEM_BUS_ADDRESS"] = _systemd.Address;
    }

    private string ScopePath => $"/{_slice}/app-web.scope";

    public void Dispose()
    {
        _systemd.Dispose();
        foreach (string id in new RunStore(_bundle.Root).Ids()) _bundle.Run("delete", "--force", id);
        ICgroup scope = CgroupHost.Current.Open(ScopePath);
        if (scope.Exists)
        {
            scope.Kill();
            scope.Delete();
        }

        CgroupHost.Current.DeleteIfEmpty("/" + _slice);
        _bundle.Dispose();
    }

    [Fact]
    public void A_container_is_born_in_its_scope()
    {
        Write("cat /proc/self/cgroup", static spec => spec with
        {
            Linux = spec.Linux! with
            {
                Namespaces = [.. spec.Linux.Namespaces!.Where(static item => item.Type != "cgroup")],
                Resources = new OciResources { Memory = new OciMemory { Limit = 50 << 20 }, Pids = new OciPids { Limit = 40 } },
            },
        });
        string output = _bundle.Succeed("--systemd-cgroup", "run", "web");
        string[] paths = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(':', 3)[2]).Distinct()];
        Assert.Equal([ScopePath], paths);
        Assert.Equal(["StartTransientUnit app-web.scope", "StopUnit app-web.scope", "ResetFailedUnit app-web.scope"], _systemd.Calls);
        Assert.Equal(_slice, _systemd.Properties["Slice"]);
        Assert.Equal(true, _systemd.Properties["Delegate"]);
        Assert.Equal(40ul, _systemd.Properties["TasksMax"]);
        Assert.Equal("strict", _systemd.Properties["DevicePolicy"]);
        Assert.Equal(50ul << 20, _systemd.Properties[IsV2 ? "MemoryMax" : "MemoryLimit"]);
        AssertNothingIsLeft();
    }

    [Fact]
    public void Nobody_but_the_container_is_in_the_scope_while_it_runs()
    {
        Write("sleep 1000");
        LaunchCreated();
        Assert.Equal([_bundle.State("web").Pid], CgroupHost.Current.Open(ScopePath).Processes());
        _bundle.Succeed("delete", "--force", "web");
        AssertNothingIsLeft();
    }

    [Fact]
    public void A_change_of_limits_is_told_to_systemd_too()
    {
        Write("sleep 1000");
        LaunchCreated();
        _bundle.Succeed("update", "--pids-limit", "33", "web");
        Assert.Equal(33ul, Assert.Single(_systemd.Properties).Value);
        Assert.Equal(33, CgroupHost.Current.Open(ScopePath).ReadLimit().Processes);
        _bundle.Succeed("delete", "--force", "web");
        Assert.Contains("SetUnitProperties app-web.scope", _systemd.Calls);
        AssertNothingIsLeft();
    }

    [Fact]
    public void What_is_left_of_a_failed_unit_is_reset()
    {
        Write("true");
        _systemd.Refusal = "org.freedesktop.systemd1.UnitExists";
        _bundle.Succeed("--systemd-cgroup", "run", "web");
        Assert.Equal(["StartTransientUnit app-web.scope", "ResetFailedUnit app-web.scope", "StartTransientUnit app-web.scope"], _systemd.Calls.Take(3));
    }

    [Theory]
    [InlineData("refuses", "systemd could not start the unit app-web.scope: No, thank you.")]
    [InlineData("fails", "the job ended with 'failed'")]
    [InlineData("hangs up", "closed the connection")]
    [InlineData("is not there", "use the cgroupfs driver")]
    public void Where_systemd_does_not_play_along_nothing_is_left(string what, string part)
    {
        Write("true");
        switch (what)
        {
            case "refuses":
                _systemd.Refusal = "org.freedesktop.DBus.Error.AccessDenied";
                break;
            case "fails":
                _systemd.JobResult = "failed";
                break;
            case "hangs up":
                _systemd.HangsUp = true;
                break;
            default:
                _bundle.Environment["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent/bus";
                break;
        }

        Assert.Contains(part, _bundle.Fail("--systemd-cgroup", "run", "web"), StringComparison.Ordinal);
        Assert.DoesNotContain(_systemd.Calls, static call => call.StartsWith("StopUnit", StringComparison.Ordinal));
        AssertNothingIsLeft();
    }

    [Fact]
    public void A_unit_that_has_its_name_by_now_is_left_alone()
    {
        Write("sleep 1000");
        LaunchCreated();
        _bundle.Succeed("kill", "web", "KILL");
        _bundle.WaitFor("web", "stopped");
        CgroupHost.Current.Open(ScopePath).Delete();
        // Another container's, with the same name: its scope was made after this one's went.
        _systemd.Descriptions["app-web.scope"] = "container other (0123456789abcdef)";
        ICgroup other = CgroupHost.Current.Open(ScopePath);
        other.Create();
        using Process process = Process.Start("/bin/sleep", "1000");
        try
        {
            other.Attach(process.Id);
            _bundle.Succeed("delete", "web");
            Assert.DoesNotContain(_systemd.Calls, static call => call.StartsWith("StopUnit", StringComparison.Ordinal));
            Assert.Equal([process.Id], other.Processes());
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
            other.Kill();
            other.Delete();
        }
    }

    [Fact]
    public void One_process_may_be_all_there_is_room_for()
    {
        Write("echo works; ls /; echo more", static spec => spec with
        {
            Linux = spec.Linux! with { Resources = new OciResources { Pids = new OciPids { Limit = 1 } } },
        });
        CommandResult result = _bundle.Run("--systemd-cgroup", "run", "web");
        Assert.Equal("works\n", result.Output);
        Assert.Contains("can't fork", result.Error, StringComparison.Ordinal);
        Assert.Equal(1ul, Assert.Single(_systemd.Properties).Value);
        AssertNothingIsLeft();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_creation_that_died_has_noted_is_removed_if_it_is_its_own(bool own)
    {
        Write("true");
        string folder = Directory.CreateDirectory(Path.Combine(_bundle.Root, "web")).FullName;
        File.WriteAllText(Path.Combine(folder, "systemd-unit"), $"app-web.scope\n{ScopePath}\n00ff\n");
        _systemd.Descriptions["app-web.scope"] = $"container web ({(own ? "00ff" : "0f0f")})";
        ICgroup scope = CgroupHost.Current.Open(ScopePath);
        scope.Create();
        _bundle.Succeed("delete", "--force", "web");
        Assert.Equal(!own, scope.Exists);
        Assert.Equal(own, _systemd.Calls.Contains("StopUnit app-web.scope"));
        scope.Delete();
        AssertNothingIsLeft();
    }

    [Fact]
    public void A_command_that_does_not_exist_leaves_no_scope()
    {
        Write("true", static spec => spec with { Process = spec.Process! with { Args = ["/bin/nothing"] } });
        Assert.Equal(127, _bundle.Run("--systemd-cgroup", "run", "web").ExitCode);
        Assert.Contains("StopUnit app-web.scope", _systemd.Calls);
        AssertNothingIsLeft();
    }

    [Fact]
    public void A_container_can_be_deleted_without_systemd()
    {
        Write("sleep 1000");
        LaunchCreated();
        _bundle.Environment["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent/bus";
        _bundle.Succeed("delete", "--force", "web");
        AssertNothingIsLeft();
    }

    private static bool IsV2 => CgroupHost.Current is { HasV2: true, HasV1: false };

    private void Write(string script, Func<OciSpec, OciSpec>? change = null) => _bundle.WriteScript(script, spec =>
    {
        spec = spec with { Linux = spec.Linux! with { CgroupsPath = $"{_slice}:app:web" } };
        return change is null ? spec : change(spec);
    });

    // The container inherits ctrun's output, so it goes to a file.
    private void LaunchCreated() => _bundle.Launch("--systemd-cgroup create", "web");

    private void AssertNothingIsLeft()
    {
        Assert.False(CgroupHost.Current.Open(ScopePath).Exists);
        Assert.Empty(new RunStore(_bundle.Root).Ids());
    }
}
