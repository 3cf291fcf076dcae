using ContainerTools.Integration.Tests.Ctrun;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Launch;

/// <summary>Root file systems and configurations that mean harm: nothing outside the container may change.</summary>
public sealed class HostileRootTests
{
    [Fact]
    public void A_mount_target_that_is_a_link_out_of_the_root_stays_in_the_root()
    {
        // The class of CVE-2021-30465 and CVE-2019-19921.
        using CtrunBundle bundle = CtrunBundle.Create();
        string outside = Directory.CreateDirectory(Path.Combine(bundle.Folder, "outside")).FullName;
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "rootfs", "trap"), outside);
        File.CreateSymbolicLink(Path.Combine(bundle.Folder, "rootfs", "up"), "../../../../../../../..");
        bundle.WriteScript(
            "echo inside > /data/file; grep -c ' /data ' /proc/self/mountinfo",
            spec => spec with
            {
                Mounts =
                [
                    .. spec.Mounts!, Tmpfs("/trap/deep"), Tmpfs("/up" + outside + "/other"), Tmpfs("/data"),
                    new OciMount { Destination = "/trap/file", Type = "bind", Source = "/etc/hostname", Options = ["bind", "ro"] },
                ],
            });
        Assert.Equal("1\n", bundle.Succeed("run", "c"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        bundle.AssertClean();
    }

    [Theory]
    [InlineData("real", "")]
    // The link is there when proc is mounted, and hidden by the mount on /dev when the masked paths are looked up.
    [InlineData("dev/link", "dev/link")]
    public void A_proc_that_is_a_link_is_refused(string target, string second)
    {
        // The class of CVE-2019-19921 and CVE-2019-16884: behind a link the names of the masked paths lead elsewhere, and settings are written to files of the image.
        using CtrunBundle bundle = CtrunBundle.Create();
        string rootfs = Path.Combine(bundle.Folder, "rootfs");
        Directory.Delete(Path.Combine(rootfs, "proc"));
        Directory.CreateDirectory(Path.Combine(rootfs, "real"));
        File.CreateSymbolicLink(Path.Combine(rootfs, "proc"), target);
        if (second.Length > 0) File.CreateSymbolicLink(Path.Combine(rootfs, second), "/real");
        bundle.WriteScript("echo 1 > /real/sys/kernel/printk_ratelimit_burst");
        Assert.Contains("open the ordinary folder /proc: ELOOP", bundle.Fail("run", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    [Fact]
    public void Nothing_appears_on_a_host_whose_mounts_are_shared()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        // As on every host with systemd; in a mount namespace of its own, which ends with the shell.
        bundle.WriteScript("grep -c . /proc/self/mountinfo > /dev/null; echo ran", spec => spec with
        {
            Mounts = [.. spec.Mounts!, new OciMount { Destination = "/tmp", Type = "bind", Source = Path.Combine(bundle.Folder, "rootfs", "etc"), Options = ["bind"] }],
        });
        string script = $"mount --bind '{bundle.Folder}' '{bundle.Folder}' && mount --make-shared '{bundle.Folder}' && cd '{bundle.Folder}' && '{EngineTools.Ctrun()}' --root state run c && grep -c '{bundle.Folder}/' /proc/self/mountinfo";
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("unshare", ["--mount", "--propagation", "private", "sh", "-c", script])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            })!;
        process.StandardInput.Close();
        CommandResult result = CtrunBundle.Finish(process);
        Assert.Equal(("ran\n0\n", ""), (result.Output, result.Error));
    }

    [Fact]
    public void A_working_folder_of_a_descriptor_does_not_lead_to_the_host()
    {
        // CVE-2024-21626.
        using CtrunBundle bundle = CtrunBundle.Create();
        for (int descriptor = 3; descriptor < 16; descriptor++)
        {
            bundle.Write(["/bin/cat", "../../../../../../../../etc/hostname"], spec => spec with { Process = spec.Process! with { Cwd = $"/proc/self/fd/{descriptor}" } });
            string error = bundle.Fail("run", "c");
            Assert.DoesNotContain(File.Exists("/etc/hostname") ? File.ReadAllText("/etc/hostname").Trim() : "\0", error, StringComparison.Ordinal);
        }

        bundle.AssertClean();
    }

    [Fact]
    public void A_program_path_of_a_descriptor_does_not_lead_to_the_host()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        for (int descriptor = 3; descriptor < 16; descriptor++)
        {
            bundle.Write([$"/proc/self/fd/{descriptor}/../../../../../../../../bin/busybox", "echo", "escaped"]);
            CommandResult result = bundle.Run("run", "c");
            Assert.DoesNotContain("escaped", result.Output, StringComparison.Ordinal);
            Assert.True(result.ExitCode is 126 or 127, result.Error);
        }
    }

    [Fact]
    public void No_descriptor_of_the_launcher_is_left_in_the_container()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("ls /proc/$$/fd; true");
        Assert.Equal("0 1 2", string.Join(' ', bundle.Succeed("run", "c").Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        bundle.WriteScript("sleep 1000");
        bundle.Launch("create", "d");
        bundle.Succeed("start", "d");
        // Nor in a process that is executed later.
        Assert.Equal("0 1 2", string.Join(' ', bundle.Succeed("exec", "d", "/bin/sh", "-c", "ls /proc/$$/fd; true")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public void A_script_that_executes_the_runtime_cannot_write_to_it()
    {
        // CVE-2019-5736.
        using CtrunBundle bundle = CtrunBundle.Create();
        string script = Path.Combine(bundle.Folder, "rootfs", "bin", "evil");
        File.WriteAllText(script, "#!/proc/self/exe --version\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        byte[] before = File.ReadAllBytes(EngineTools.Ctrun());
        bundle.Write(["/bin/evil"]);
        bundle.Run("run", "c");
        // What the runtime is executed from cannot be opened for writing, even with all the rights of the host's root.
        bundle.WriteScript("echo ready; sleep 1000");
        Assert.Equal(before, File.ReadAllBytes(EngineTools.Ctrun()));
        using System.Diagnostics.Process process = bundle.Start("run", "d");
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        Assert.ThrowsAny<IOException>(() => File.OpenHandle($"/proc/{process.Id}/exe", FileMode.Open, FileAccess.Write).Dispose());
        bundle.Succeed("kill", "d", "KILL");
        CtrunBundle.Finish(process);
    }

    [Fact]
    public void A_masked_path_shows_the_hosts_null_device_whatever_the_image_calls_so()
    {
        // The class of CVE-2025-31133.
        using CtrunBundle bundle = CtrunBundle.Create();
        File.WriteAllText(Path.Combine(bundle.Folder, "rootfs", "dev", "null"), "not a device");
        bundle.WriteScript("cat /proc/kcore | wc -c; cat /proc/timer_list; ls /sys/firmware", spec => spec with
        {
            Mounts = [.. spec.Mounts!.Where(static mount => mount.Destination != "/dev")],
            Linux = spec.Linux! with { MaskedPaths = ["/proc/kcore", "/proc/timer_list", "/sys/firmware"] },
        });
        CommandResult result = bundle.Run("run", "c");
        Assert.DoesNotContain("not a device", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5000)]
    public void Thousands_of_mounts_are_made_and_gone_with_the_container(int count)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("grep -c many /proc/self/mountinfo", spec => spec with
        {
            Mounts = [.. spec.Mounts!, .. Enumerable.Range(0, count).Select(static i => Tmpfs($"/tmp/many{i}"))],
        });
        Assert.Equal(count + "\n", bundle.Succeed("run", "c"));
        bundle.AssertClean();
    }

    [Fact]
    public void A_long_command_line_and_odd_variables_arrive_as_they_are()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        string long1 = new('x', 100_000);
        bundle.Write(
            ["/bin/sh", "-c", "echo ${#1} ${#2}; env | grep -c odd", "sh", long1, long1],
            spec => spec with { Process = spec.Process! with { Env = ["PATH=/bin", "odd", "=odd", "odd=a=b"] } });
        string[] lines = bundle.Succeed("run", "c").Split('\n');
        Assert.Equal("100000 100000", lines[0]);
        bundle.Write(["/bin/echo", .. Enumerable.Repeat(long1, 50)]);
        Assert.Contains("E2BIG", bundle.Fail("run", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    private static OciMount Tmpfs(string destination) => new() { Destination = destination, Type = "tmpfs", Source = "tmpfs", Options = ["size=64k"] };
}
