using System.Diagnostics;
using ContainerTools.Integration.Tests.Ctrun;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Launch;

/// <summary>More that means harm: what is mounted on what, paths that climb, sizes that nobody expects. Each says how the guard against it shows.</summary>
public sealed class HostileConfigurationTests
{
    private const string Secret = "/proc/sys/kernel/core_pattern";

    [Fact]
    public void A_null_device_that_is_a_link_masks_nothing_with_what_it_leads_to()
    {
        // CVE-2025-31133: a runtime that masks files with the container's own /dev/null mounts core_pattern there instead, where it can be written. The guard shows in
        // the masked file being the null device, number 1:3, and the file behind the link being itself.
        using CtrunBundle bundle = CtrunBundle.Create();
        Directory.CreateDirectory(Path.Combine(bundle.Folder, "rootfs", "dev"));
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "rootfs", "dev", "null"), Secret);
        string before = File.ReadAllText(Secret);
        bundle.WriteScript("busybox stat -c %t:%T /proc/version; echo '|/evil' > /proc/version; cat /proc/version", spec => Plain(spec) with
        {
            Linux = spec.Linux! with { MaskedPaths = ["/proc/version"] },
        });
        Assert.Equal("1:3\n", bundle.Run("run", "c").Output);
        Assert.Equal(before, File.ReadAllText(Secret));
        bundle.AssertClean();
    }

    [Fact]
    public void A_console_that_is_a_link_covers_nothing_else()
    {
        // CVE-2025-52565: the terminal is mounted on what /dev/console leads to, or what leads to the terminal is mounted there, before /proc is protected. The guard shows in
        // the refusal; without it the container starts, with a mount on core_pattern.
        using CtrunBundle bundle = CtrunBundle.Create();
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "rootfs", "dev", "console"), Secret);
        bundle.WriteScript("grep -c core_pattern /proc/self/mountinfo", spec => Plain(spec) with
        {
            Process = spec.Process! with { Terminal = true },
            Mounts = [.. Plain(spec).Mounts!, new OciMount { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["newinstance", "ptmxmode=0666"] }],
        });
        Assert.Equal("ctrun: open the ordinary file /dev/console: ELOOP (too many levels of symbolic links)", bundle.Fail("run", "c"));
        bundle.AssertClean();
    }

    [Fact]
    public void A_terminal_that_the_image_brings_is_not_the_containers_console()
    {
        // The other half of CVE-2025-52565: the source of the mount. A runtime that takes it by its name, /dev/pts/0, can be handed another file; the guard, which takes it from the
        // multiplexer itself (TIOCGPTPEER), shows in the image's file not being taken for one.
        using CtrunBundle bundle = CtrunBundle.Create();
        string pts = Directory.CreateDirectory(Path.Combine(bundle.Folder, "rootfs", "dev", "pts")).FullName;
        File.WriteAllText(Path.Combine(pts, "ptmx"), "");
        File.CreateSymbolicLink(Path.Combine(pts, "0"), Secret);
        bundle.WriteScript("cat /dev/console", spec => Plain(spec) with { Process = spec.Process! with { Terminal = true } });
        Assert.Contains("ENOTTY", bundle.Fail("run", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    [Fact]
    public void A_mount_target_that_is_swapped_for_a_link_all_the_time_stays_in_the_root()
    {
        // CVE-2021-30465 itself: between the look and the mount somebody who shares the root makes the folder a link. A runtime that mounts by path is caught in some of the rounds, and
        // its mount or its folders are outside; the guard, one look-up by the kernel whose result is mounted on, shows in nothing ever being there.
        using CtrunBundle bundle = CtrunBundle.Create();
        string outside = Directory.CreateDirectory(Path.Combine(bundle.Folder, "outside")).FullName;
        string rootfs = Path.Combine(bundle.Folder, "rootfs");
        bundle.WriteScript("echo inside > /swapped/deep/file; true", spec => spec with
        {
            Root = spec.Root! with { Readonly = false },
            Mounts = [.. spec.Mounts!, new OciMount { Destination = "/swapped/deep", Type = "tmpfs", Source = "tmpfs" }],
        });
        const string Swap = "while :; do rm -rf swapped 2>/dev/null; ln -s \"$1\" swapped 2>/dev/null; rm swapped 2>/dev/null; mkdir -p swapped/deep 2>/dev/null; done";
        using Process swapper = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Swap, "sh", outside]) { WorkingDirectory = rootfs })!;
        try
        {
            for (int round = 0; round < 60; round++)
            {
                // It may fail, as the folder may be gone; it may not be led astray.
                bundle.Run("run", "c");
                Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
                Assert.DoesNotContain(outside, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
            }
        }
        finally
        {
            swapper.Kill(entireProcessTree: true);
            swapper.WaitForExit();
        }

        bundle.AssertClean();
    }

    [Fact]
    public void Paths_that_climb_end_at_the_root()
    {
        // The guard shows in the paths outside not being there afterwards: each is what the path means where ".." climbs out.
        using CtrunBundle bundle = CtrunBundle.Create();
        string outside = Path.Combine(bundle.Folder, "outside");
        string climb = "/tmp/../../../../../../../.." + outside;
        bundle.WriteScript($"ls -d {outside}/folder {outside}/file {outside}/device; pwd", spec => spec with
        {
            Root = spec.Root! with { Readonly = false },
            Process = spec.Process! with { Cwd = climb + "/cwd" },
            Mounts =
            [
                .. spec.Mounts!, new OciMount { Destination = climb + "/folder", Type = "tmpfs", Source = "tmpfs" },
                new OciMount { Destination = climb + "/file", Type = "bind", Source = "/etc/hostname", Options = ["bind"] },
            ],
            Linux = spec.Linux! with { Devices = [new OciDevice { Type = "c", Path = climb + "/device", Major = 1, Minor = 3 }], MaskedPaths = ["/../../../etc/passwd"] },
        });
        CommandResult result = bundle.Run("run", "c");
        Assert.Equal((0, $"{outside}/device\n{outside}/file\n{outside}/folder\n{outside}/cwd\n"), (result.ExitCode, result.Output.Replace($"{outside}/folder\n{outside}/file\n{outside}/device", $"{outside}/device\n{outside}/file\n{outside}/folder", StringComparison.Ordinal)));
        Assert.False(Directory.Exists(outside));
        bundle.AssertClean();
    }

    [Theory]
    [InlineData("../../escape")]
    [InlineData("a/../../escape")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a b")]
    public void An_id_that_is_a_path_is_refused(string id)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"]);
        Assert.Contains("cannot be a container's id", bundle.Fail("run", id), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(bundle.Folder, "escape")));
    }

    [Fact]
    public void A_megabyte_of_arguments_arrives()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sh", "-c", "echo $#", "sh", .. Enumerable.Repeat(new string('x', 1023), 1024)]);
        Assert.Equal("1024\n", bundle.Succeed("run", "c"));
    }

    [Fact]
    public void A_thousand_masked_and_read_only_paths_that_are_not_there_are_passed_over()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string[] paths = [.. Enumerable.Range(0, 1000).Select(static i => $"/none/{i}"), "/bin/busybox/x", "/"];
        bundle.Write(["/bin/echo", "ran"], spec => spec with { Linux = spec.Linux! with { MaskedPaths = paths[..^1], ReadonlyPaths = paths[..^2] } });
        Assert.Equal("ran\n", bundle.Succeed("run", "c"));
        bundle.AssertClean();
    }

    [Theory]
    [InlineData("""{"process":{"cwd":"/","args":["/bin/true"]},"root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"mount"}],"devices":[{"type":"c","path":"/dev/x","major":99999999999,"minor":1}]}}""")]
    [InlineData("""{"process":{"cwd":"/","args":["/bin/true"],"rlimits":[{"type":"RLIMIT_NOFILE","soft":-1,"hard":5}]},"root":{"path":"rootfs"}}""")]
    [InlineData("""{"process":{"cwd":"/","args":[null]},"root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"mount"}]}}""")]
    [InlineData("""{"process":{"cwd":"/","args":["/bin/true"],"env":[null]},"root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"mount"}]}}""")]
    [InlineData("""{"process":{"cwd":"/","args":["/bin/true"]},"root":{"path":"rootfs"},"mounts":[null],"linux":{"namespaces":[{"type":"mount"}]}}""")]
    [InlineData("""{"process":{"cwd":"/","args":["/bin/true"]},"root":{"path":"rootfs"},"hooks":{"prestart":[null]},"linux":{"namespaces":[{"type":"mount"}]}}""")]
    [InlineData("""{"process":{"cwd":"/","args":["/bin/true"]},"root":{"path":"\u0000"},"linux":{"namespaces":[{"type":"mount"}]}}""")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public void A_configuration_of_nonsense_is_refused_in_one_line(string text)
    {
        // A crash would be an exit by a signal, or a stack trace; one line of a sentence is neither.
        using CtrunBundle bundle = CtrunBundle.Create();
        File.WriteAllText(Path.Combine(bundle.Folder, "config.json"), text);
        bundle.Fail("run", "c");
        Assert.Empty(Directory.Exists(bundle.Root) ? Directory.EnumerateFileSystemEntries(bundle.Root) : []);
    }

    // Without a /dev of its own: the image's counts.
    private static OciSpec Plain(OciSpec spec) => spec with
    {
        Root = spec.Root! with { Readonly = false },
        Mounts = [.. spec.Mounts!.Where(static mount => mount.Destination != "/dev" && !mount.Destination.StartsWith("/dev/", StringComparison.Ordinal))],
    };
}
