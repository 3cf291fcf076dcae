using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch;

public sealed class UserLookupTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("userlookup").FullName;
    private readonly SafeFileHandle root;

    public UserLookupTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "etc"));
        File.WriteAllText(Path.Combine(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1001::/home/bob:/bin/sh\nbroken line\n1234:x:77:78::/odd:/bin/sh\n");
        File.WriteAllText(Path.Combine(folder, "etc/group"), "root:x:0:\nbobs:x:1001:\nwheel:x:10:bob,root\nvideo:x:44:bob\n");
        root = Libc.Open(folder, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
    }

    public void Dispose()
    {
        root.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("bob", 1000u, 1001u, "1001,10,44", "/home/bob")]
    [InlineData("bob:wheel", 1000u, 10u, "10", "/home/bob")]
    [InlineData("bob:55", 1000u, 55u, "55", "/home/bob")]
    [InlineData("1000", 1000u, 1001u, "1001,10,44", "/home/bob")]
    [InlineData("1000:1000", 1000u, 1000u, "1000", "/home/bob")]
    [InlineData("4711", 4711u, 0u, "0", null)]
    [InlineData("root", 0u, 0u, "0,10", "/root")]
    // A name that looks like a number is a name first, as getpwnam(3) before getpwuid(3).
    [InlineData("1234", 77u, 78u, "78", "/odd")]
    public void AUserIsFoundAsDockerFindsIt(string text, uint uid, uint gid, string groups, string? home)
    {
        ResolvedUser user = UserLookup.Resolve(new OciUser { Username = text }, root);
        Assert.Equal((uid, gid, groups, home), (user.Uid, user.Gid, string.Join(',', user.Groups), user.Home));
    }

    [Theory]
    [InlineData("alice", "The image has no user 'alice'; use one that its /etc/passwd lists, or a number.")]
    [InlineData("bob:nogroup", "The image has no group 'nogroup'; use one that its /etc/group lists, or a number.")]
    [InlineData("4294967295", "The image has no user '4294967295'; use one that its /etc/passwd lists, or a number.")]
    public void AnUnknownUserOrGroupIsAnError(string text, string message)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => UserLookup.Resolve(new OciUser { Username = text }, root));
        Assert.Equal((ErrorCode.UserNotFound, message), (error.Code, error.Message));
    }

    [Fact]
    public void AdditionalGroupsAreAddedOnceEach()
    {
        ResolvedUser user = UserLookup.Resolve(new OciUser { Uid = 5, AdditionalGids = [10], AdditionalGroupNames = ["wheel", "video", "99"] }, root);
        Assert.Equal([10u, 44u, 99u], user.Groups);
    }

    [Fact]
    public void ALinkToAFileOfTheHostIsNotFollowed()
    {
        File.Delete(Path.Combine(folder, "etc/passwd"));
        File.CreateSymbolicLink(Path.Combine(folder, "etc/passwd"), "/../../../../../../../../etc/passwd");
        // Inside the root the link leads to itself.
        Assert.ThrowsAny<ContainerException>(() => UserLookup.Resolve(new OciUser { Username = "daemon" }, root));
    }

    [Fact]
    public void ANumberNeedsNoFiles()
    {
        Assert.Equal((7u, 8u), UserLookup.Resolve(new OciUser { Username = "7:8" }, null) is var user ? (user.Uid, user.Gid) : default);
    }
}
