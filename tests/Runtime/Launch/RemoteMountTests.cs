using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch;

/// <summary>File systems of a network; a server is only in the virtual machine (tests/Vm, nfs-volume).</summary>
public sealed class RemoteMountTests
{
    [Theory]
    [InlineData("nfs", true)]
    [InlineData("nfs4", true)]
    [InlineData("cifs", true)]
    [InlineData("tmpfs", false)]
    [InlineData("ext4", false)]
    public void The_launcher_opens_them_and_the_first_process_attaches_them(string type, bool remote)
    {
        PlannedLaunch launch = new();
        OciMount mount = new() { Destination = "/data", Type = type, Source = "server:/path", Options = ["addr=192.0.2.1", "ro"] };
        string plan = launch.Start(PlannedLaunch.Small() with { Mounts = [mount] });
        Assert.Equal(remote, launch.Opened.Contains($"mount of {type} server:/path addr=192.0.2.1"));
        Assert.Equal(!remote, plan.Contains("fsopen", StringComparison.Ordinal));
        Assert.Contains("move_mount", plan, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_that_the_kernel_does_not_know_is_said_with_its_module()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to open a file system");
        Assert.SkipWhen(File.ReadAllText("/proc/filesystems").Contains("\tafs\n", StringComparison.Ordinal), "the kernel has the file system afs");
        ContainerException error = Assert.Throws<ContainerException>(() => RemoteMount.Make("afs", "#server:path", "/data", MountOptions.Parse([])));
        Assert.Equal(ErrorCode.LaunchFailed, error.Code);
        Assert.Contains("modprobe afs", error.Message, StringComparison.Ordinal);
    }
}
