using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch;

public sealed class MountOptionsTests
{
    [Theory]
    [InlineData("ro,nosuid", Libc.MOUNT_ATTR_RDONLY | Libc.MOUNT_ATTR_NOSUID, 0ul)]
    [InlineData("ro,rw", 0ul, Libc.MOUNT_ATTR_RDONLY)]
    [InlineData("rw,ro", Libc.MOUNT_ATTR_RDONLY, 0ul)]
    [InlineData("noexec,exec,nodev", Libc.MOUNT_ATTR_NODEV, Libc.MOUNT_ATTR_NOEXEC)]
    [InlineData("noatime", Libc.MOUNT_ATTR_NOATIME, Libc.MOUNT_ATTR__ATIME)]
    [InlineData("noatime,strictatime", Libc.MOUNT_ATTR_STRICTATIME, Libc.MOUNT_ATTR__ATIME)]
    [InlineData("relatime", 0ul, Libc.MOUNT_ATTR__ATIME)]
    [InlineData("nosymfollow", Libc.MOUNT_ATTR_NOSYMFOLLOW, 0ul)]
    [InlineData("defaults", 0ul, 0ul)]
    public void AttributesAddUpAndTheLastOneWins(string options, ulong set, ulong clear)
    {
        MountOptions parsed = MountOptions.Parse(options.Split(','));
        Assert.Equal((set, clear), (parsed.Set, parsed.Clear));
        Assert.Empty(parsed.Data);
    }

    [Fact]
    public void WhatIsNoAttributeIsLeftToTheFileSystem()
    {
        MountOptions parsed = MountOptions.Parse(["mode=755", "ro", "newinstance", "size=64k"]);
        Assert.Equal(["mode=755", "newinstance", "size=64k"], parsed.Data);
    }

    [Theory]
    [InlineData("private", Libc.MS_PRIVATE, false)]
    [InlineData("rslave", Libc.MS_SLAVE, true)]
    [InlineData("rshared", Libc.MS_SHARED, true)]
    [InlineData("unbindable", Libc.MS_UNBINDABLE, false)]
    public void PropagationIsRead(string option, ulong flag, bool recursive)
    {
        MountOptions parsed = MountOptions.Parse([option]);
        Assert.Equal((flag, recursive), (parsed.Propagation, parsed.RecursivePropagation));
    }

    [Fact]
    public void RecursiveAttributesAreKeptApart()
    {
        MountOptions parsed = MountOptions.Parse(["rbind", "rro", "rnosuid", "noexec"]);
        Assert.True(parsed.Bind && parsed.RecursiveBind);
        Assert.Equal(Libc.MOUNT_ATTR_RDONLY | Libc.MOUNT_ATTR_NOSUID, parsed.RecursiveSet);
        Assert.Equal(Libc.MOUNT_ATTR_NOEXEC, parsed.Set);
    }

    [Fact]
    public void ALayerListIsSplitAsOverlayfsSplitsIt()
        => Assert.Equal(["/a", "/b:c", "/d\\e"], RootFileSystem.SplitLayers("/a:/b\\:c:/d\\\\e"));
}
