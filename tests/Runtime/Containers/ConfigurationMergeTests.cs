using ContainerTools.Runtime.Containers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed class ConfigurationMergeTests
{
    private static readonly string s_id = "0123456789ab" + new string('c', 52);

    // Docker's table: what runs, by the image's entry point and command and the user's.
    [Theory]
    [InlineData("e", "c", null, null, "e c")]
    [InlineData("e", "c", null, "x y", "e x y")]
    [InlineData("e", "c", "n", null, "n")]
    [InlineData("e", "c", "n", "x", "n x")]
    [InlineData("e", "c", "", "x", "x")]
    [InlineData("", "c", null, null, "c")]
    [InlineData("", "c", null, "x", "x")]
    [InlineData("e", "", null, null, "e")]
    public void Entry_point_and_command_follow_Docker(string imageEntry, string imageCommand, string? entry, string? command, string result)
    {
        ImageConfiguration image = new() { EntryPoint = Words(imageEntry)!, Command = Words(imageCommand)! };
        ContainerCreateOptions options = new() { Image = "i", EntryPoint = Words(entry), Command = Words(command) };
        (IReadOnlyList<string> entryPoint, IReadOnlyList<string> arguments) = ConfigurationMerge.Command(image, options);
        Assert.Equal(result, string.Join(' ', entryPoint.Concat(arguments)));
    }

    [Fact]
    public void An_entry_point_of_one_empty_word_clears_the_images_and_its_command()
    {
        ContainerException error = Assert.Throws<ContainerException>(() => ConfigurationMerge.Command(
            new ImageConfiguration { EntryPoint = ["e"], Command = ["c"] }, new ContainerCreateOptions { Image = "i", EntryPoint = [""] }));
        Assert.Equal((ErrorCode.InvalidArgument, "i"), (error.Code, error.Target));
    }

    [Fact]
    public void Nothing_to_run_is_an_error()
        => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(
            () => ConfigurationMerge.Command(new ImageConfiguration(), new ContainerCreateOptions { Image = "i" })).Code);

    [Fact]
    public void The_environment_keeps_its_order_and_the_last_word_wins()
        => Assert.Equal(
            ["PATH=/bin", "B=2", "C="],
            ConfigurationMerge.Environment(["PATH=/bin", "A=1", "B=1"], ["B=2", "A", "C=", "GONE"]));

    [Fact]
    public void There_is_always_a_path()
        => Assert.Equal([ConfigurationMerge.DefaultPath, "A=1"], ConfigurationMerge.Environment(["A=1"], []));

    [Theory]
    [InlineData("=x")]
    [InlineData("")]
    [InlineData("A=\0")]
    public void A_bad_variable_is_an_error(string entry)
        => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(() => ConfigurationMerge.Environment([], [entry])).Code);

    [Fact]
    public void Labels_of_the_user_replace_the_images()
        => Assert.Equal(
            new Dictionary<string, string> { ["a"] = "2", ["b"] = "1", ["c"] = "3" },
            ConfigurationMerge.Labels(
                new Dictionary<string, string> { ["a"] = "1", ["b"] = "1" }, new Dictionary<string, string> { ["a"] = "2", ["c"] = "3" }));

    [Fact]
    public void What_is_not_said_is_the_images_or_Dockers_default()
    {
        ImageConfiguration image = new()
        {
            Command = ["run"],
            User = "app:staff",
            WorkingDirectory = "/srv/app/",
            StopSignal = "quit",
            Volumes = ["/data"],
        };
        ContainerConfiguration merged = ConfigurationMerge.Merge(image, new ContainerCreateOptions { Image = "i" }, s_id);
        Assert.Equal("app:staff", merged.User);
        Assert.Equal("/srv/app", merged.WorkingDirectory);
        Assert.Equal("SIGQUIT", merged.StopSignal);
        Assert.Equal("0123456789ab", merged.HostName);
        Assert.Equal(TimeSpan.FromSeconds(10), merged.StopTimeout);
        Assert.Equal(Environment.IsPrivilegedProcess ? "bridge" : "none", merged.NetworkMode);
        ContainerMount volume = Assert.Single(merged.Mounts);
        Assert.Equal((ContainerMountType.Volume, "", "/data"), (volume.Type, volume.Source, volume.Destination));
    }

    public static TheoryData<string, ErrorCode, ContainerCreateOptions> Refused() => new()
    {
        { "relative working directory", ErrorCode.InvalidArgument, New() with { WorkingDirectory = "srv" } },
        { "signal", ErrorCode.SignalUnknown, New() with { StopSignal = "SIGNONE" } },
        { "capability", ErrorCode.CapabilityUnknown, New() with { AddedCapabilities = ["CAP_NONE"] } },
        { "dropped capability", ErrorCode.CapabilityUnknown, New() with { DroppedCapabilities = ["NONE"] } },
        { "memory", ErrorCode.LimitInvalid, New() with { Limit = new ContainerLimit { Memory = 1 << 20 } } },
        { "processors", ErrorCode.LimitInvalid, New() with { Limit = new ContainerLimit { Cpus = 100_000 } } },
        { "processor list", ErrorCode.LimitInvalid, New() with { Limit = new ContainerLimit { CpuSet = "a-b" } } },
        { "processor that is not there", ErrorCode.LimitInvalid, New() with { Limit = new ContainerLimit { CpuSet = "8000" } } },
        { "network", ErrorCode.InvalidArgument, New() with { NetworkMode = "none", Ports = PortMapping.Parse("80:80") } },
        { "host name", ErrorCode.InvalidArgument, New() with { HostName = "a b" } },
        { "process limit", ErrorCode.InvalidArgument, New() with { ProcessLimits = [new ProcessLimit("files", 1, 1)] } },
        { "soft above hard", ErrorCode.InvalidArgument, New() with { ProcessLimits = [new ProcessLimit("nofile", 2, 1)] } },
        { "kernel parameter of the machine", ErrorCode.InvalidArgument, New() with { KernelParameters = Of("kernel.panic", "1") } },
        { "network parameter of the host", ErrorCode.InvalidArgument, New() with { NetworkMode = "host", KernelParameters = Of("net.ipv4.ip_forward", "1") } },
        { "restart and remove", ErrorCode.InvalidArgument, New() with { AutoRemove = true, RestartPolicy = new RestartPolicy(RestartCondition.Always) } },
        { "privileged in a user namespace", ErrorCode.InvalidArgument, New() with { Privileged = true, UserNamespace = true } },
        { "seccomp profile", ErrorCode.FileNotFound, New() with { SeccompProfile = "/nonexistent/profile.json" } },
        { "bind source", ErrorCode.FileNotFound, New() with { Mounts = [Bind("/nonexistent", "/a")] } },
        { "relative bind source", ErrorCode.InvalidArgument, New() with { Mounts = [Bind("tmp", "/a")] } },
        { "relative destination", ErrorCode.InvalidArgument, New() with { Mounts = [Bind("/tmp", "a")] } },
        { "root as destination", ErrorCode.InvalidArgument, New() with { Mounts = [Bind("/tmp", "/a/..")] } },
        { "same destination", ErrorCode.InvalidArgument, New() with { Mounts = [Bind("/tmp", "/a"), Bind("/etc", "/a/")] } },
        { "mount option", ErrorCode.InvalidArgument, New() with { Mounts = [Bind("/tmp", "/a") with { Options = ["size=1m"] }] } },
        { "stop time-out", ErrorCode.InvalidArgument, New() with { StopTimeout = TimeSpan.FromSeconds(-5) } },
        { "shared memory", ErrorCode.InvalidArgument, New() with { SharedMemorySize = 0 } },
        { "log files", ErrorCode.InvalidArgument, New() with { LogMaxFiles = 0 } },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void A_bad_option_is_refused(string what, ErrorCode code, ContainerCreateOptions options)
    {
        ContainerException error = Assert.Throws<ContainerException>(
            () => ConfigurationMerge.Merge(new ImageConfiguration { Command = ["run"] }, options, s_id));
        Assert.Equal((what, code), (what, error.Code));
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_come_into_their_one_form()
    {
        ContainerConfiguration merged = ConfigurationMerge.Merge(
            new ImageConfiguration { Command = ["run"] },
            New() with
            {
                AddedCapabilities = ["net_admin", "CAP_NET_ADMIN"],
                DroppedCapabilities = ["all"],
                ProcessLimits = [new ProcessLimit("nofile", 1, 2)],
                Mounts = [Bind("/tmp/", "/b/c/"), Bind("/tmp", "/a") with { Options = ["ro", "z"] }],
                Limit = new ContainerLimit { Memory = -1, CpuShares = 512 },
            },
            s_id);
        Assert.Equal(["CAP_NET_ADMIN"], merged.AddedCapabilities);
        Assert.Equal(["ALL"], merged.DroppedCapabilities);
        Assert.Equal("RLIMIT_NOFILE", Assert.Single(merged.ProcessLimits).Name);
        Assert.Equal(["/tmp:/a:ro", "/tmp:/b/c"], merged.Mounts.Select(mount => mount.ToString()));
        Assert.Equal(new ContainerLimit { CpuShares = 512 }, merged.Limit);
    }

    private static ContainerCreateOptions New() => new() { Image = "i" };

    private static ContainerMount Bind(string source, string destination)
        => new() { Type = ContainerMountType.Bind, Source = source, Destination = destination };

    private static Dictionary<string, string> Of(string name, string value) => new() { [name] = value };

    private static string[]? Words(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
