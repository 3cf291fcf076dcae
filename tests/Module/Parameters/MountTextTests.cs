using System.Collections;
using ContainerTools.Module.Parameters;
using Xunit;

namespace ContainerTools.Module.Tests.Parameters;

public sealed class MountTextTests
{
    [Theory]
    [InlineData("/data:/srv", ContainerMountType.Bind, "/data", "/srv", false, "")]
    [InlineData("/data:/srv:ro", ContainerMountType.Bind, "/data", "/srv", true, "")]
    [InlineData("./here:/srv:ro,rslave", ContainerMountType.Bind, "/cwd/./here", "/srv", true, "rslave")]
    [InlineData("~/x:/srv", ContainerMountType.Bind, "/cwd/~/x", "/srv", false, "")]
    [InlineData("sub/dir:/srv", ContainerMountType.Bind, "/cwd/sub/dir", "/srv", false, "")]
    [InlineData("cache:/srv:rw", ContainerMountType.Volume, "cache", "/srv", false, "")]
    [InlineData("/data", ContainerMountType.Volume, "", "/data", false, "")]
    public void Volumes(string text, ContainerMountType type, string source, string destination, bool readOnly, string options)
    {
        ContainerMount mount = MountText.ParseVolume(text, Resolve);

        Assert.Equal((type, source, destination, readOnly), (mount.Type, mount.Source, mount.Destination, mount.ReadOnly));
        Assert.Equal(options, string.Join(',', mount.Options));
    }

    [Theory]
    [InlineData("data")]
    [InlineData("./data")]
    [InlineData(":/srv")]
    [InlineData("/data:")]
    [InlineData("/data:srv")]
    [InlineData("/a:/b:ro:x")]
    public void Volumes_that_cannot_be_read(string text)
        => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(() => MountText.ParseVolume(text, Resolve)).Code);

    [Fact]
    public void Mounts_in_Dockers_form()
    {
        ContainerMount bind = MountText.ParseMount("type=bind,source=data,target=/srv,readonly,bind-propagation=rslave", Resolve);
        ContainerMount volume = MountText.ParseMount("src=cache,dst=/srv", Resolve);
        ContainerMount tmpfs = MountText.ParseMount("type=tmpfs,destination=/tmp,tmpfs-size=64m", Resolve);

        Assert.Equal("/cwd/data:/srv:ro,rslave", bind.ToString());
        Assert.Equal(ContainerMountType.Volume, volume.Type);
        Assert.Equal("/tmp:size=64m", tmpfs.ToString());
    }

    [Fact]
    public void Mounts_as_tables_and_objects()
    {
        ContainerMount table = MountText.ParseMount(
            new Hashtable { ["Type"] = "Bind", ["Source"] = "/data", ["Destination"] = "/srv", ["ReadOnly"] = true, ["Options"] = new object[] { "rslave", "noexec" } }, Resolve);

        Assert.Equal("/data:/srv:ro,rslave,noexec", table.ToString());
        Assert.Same(table, MountText.ParseMount(table, Resolve));
    }

    [Theory]
    [InlineData("type=floppy,destination=/x")]
    [InlineData("type=bind,destination=/x")]
    [InlineData("type=tmpfs")]
    [InlineData("colour=red,destination=/x")]
    [InlineData("type=1,destination=/x")]
    public void Mounts_that_cannot_be_read(string text)
        => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(() => MountText.ParseMount(text, Resolve)).Code);

    [Fact]
    public void Tmpfs()
    {
        Assert.Equal("/tmp", MountText.ParseTmpfs("/tmp").ToString());
        Assert.Equal("/tmp:ro,size=1m,noexec", MountText.ParseTmpfs("/tmp:size=1m,ro,noexec").ToString());
        Assert.Throws<ContainerException>(() => MountText.ParseTmpfs("tmp"));
    }

    private static string Resolve(string path) => Path.IsPathRooted(path) ? path : "/cwd/" + path;
}
