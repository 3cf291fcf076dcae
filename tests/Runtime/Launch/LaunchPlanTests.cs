using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch;

public sealed class LaunchPlanTests
{
    [Theory]
    [InlineData("small")]
    [InlineData("docker")]
    [InlineData("user-namespace")]
    [InlineData("terminal")]
    [InlineData("hooks")]
    public void APlanReadsAsItsGoldenText(string name)
    {
        (OciSpec spec, Action<LaunchContext>? arrange) = name switch
        {
            "docker" => (Docker(), null),
            "user-namespace" => (InUserNamespace(), static (LaunchContext context) => context.Go = context.Plan.NewSlot("go", 8)),
            "hooks" => (PlannedLaunch.Small(), static (LaunchContext context) =>
            {
                context.WaitsForHooks = true;
                context.Go = context.Plan.NewSlot("go", 8);
            }
            ),
            "terminal" => (WithTerminal(), static (LaunchContext context) => context.ConsoleSocket = context.Plan.NewSlot("console", 8)),
            _ => (PlannedLaunch.Small(), (Action<LaunchContext>?)null),
        };
        PlannedLaunch launch = new();
        string text = launch.Start(spec, arrange);
        string actual = string.Join('\n', launch.Opened.Select(static line => "open " + line)) + "\n" + text;
        GoldenPlan.Check(name, actual);
    }

    [Fact]
    public void TheMoveIntoTheCgroupComesBeforeItsNamespace()
    {
        string text = new PlannedLaunch().Start(PlannedLaunch.Small(), static context => context.TaskFiles = [context.Plan.NewSlot("tasks", 7)]);
        Assert.InRange(text.IndexOf("write($tasks", StringComparison.Ordinal), 0, text.IndexOf("CLONE_NEWCGROUP", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryDescriptorButTheReportIsClosedBeforeTheProgramIsLookedUp()
    {
        string text = new PlannedLaunch().Start(PlannedLaunch.Small());
        Assert.Contains("close_range(3, 8, 0)", text, StringComparison.Ordinal);
        Assert.Contains("close_range(10, ~0, 0)", text, StringComparison.Ordinal);
        Assert.InRange(text.IndexOf("close_range(10", StringComparison.Ordinal), 0, text.IndexOf("execve(", StringComparison.Ordinal));
    }

    [Fact]
    public void PreservedDescriptorsAreNotClosed()
    {
        LaunchPlan plan = new() { KeepsArguments = true };
        OciSpec spec = PlannedLaunch.Small();
        LaunchContext context = new(spec, spec.Process!, "/bundle", new PlannedLaunch(), plan) { KeptDescriptors = [9], PreservedDescriptors = 2 };
        LaunchCompiler.CompileStart(context);
        Assert.Contains("close_range(5, 8, 0)", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AProgramWithoutASlashIsLookedUpInThePathOfItsEnvironment()
    {
        Assert.Contains("execve({/bin/env:/usr/bin/env}", new PlannedLaunch().Start(PlannedLaunch.Small("env")), StringComparison.Ordinal);
        Assert.Contains("execve({./env}", new PlannedLaunch().Start(PlannedLaunch.Small("./env")), StringComparison.Ordinal);
    }

    [Fact]
    public void ABrokenStepCannotBeIgnored()
    {
        using LaunchPlan plan = new PlannedLaunch().Compile(PlannedLaunch.Small());
        plan.Break(1);
        Assert.DoesNotContain("   1  setsid()  [EPERM]", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AFailedStepIsExplainedInWords()
    {
        using LaunchPlan plan = new PlannedLaunch().Compile(PlannedLaunch.Small());
        int proc = Array.FindIndex(plan.ToString().Split('\n'), static line => line.Contains("fsmount", StringComparison.Ordinal));
        KernelException error = plan.Explain(new StepFailure(proc, Errno.EPERM));
        Assert.Equal("mount proc on /proc: EPERM (operation not permitted)", error.Message);
        Assert.Equal(ErrorCode.LaunchFailed, error.Code);
        Assert.Equal("fsmount", error.SystemCall);
    }

    [Theory]
    [InlineData(2, ErrorCode.CommandNotFound)]
    [InlineData(20, ErrorCode.CommandNotFound)]
    [InlineData(13, ErrorCode.CommandNotExecutable)]
    [InlineData(8, ErrorCode.CommandNotExecutable)]
    public void AProgramThatCannotBeExecutedHasACodeOfItsOwn(int errno, ErrorCode code)
    {
        using LaunchPlan plan = new PlannedLaunch().Compile(PlannedLaunch.Small());
        Assert.Equal(code, plan.Explain(new StepFailure(plan.Count - 1, errno)).Code);
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "noArguments", "The process has no arguments; process.args needs at least the program." },
        { "relativeCwd", "The working directory 'tmp' is not an absolute path." },
        { "relativeMount", "The mount destination 'data' is not an absolute path." },
        { "unknownNamespace", "There is no namespace type 'net'; the types are pid, mount, network, ipc, uts, user, cgroup, time." },
        { "twice", "The namespace type 'uts' is given twice." },
        { "hostName", "The host name 'box' is set without a uts namespace; it would change the host's." },
        { "hostParameter", "The kernel parameter kernel.panic belongs to the whole machine, not to a namespace; set it on the host." },
        { "netParameter", "The kernel parameter net.ipv4.ip_forward needs a network namespace of the container's own." },
        { "climbingParameter", "'net/../kernel/core_pattern' is not the name of a kernel parameter." },
        { "overProc", "/proc/sys cannot be a mount point: it is inside /proc." },
        { "noSource", "The bind mount on /data has no source." },
        { "zero", "'/a\\0b' contains a zero byte, which no path, argument or variable can." },
        { "limit", "There is no process limit 'RLIMIT_X'; see setrlimit(2)." },
        { "softAboveHard", "The soft limit 2 of RLIMIT_CORE is above its hard limit 1." },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void AConfigurationThatCannotBeIsRefusedInOneSentence(string name, string message)
    {
        OciSpec small = PlannedLaunch.Small();
        OciSpec spec = name switch
        {
            "noArguments" => small with { Process = small.Process! with { Args = [] } },
            "relativeCwd" => small with { Process = small.Process! with { Cwd = "tmp" } },
            "relativeMount" => small with { Mounts = [new OciMount { Destination = "data", Type = "tmpfs" }] },
            "unknownNamespace" => small with { Linux = small.Linux! with { Namespaces = [.. small.Linux.Namespaces!, new("net")] } },
            "twice" => small with { Linux = small.Linux! with { Namespaces = [.. small.Linux.Namespaces!, new("uts")] } },
            "hostName" => Without(small, "uts"),
            "hostParameter" => small with { Linux = small.Linux! with { Sysctl = new Dictionary<string, string> { ["kernel.panic"] = "1" } } },
            "netParameter" => Without(small, "network") with
            {
                Linux = Without(small, "network").Linux! with { Sysctl = new Dictionary<string, string> { ["net.ipv4.ip_forward"] = "1" } },
            },
            "climbingParameter" => small with { Linux = small.Linux! with { Sysctl = new Dictionary<string, string> { ["net/../kernel/core_pattern"] = "|x" } } },
            "overProc" => small with { Mounts = [new OciMount { Destination = "/proc/sys", Type = "tmpfs" }] },
            "noSource" => small with { Mounts = [new OciMount { Destination = "/data", Type = "bind" }] },
            "zero" => small with { Process = small.Process! with { Args = ["/a\0b"] } },
            "limit" => small with { Process = small.Process! with { Rlimits = [new OciRlimit("RLIMIT_X", 1, 1)] } },
            "softAboveHard" => small with { Process = small.Process! with { Rlimits = [new OciRlimit("RLIMIT_CORE", 2, 1)] } },
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
        ContainerException error = Assert.Throws<ContainerException>(() => new PlannedLaunch().Start(spec));
        Assert.Equal(message, error.Message);
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
    }

    private static OciSpec Without(OciSpec spec, string type)
        => spec with { Linux = spec.Linux! with { Namespaces = [.. spec.Linux.Namespaces!.Where(item => item.Type != type)] } };

    private static OciSpec Docker() => PlannedLaunch.Small("nginx", "-g", "daemon off;") with
    {
        Root = new OciRoot { Path = "/containers/1/rootfs", Readonly = true },
        Process = PlannedLaunch.Small().Process! with
        {
            Args = ["nginx"],
            Cwd = "/srv/www",
            User = new OciUser { Uid = 101, Gid = 102, AdditionalGids = [10, 20], Umask = 0x17 },
            NoNewPrivileges = true,
            OomScoreAdj = 100,
            Rlimits = [new OciRlimit("RLIMIT_NOFILE", 1024, 4096)],
            Capabilities = new OciCapabilities { Bounding = ["CAP_CHOWN"], Permitted = ["CAP_CHOWN"], Effective = [], Ambient = ["CAP_CHOWN"], Inheritable = ["CAP_CHOWN"] },
        },
        Mounts =
        [
            new OciMount { Destination = "/", Type = "overlay", Options = ["lowerdir=/layers/2:/layers/a\\:b", "upperdir=/containers/1/upper", "workdir=/containers/1/work"] },
            new OciMount { Destination = "/proc", Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] },
            new OciMount { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            new OciMount { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666"] },
            new OciMount { Destination = "/etc/hosts", Type = "bind", Source = "hosts.file", Options = ["rbind", "rprivate", "ro"] },
            new OciMount { Destination = "/data", Type = "bind", Source = "/srv/data", Options = ["rbind", "rslave", "rro", "nosuid"] },
        ],
        Linux = PlannedLaunch.Small().Linux! with
        {
            Sysctl = new Dictionary<string, string> { ["net.ipv4.ip_unprivileged_port_start"] = "0" },
            MaskedPaths = ["/proc/kcore", "/sys/firmware"],
            ReadonlyPaths = ["/proc/sys"],
            RootfsPropagation = "rprivate",
            Devices = [new OciDevice { Type = "c", Path = "/dev/fuse", Major = 10, Minor = 229, FileMode = 0x1b6, Uid = 101, Gid = 102 }],
        },
    };

    private static OciSpec InUserNamespace() => PlannedLaunch.Small() with
    {
        Linux = PlannedLaunch.Small().Linux! with
        {
            Namespaces = [.. PlannedLaunch.Small().Linux!.Namespaces!.Where(static item => item.Type != "network"), new("user"), new("network", "/run/netns/a")],
            UidMappings = [new OciIdMapping(0, 100000, 65536)],
            GidMappings = [new OciIdMapping(0, 100000, 65536)],
        },
    };

    private static OciSpec WithTerminal() => PlannedLaunch.Small("sh") with
    {
        Process = PlannedLaunch.Small("sh").Process! with { Terminal = true, ConsoleSize = new OciBox(24, 80) },
    };
}
