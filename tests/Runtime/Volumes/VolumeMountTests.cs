using System.Net;
using System.Net.Sockets;
using ContainerTools.Runtime.Oci;
using ContainerTools.Runtime.Volumes;
using Xunit;

namespace ContainerTools.Runtime.Tests.Volumes;

public sealed class VolumeMountTests
{
    private static readonly ContainerMount s_use = new() { Type = ContainerMountType.Volume, Source = "data", Destination = "/data", ReadOnly = true, Options = ["noexec"] };

    [Fact]
    public void A_volume_without_options_is_a_folder_of_the_engine() => Assert.Null(VolumeMount.Of(new Dictionary<string, string>(), s_use));

    [Theory]
    [InlineData("tmpfs", "", "size=1m,mode=700", "tmpfs", "tmpfs", "size=1m mode=700 noexec ro")]
    [InlineData("none", "/srv", "bind", "bind", "/srv", "bind noexec ro rprivate")]
    [InlineData("", "/srv", "rbind,rslave", "bind", "/srv", "rbind rslave noexec ro")]
    [InlineData("nfs", ":/export", "addr=192.0.2.7,vers=4", "nfs", "192.0.2.7:/export", "vers=4 noexec ro addr=192.0.2.7")]
    [InlineData("nfs", ":/export", "addr=server,vers=4", "nfs", "server:/export", "vers=4 noexec ro addr=192.0.2.9")]
    [InlineData("nfs4", "server:/export", "", "nfs4", "server:/export", "noexec ro addr=192.0.2.9")]
    [InlineData("nfs", "server:/export:/odd", "addr=192.0.2.7", "nfs", "server:/export:/odd", "noexec ro addr=192.0.2.7")]
    [InlineData("nfs", "[2001:db8::1]:/export", "", "nfs", "[2001:db8::1]:/export", "noexec ro addr=2001:db8::1")]
    [InlineData("nfs", ":/export", "addr=2001:db8::1", "nfs", "[2001:db8::1]:/export", "noexec ro addr=2001:db8::1")]
    [InlineData("ext4", "/dev/sdz9", "", "ext4", "/dev/sdz9", "noexec ro")]
    public void Options_are_mounted_as_mount_8_would(string type, string device, string o, string expectedType, string source, string options)
    {
        OciMount mount = VolumeMount.Of(new Dictionary<string, string> { ["type"] = type, ["device"] = device, ["o"] = o }, s_use, Resolve)!;
        Assert.Equal((expectedType, source, "/data"), (mount.Type, mount.Source, mount.Destination));
        Assert.Equal(options.Split(' '), mount.Options);
    }

    [Theory]
    [InlineData("size", "3", ErrorCode.InvalidArgument)]
    [InlineData("type", "a/b", ErrorCode.InvalidArgument)]
    [InlineData("type", "nfs", ErrorCode.InvalidArgument)]
    [InlineData("device", "/dev/sdz9", ErrorCode.InvalidArgument)]
    [InlineData("o", "bind", ErrorCode.InvalidArgument)]
    public void What_cannot_be_mounted_is_refused(string key, string value, ErrorCode code)
        => Assert.Equal(code, Assert.Throws<ContainerException>(() => VolumeMount.Check(new Dictionary<string, string> { [key] = value })).Code);

    [Theory]
    [InlineData("server", "")]
    [InlineData("/export", "")]
    [InlineData(":/export", "vers=4")]
    [InlineData("[2001:db8::1]", "")]
    public void An_nfs_volume_needs_a_server_and_a_path(string device, string o)
        => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(
            () => VolumeMount.Check(new Dictionary<string, string> { ["type"] = "nfs", ["device"] = device, ["o"] = o })).Code);

    [Fact]
    public void A_server_that_nobody_knows_is_told_by_its_name()
    {
        ContainerException error = Assert.Throws<ContainerException>(
            () => VolumeMount.Of(new Dictionary<string, string> { ["type"] = "nfs", ["device"] = "nobody.invalid:/x" }, s_use, Resolve));
        Assert.Equal((ErrorCode.InvalidArgument, "nobody.invalid"), (error.Code, error.Target));
    }

    private static IPAddress[] Resolve(string host) => host == "server" ? [IPAddress.Parse("192.0.2.9")] : throw new SocketException((int)SocketError.HostNotFound);

    [Fact]
    public void A_folder_of_the_host_must_be_there()
    {
        ContainerException error = Assert.Throws<ContainerException>(() => VolumeMount.Check(new Dictionary<string, string> { ["device"] = "/no/such", ["o"] = "bind" }));
        Assert.Equal(ErrorCode.FileNotFound, error.Code);
    }
}
