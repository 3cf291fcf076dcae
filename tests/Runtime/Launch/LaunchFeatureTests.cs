using System.Text.Json;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch;

/// <summary>What configurations ask for beyond the everyday, as plans.</summary>
public sealed class LaunchFeatureTests
{
    [Theory]
    [InlineData("small")]
    [InlineData("docker")]
    [InlineData("user-namespace")]
    [InlineData("terminal")]
    [InlineData("hooks")]
    [InlineData("hook")]
    [InlineData("hook-inside")]
    [InlineData("features")]
    [InlineData("exec")]
    public void A_plans_text_reads_back_as_the_same_plan(string name)
    {
        string[] lines = File.ReadAllText(Path.Combine(GoldenPlan.Folder, name + ".plan.txt")).Split('\n');
        string text = string.Join('\n', lines.Where(static line => !line.StartsWith("open ", StringComparison.Ordinal))).TrimStart('\n');
        IReadOnlyList<PlanText> steps = PlanText.Parse(text);
        Assert.Equal(text, PlanText.Print(steps));
        Assert.Equal(Enumerable.Range(0, steps.Count), steps.Select(static step => step.Index));
        Assert.Equal("execve", steps[^1].Call);
        foreach (PlanText step in steps)
        {
            Assert.NotEmpty(step.Section.Trim());
            // Every way on leads forward, and none past the end.
            foreach (int? to in step.Ignored.Select(static ignored => ignored.To).Append(step.Done)) Assert.True(to is null || (to > step.Index && to < steps.Count), $"step {step.Index} leads to {to}");
        }
    }

    [Fact]
    public void APlanReadsAsItsGoldenText()
    {
        OciSpec small = PlannedLaunch.Small();
        PlannedLaunch launch = new() { SecurityModules = ["apparmor", "selinux"] };
        OciSpec spec = small with
        {
            Process = small.Process! with
            {
                ApparmorProfile = "docker-default",
                SelinuxLabel = "system_u:system_r:container_t:s0",
                Scheduler = new OciScheduler { Policy = "SCHED_BATCH", Nice = 5 },
                IoPriority = new OciIoPriority("IOPRIO_CLASS_BE", 4),
            },
            Mounts =
            [
                .. small.Mounts!,
                new OciMount { Destination = "/run", Type = "tmpfs", Source = "run", Options = ["tmpcopyup", "ro", "nosuid", "size=1m"] },
                new OciMount { Destination = "/tmp", Type = "tmpfs", Source = "tmp", Options = ["rnosuid", "nosymfollow"] },
                new OciMount { Destination = "/map", Type = "bind", Source = "/srv", Options = ["rbind", "idmap"], UidMappings = [new(0, 1000, 1)], GidMappings = [new(0, 1000, 1)] },
                new OciMount { Destination = "/all", Type = "bind", Source = "/srv", Options = ["rbind", "ridmap", "rro", "rnoatime", "rdev"], UidMappings = [new(0, 1000, 1)], GidMappings = [new(0, 1000, 1)] },
            ],
            Linux = small.Linux! with
            {
                Namespaces = [.. small.Linux.Namespaces!, new("time")],
                TimeOffsets = new Dictionary<string, OciTimeOffset> { ["monotonic"] = new(-5, 0), ["boottime"] = new(86400, 7) },
                MountLabel = "system_u:object_r:container_file_t:s0",
                Personality = new OciPersonality("LINUX32", null),
                Seccomp = Notifying("mkdir"),
            },
        };
        using LaunchPlan plan = new() { KeepsArguments = true };
        LaunchContext context = new(spec, spec.Process!, "/bundle", launch, plan) { KeptDescriptors = [8, 9], Id = "box", MakesKeyring = true, MovesRoot = true };
        context.Report = plan.NewSlot("report", 9);
        context.Go = plan.NewSlot("go", 8);
        LaunchCompiler.CompileStart(context);
        GoldenPlan.Check("features", string.Join('\n', launch.Opened.Select(static line => "open " + line)) + "\n" + plan);
    }

    [Fact]
    public void AnExecutionReadsAsItsGoldenText()
    {
        OciSpec small = PlannedLaunch.Small();
        OciProcess process = small.Process! with { ExecCPUAffinity = new OciExecCpuAffinity("0", "0-1,64"), User = new OciUser { Umask = 0x3f } };
        using LaunchPlan plan = new() { KeepsArguments = true };
        LaunchContext context = new(small, process, "/", new PlannedLaunch(), plan) { KeptDescriptors = [9], Id = "box" };
        context.Report = plan.NewSlot("report", 9);
        LaunchCompiler.CompileExec(context, plan.NewSlot("container", 7), 0x2000_0000);
        GoldenPlan.Check("exec", plan.ToString());
    }

    [Fact]
    public void WithoutPrivilegesTheProcessClonesAllMountsItself()
    {
        OciSpec small = PlannedLaunch.Small();
        OciSpec spec = small with
        {
            Mounts = [.. small.Mounts!, new OciMount { Destination = "/dev", Type = "tmpfs" }, new OciMount { Destination = "/data", Type = "bind", Source = "/srv" }],
            Linux = small.Linux! with { Namespaces = [.. small.Linux.Namespaces!, new("user")], UidMappings = [new(0, 1000, 1)], GidMappings = [new(0, 1000, 1)] },
        };
        PlannedLaunch launch = new() { ClonesMounts = false };
        string text = launch.Start(spec, static context => context.Go = context.Plan.NewSlot("go", 8));
        Assert.Empty(launch.Opened);
        foreach (string path in (string[])["/bundle/rootfs", "/srv", "/dev/null"]) Assert.Contains($"open_tree(AT_FDCWD, \"{path}\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutPrivilegesAnExecutionForksInThePidNamespace()
    {
        OciSpec small = PlannedLaunch.Small();
        using LaunchPlan plan = new() { KeepsArguments = true };
        LaunchContext context = new(small, small.Process!, "/", new PlannedLaunch(), plan) { KeptDescriptors = [9], Id = "box" };
        context.Report = plan.NewSlot("report", 9);
        LaunchCompiler.CompileExec(context, plan.NewSlot("container", 7), 0x3000_0000, forks: true);
        string[] lines = plan.ToString().Split('\n');
        int fork = Array.FindIndex(lines, static line => line.Contains("clone3(", StringComparison.Ordinal));
        Assert.Contains("setns(", lines[fork - 1], StringComparison.Ordinal);
        Assert.Contains($"[0: to {fork + 4}]", lines[fork], StringComparison.Ordinal);
        Assert.Contains("exit_group(", lines[fork + 3], StringComparison.Ordinal);
        Assert.Contains("setsid(", lines[fork + 4], StringComparison.Ordinal);
    }

    [Fact]
    public void RootOfAUserNamespaceBindsTheDevicesOfTheHost()
    {
        PlannedLaunch launch = new() { MakesDevices = false };
        string plan = launch.Start(PlannedLaunch.Small());
        Assert.Contains("tree /dev/null", launch.Opened);
        Assert.Contains("bind /dev/null on", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("make the device", plan, StringComparison.Ordinal);
        Assert.Contains("make the device", new PlannedLaunch().Start(PlannedLaunch.Small()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("0", true)]
    [InlineData("1", false)]
    public void TheCallersGroupsAreKeptWhereAnAnnotationAsksForIt(string? value, bool sets)
    {
        OciSpec spec = PlannedLaunch.Small();
        if (value is not null) spec = spec with { Annotations = new Dictionary<string, string> { ["run.oci.keep_original_groups"] = value } };
        Assert.Equal(sets, new PlannedLaunch().Start(spec).Contains("setgroups", StringComparison.Ordinal));
    }

    [Fact]
    public void ADeviceOfTheConfigurationTakesThePlaceOfTheDefaultOne()
    {
        OciSpec small = PlannedLaunch.Small();
        OciSpec spec = small with
        {
            Linux = small.Linux! with { Devices = [new OciDevice { Path = "/dev/null", Type = "c", Major = 1, Minor = 3, FileMode = 0x180, Uid = 7, Gid = 8 }] },
        };
        string[] made = [.. new PlannedLaunch().Start(spec).Split('\n').Where(static line => line.Contains("\"null\"", StringComparison.Ordinal))];
        Assert.Equal(2, made.Length);
        Assert.Contains("c 0600", made[0], StringComparison.Ordinal);
        Assert.Contains("7, 8", made[1], StringComparison.Ordinal);
    }

    [Theory]
    // Root has the rights outside the user namespace, also over others' namespaces; everybody else inside.
    [InlineData(true, "net,user")]
    [InlineData(false, "user,net")]
    public void NewNamespacesAreMadeInAJoinedUserNamespaceByAChild(bool privileged, string order)
    {
        OciSpec small = PlannedLaunch.Small();
        OciSpec spec = small with
        {
            Linux = small.Linux! with { Namespaces = [new("mount"), new("pid"), new("uts"), new("network", "/proc/7/ns/net"), new("user", "/proc/7/ns/user")] },
        };
        PlannedLaunch launch = new() { ClonesMounts = privileged };
        string[] lines = launch.Start(spec).Split('\n');
        int fork = Array.FindIndex(lines, static line => line.Contains("clone3(", StringComparison.Ordinal));
        Assert.Contains("CLONE_PARENT|0x24020000", lines[fork], StringComparison.Ordinal);
        string[] joined = [.. lines[..fork].Where(static line => line.Contains("setns(", StringComparison.Ordinal))];
        Assert.Equal(order.Split(','), joined.Select(static line => line.Contains("CLONE_NEWUSER", StringComparison.Ordinal) ? "user" : "net"));
        Assert.DoesNotContain(lines[fork..], static line => line.Contains("setns(", StringComparison.Ordinal));
    }

    [Fact]
    public void KeepingTheKeyringJoinsNone()
    {
        OciSpec small = PlannedLaunch.Small();
        using LaunchPlan plan = new() { KeepsArguments = true };
        LaunchCompiler.CompileStart(new LaunchContext(small, small.Process!, "/bundle", new PlannedLaunch(), plan) { KeepsKeyring = true, Id = "box" });
        Assert.DoesNotContain("keyctl", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ALabelOfTheMountsIsLeftOutWhereNoSELinuxRuns()
    {
        OciSpec small = PlannedLaunch.Small();
        OciSpec spec = small with { Linux = small.Linux! with { MountLabel = "m" }, Mounts = [new OciMount { Destination = "/run", Type = "tmpfs" }] };
        Assert.DoesNotContain("context", new PlannedLaunch().Start(spec), StringComparison.Ordinal);
        Assert.Contains("context", new PlannedLaunch { SecurityModules = ["selinux"] }.Start(spec), StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAMountNamespaceNothingIsAttachedToTheHost()
    {
        OciSpec small = PlannedLaunch.Small();
        OciSpec spec = small with { Linux = small.Linux! with { Namespaces = [.. small.Linux.Namespaces!.Where(static item => item.Type != "mount")] } };
        string text = new PlannedLaunch().Start(spec);
        Assert.DoesNotContain("CLONE_NEWNS", text, StringComparison.Ordinal);
        Assert.DoesNotContain("pivot_root", text, StringComparison.Ordinal);
        Assert.DoesNotContain("cut off the propagation", text, StringComparison.Ordinal);
        Assert.DoesNotContain("mount the root file system", text, StringComparison.Ordinal);
        Assert.Contains("chroot(\".\")", text, StringComparison.Ordinal);
        ContainerException refused = Assert.Throws<ContainerException>(() => new PlannedLaunch { MountsOnDetached = false }.Start(spec));
        Assert.Equal((ErrorCode.NotSupported, "A container without a mount namespace needs Linux 6.15 or later; before, its mounts could only be made on the host."), (refused.Code, refused.Message));
    }

    [Theory]
    [InlineData("", "", false, true)]
    [InlineData("rslave", "", false, true)]
    [InlineData("rslave", "private", false, false)]
    [InlineData("rshared", "", false, true)]
    [InlineData("rshared", "", true, false)]
    [InlineData("", "user", false, false)]
    [InlineData("", "hooks", false, false)]
    [InlineData("", "joined", false, false)]
    public void ASourceIsClonedByTheProcessItselfUnlessOnlyTheLauncherCan(string option, string circumstance, bool shared, bool itself)
    {
        OciSpec small = PlannedLaunch.Small();
        OciSpec spec = small with
        {
            Mounts = [new OciMount { Destination = "/data", Type = "bind", Source = "/srv", Options = option.Length == 0 ? [] : [option] }],
            Linux = small.Linux! with
            {
                RootfsPropagation = circumstance == "private" ? "private" : null,
                Namespaces = circumstance switch
                {
                    "user" => [.. small.Linux.Namespaces!, new("user")],
                    "joined" => [.. small.Linux.Namespaces!.Where(static item => item.Type != "mount"), new("mount", "/proc/1/ns/mnt")],
                    _ => small.Linux.Namespaces,
                },
                UidMappings = [new OciIdMapping(0, 100000, 1)],
                GidMappings = [new OciIdMapping(0, 100000, 1)],
            },
        };
        PlannedLaunch launch = new() { SharedPaths = shared ? ["/srv"] : [] };
        string text = launch.Start(spec, context =>
        {
            context.Go = context.Plan.NewSlot("go", 8);
            context.WaitsForHooks = circumstance == "hooks";
        });
        Assert.Equal(itself, text.Contains("open_tree(AT_FDCWD, \"/srv\"", StringComparison.Ordinal));
        Assert.Equal(!itself, launch.Opened.Any(static line => line.StartsWith("tree /srv", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("0", 8, 0, 1)]
    [InlineData("0-2,4", 8, 0, 0x17)]
    [InlineData("64", 16, 8, 1)]
    public void AListOfProcessorsBecomesAMask(string list, int length, int index, int value)
    {
        byte[] mask = ProcessLimits.AffinityMask(list);
        Assert.Equal((length, value), (mask.Length, mask[index]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("3-1")]
    public void AListThatIsNoneIsRefused(string list)
        => Assert.Equal(ErrorCode.InvalidConfiguration, Assert.Throws<ContainerException>(() => ProcessLimits.AffinityMask(list)).Code);

    public static TheoryData<string, ErrorCode, string> Refused => new()
    {
        { "apparmor", ErrorCode.NotSupported, "The AppArmor profile 'p' is asked for, but this kernel runs without AppArmor." },
        { "selinux", ErrorCode.NotSupported, "The SELinux label 'l' is asked for, but this kernel runs without SELinux." },
        { "rdt", ErrorCode.NotSupported, "Intel RDT is not supported." },
        { "clock", ErrorCode.InvalidConfiguration, "The clock 'realtime' has no offset; the clocks are monotonic, boottime." },
        { "noTimeNamespace", ErrorCode.InvalidConfiguration, "There are clock offsets (linux.timeOffsets) but no time namespace of the container's own." },
        { "copyUp", ErrorCode.InvalidConfiguration, "The mount option tmpcopyup of /run is for a tmpfs only." },
        { "notifyWrite", ErrorCode.InvalidConfiguration, "linux.seccomp: SCMP_ACT_NOTIFY cannot be the action of write, with which the process hands the listener over." },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatCannotBeIsRefusedInOneSentence(string name, ErrorCode code, string message)
    {
        OciSpec small = PlannedLaunch.Small();
        OciSpec spec = name switch
        {
            "apparmor" => small with { Process = small.Process! with { ApparmorProfile = "p" } },
            "selinux" => small with { Process = small.Process! with { SelinuxLabel = "l" } },
            "rdt" => small with { Linux = small.Linux! with { Unknown = new Dictionary<string, JsonElement> { ["intelRdt"] = default } } },
            "clock" => small with
            {
                Linux = small.Linux! with
                {
                    Namespaces = [.. small.Linux.Namespaces!, new("time")],
                    TimeOffsets = new Dictionary<string, OciTimeOffset> { ["realtime"] = new(1, 0) },
                },
            },
            "noTimeNamespace" => small with { Linux = small.Linux! with { TimeOffsets = new Dictionary<string, OciTimeOffset> { ["boottime"] = new(1, 0) } } },
            "copyUp" => small with { Mounts = [new OciMount { Destination = "/run", Type = "ramfs", Options = ["tmpcopyup"] }] },
            _ => small with { Linux = small.Linux! with { Seccomp = Notifying("write") } },
        };
        ContainerException error = Assert.Throws<ContainerException>(() => new PlannedLaunch().Start(spec));
        Assert.Equal((code, message), (error.Code, error.Message));
    }

    [Fact]
    public void The_listener_is_told_of_the_process_and_the_container()
    {
        OciSeccomp profile = Notifying("mkdir") with { ListenerMetadata = "m" };
        OciState state = new() { Id = "c", Status = "creating", Pid = 5, Bundle = "/b" };
        Assert.Equal(
            """{"ociVersion":"1.2.0","fds":["seccompFd"],"pid":7,"metadata":"m","state":{"ociVersion":"1.2.0","id":"c","pid":5,"status":"creating","bundle":"/b"}}""",
            System.Text.Encoding.UTF8.GetString(SeccompListener.Document(profile, 7, state)));
    }

    [Fact]
    public void Whole_kernel_file_systems_are_found_in_mountinfo()
    {
        string[] lines =
        [
            "22 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw",
            "23 28 0:22 / /proc rw - proc proc rw",
            "24 23 0:22 /sys /proc/sys ro - proc proc rw",
            "25 28 0:23 / /mnt/a\\040b rw master:1 propagate_from:2 - proc none rw",
            "26 28 0:24 / /dev rw - devtmpfs udev rw",
            "torn",
        ];
        Assert.Equal(["/mnt/a b", "/proc", "/sys"], KernelFileSystems.FindWhole(lines));
    }

    private static OciSeccomp Notifying(string call) => new()
    {
        DefaultAction = "SCMP_ACT_ALLOW",
        ListenerPath = "/run/agent",
        Syscalls = [new OciSyscall { Names = [call], Action = "SCMP_ACT_NOTIFY" }],
    };
}
