using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Hosts;
using ContainerTools.Runtime.Hosts.Trials;
using Xunit;

namespace ContainerTools.Runtime.Tests.Hosts;

public sealed class HostProbesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("host-").FullName;

    public HostProbesTests()
    {
        Write("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        Write("/proc/sys/kernel/cap_last_cap", "40\n");
        Write("/proc/sys/kernel/seccomp/actions_avail", "kill_process kill_thread trap errno user_notif trace log allow\n");
        Write("/proc/self/status", "Name:\tx\nNoNewPrivs:\t0\nSeccomp:\t0\nCapBnd:\t000001ffffffffff\n");
        Write("/proc/filesystems", "nodev\tsysfs\n\text4\nnodev\toverlay\n");
        Write("/proc/sys/net/ipv4/ip_forward", "1\n");
        Write("/sys/kernel/security/lsm", "capability,landlock,yama");
        foreach (string file in (string[])["mnt", "pid", "uts", "ipc", "net", "cgroup", "user", "time"]) Write("/proc/self/ns/" + file, "");
        foreach (string type in (string[])["mnt", "pid", "uts", "ipc", "net", "cgroup", "user", "time"]) Write($"/proc/sys/user/max_{type}_namespaces", "1000\n");
        Write("/cgroup/none", "");
        Write("/mountinfo", "");
        Write("/cgroups", "");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root + path)!);
        File.WriteAllText(_root + path, text);
    }

    private Dictionary<string, HostCapability> Probe(Func<HostContext, HostContext>? change = null)
    {
        HostContext context = new()
        {
            Files = new HostFiles(_root),
            Paths = new EnginePaths(_root + "/data", _root + "/run"),
            Cgroups = CgroupHost.Detect(_root + "/cgroup", _root + "/mountinfo", _root + "/cgroups"),
            Trials = new Dictionary<string, int>(),
            NotTried = "this is a test",
            HasSystemCall = _ => true,
            FindProgram = name => "/usr/sbin/" + name,
            IsRoot = true,
        };
        if (change is not null) context = change(context);
        return LocalHostOperations.Probe(context).ToDictionary(capability => capability.Name);
    }

    private HostCapability Probe(string name, Func<HostContext, HostContext>? change = null) => Probe(change)[name];

    private static HostContext With(HostContext context, string trial, int errno) => context with { Trials = new Dictionary<string, int> { [trial] = errno }, NotTried = null };

    [Fact]
    public void Every_answer_has_a_reason_and_what_is_missing_a_remedy()
    {
        Dictionary<string, HostCapability>[] answers =
        [
            Probe(), Probe(context => context with { HasSystemCall = _ => false, FindProgram = _ => null, IsRoot = false }),
            Probe(context => context with
            {
                NotTried = null,
                Trials = TrialName.Namespaces.Select(TrialName.Namespace).Concat(TrialName.Links.Select(TrialName.Link))
                    .Concat([TrialName.Overlay, TrialName.IdMappedMount, TrialName.IdMappedOverlay, TrialName.PacketFilter]).ToDictionary(name => name, _ => 1),
            }),
        ];
        foreach (HostCapability capability in answers.SelectMany(answer => answer.Values))
        {
            Assert.Matches(@"^\S.*\.$", capability.Reason);
            if (capability.Remedy is { } remedy) Assert.Matches(@"^\S.*\.$", remedy);
            if (capability.Status == HostCapabilityStatus.Missing && capability.Name is not "ctrun") Assert.NotNull(capability.Remedy);
            Assert.Contains(capability.Category, (string[])["Kernel", "Namespace", "Cgroup", "Storage", "Security", "Network", "Tool"]);
        }
    }

    [Theory]
    [InlineData("5.15.0", HostCapabilityStatus.Available)]
    [InlineData("6.18.44-fc", HostCapabilityStatus.Available)]
    [InlineData("7.0-rc1", HostCapabilityStatus.Available)]
    [InlineData("5.14.21-150500", HostCapabilityStatus.Missing)]
    [InlineData("4.19.0", HostCapabilityStatus.Missing)]
    [InlineData("unknown", HostCapabilityStatus.Limited)]
    [InlineData(null, HostCapabilityStatus.Limited)]
    public void The_kernels_version_is_judged(string? release, HostCapabilityStatus status)
    {
        HostCapability capability = KernelProbes.JudgeVersion(release);
        Assert.Equal(status, capability.Status);
        Assert.True(capability.Required);
    }

    [Fact]
    public void A_missing_system_call_is_told_with_the_kernel_that_has_it()
    {
        HostCapability capability = Probe("openat2", context => context with { HasSystemCall = call => call.Name != "openat2" });
        Assert.Equal((HostCapabilityStatus.Missing, true), (capability.Status, capability.Required));
        Assert.Contains("5.6", capability.Remedy, StringComparison.Ordinal);
        Assert.Equal(HostCapabilityStatus.Available, Probe("clone3").Status);
    }

    [Fact]
    public void A_namespace_is_judged_by_its_file_its_limit_and_a_trial()
    {
        Assert.Equal(HostCapabilityStatus.Available, Probe("user namespace").Status);
        Assert.Contains("not tried, because this is a test", Probe("user namespace").Reason, StringComparison.Ordinal);
        HostCapability tried = Probe("user namespace", context => With(context, "namespace-user", 0));
        Assert.StartsWith("Tried:", tried.Reason, StringComparison.Ordinal);
        HostCapability refused = Probe("user namespace", context => With(context, "namespace-user", 1));
        Assert.Equal(HostCapabilityStatus.Missing, refused.Status);
        Assert.Contains("EPERM", refused.Reason, StringComparison.Ordinal);
        Write("/proc/sys/user/max_user_namespaces", "0\n");
        HostCapability none = Probe("user namespace", context => With(context, "namespace-user", 28));
        Assert.Equal(HostCapabilityStatus.Missing, none.Status);
        Assert.Contains("sysctl user.max_user_namespaces", none.Remedy, StringComparison.Ordinal);
        File.Delete(_root + "/proc/self/ns/user");
        Assert.Contains("CONFIG_USER_NS", Probe("user namespace").Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_hierarchy_there_are_no_cgroups()
    {
        HostCapability capability = Probe("hierarchies");
        Assert.Equal((HostCapabilityStatus.Missing, true), (capability.Status, capability.Required));
        Assert.False(Probe().ContainsKey("memory"));
    }

    [Fact]
    public void Missing_capabilities_are_named()
    {
        Assert.Equal(HostCapabilityStatus.Available, Probe("capabilities").Status);
        Write("/proc/self/status", "CapBnd:\t000001fffeffffff\nNoNewPrivs:\t1\nSeccomp:\t2\n");
        HostCapability capability = Probe("capabilities");
        Assert.Equal(HostCapabilityStatus.Limited, capability.Status);
        Assert.Contains("CAP_SYS_RESOURCE:", capability.Reason, StringComparison.Ordinal);
        Assert.Equal(HostCapabilityStatus.Limited, Probe("set-user-id programs").Status);
        Assert.Equal(HostCapabilityStatus.Limited, Probe("no filter around the engine").Status);
    }

    [Fact]
    public void System_call_filters_are_judged_by_their_actions()
    {
        Assert.Equal(HostCapabilityStatus.Available, Probe("system call filters").Status);
        Write("/proc/sys/kernel/seccomp/actions_avail", "kill_process kill_thread trap errno trace log allow");
        Assert.Contains("user_notif", Probe("system call filters").Reason, StringComparison.Ordinal);
        File.Delete(_root + "/proc/sys/kernel/seccomp/actions_avail");
        Assert.Equal(HostCapabilityStatus.Missing, Probe("system call filters").Status);
    }

    [Fact]
    public void Security_modules_are_those_the_kernel_names()
    {
        Assert.Equal(HostCapabilityStatus.Missing, Probe("AppArmor").Status);
        Write("/sys/kernel/security/lsm", "capability,apparmor\n");
        Assert.Equal(HostCapabilityStatus.Limited, Probe("AppArmor").Status);
        Assert.Equal(HostCapabilityStatus.Missing, Probe("SELinux").Status);
    }

    [Theory]
    [InlineData("nodev\toverlay\n", true)]
    [InlineData("\toverlay\n", true)]
    [InlineData("nodev\toverlayfs\nnodev\tfuse.overlay\n", false)]
    [InlineData(null, false)]
    public void A_file_system_is_found_by_its_whole_name(string? table, bool found) => Assert.Equal(found, StorageProbes.HasFileSystem(table, "overlay"));

    [Fact]
    public void Overlay_is_judged_by_the_trial_first()
    {
        Assert.Equal(HostCapabilityStatus.Available, Probe("overlay").Status);
        HostCapability refused = Probe("overlay", context => With(context, TrialName.Overlay, 22));
        Assert.Equal(HostCapabilityStatus.Missing, refused.Status);
        Assert.Contains("another file system", refused.Remedy, StringComparison.Ordinal);
        Write("/proc/filesystems", "nodev\tproc\n");
        Assert.Contains("modprobe", Probe("overlay").Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_forwarding_and_tools_are_judged()
    {
        Assert.Equal(HostCapabilityStatus.Missing, Probe("ipvlan", context => With(context, "link-ipvlan", 95)).Status);
        Assert.Equal(HostCapabilityStatus.Available, Probe("bridge", context => With(context, "link-bridge", 0)).Status);
        Assert.Equal(HostCapabilityStatus.Limited, Probe("veth").Status);
        Write("/proc/sys/net/ipv4/ip_forward", "0\n");
        Assert.Equal(HostCapabilityStatus.Limited, Probe("forwarding").Status);
        Assert.Equal(HostCapabilityStatus.Available, Probe("nft").Status);
        Assert.Contains("nftables", Probe("nft", context => context with { FindProgram = _ => null }).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Trial_results_are_lines_of_name_and_number()
        => Assert.Equal(new Dictionary<string, int> { ["a"] = 0, ["b-c"] = 95 }, TrialRun.Parse("a 0\nnoise\nb-c 95\nd x\n"));
}
