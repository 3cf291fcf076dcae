using ContainerTools.Runtime.Cgroups.Systemd;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups.Systemd;

/// <summary>linux.cgroupsPath as slice:prefix:name, and where systemd puts such a unit.</summary>
public sealed class SystemdUnitTests
{
    [Theory]
    [InlineData("system.slice:docker:4f2a", "docker-4f2a.scope", "/system.slice/docker-4f2a.scope")]
    [InlineData(":docker:4f2a", "docker-4f2a.scope", "/system.slice/docker-4f2a.scope")]
    [InlineData("a-b-c.slice:cri-containerd:x", "cri-containerd-x.scope", "/a.slice/a-b.slice/a-b-c.slice/cri-containerd-x.scope")]
    [InlineData("-.slice:p:n", "p-n.scope", "/p-n.scope")]
    [InlineData("machine.slice::n", "n.scope", "/machine.slice/n.scope")]
    [InlineData(null, "ctrun-web.scope", "/system.slice/ctrun-web.scope")]
    [InlineData("", "ctrun-web.scope", "/system.slice/ctrun-web.scope")]
    public void A_path_names_a_scope_in_its_slices(string? cgroupsPath, string unit, string path)
    {
        SystemdUnit parsed = SystemdUnit.Parse(cgroupsPath, "web", "system.slice");
        Assert.Equal(unit, parsed.Name);
        Assert.Equal(path, parsed.Path);
    }

    [Theory]
    [InlineData("/a/b", "slice:prefix:name")]
    [InlineData("a.slice:b", "slice:prefix:name")]
    [InlineData("a.slice:b:c:d", "slice:prefix:name")]
    [InlineData("a:b:c", "not a slice")]
    [InlineData("a--b.slice:b:c", "not a slice")]
    [InlineData("-a.slice:b:c", "not a slice")]
    [InlineData("../a.slice:b:c", "not a slice")]
    [InlineData("a.slice:b:", "not a name")]
    [InlineData("a.slice:b:c/d", "not a name")]
    [InlineData("a.slice:b:c d", "not a name")]
    [InlineData("a.slice:b:pod.slice", "holds other units")]
    public void Another_path_is_an_error(string cgroupsPath, string part)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => SystemdUnit.Parse(cgroupsPath, "web", "system.slice"));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_longer_than_systemd_takes_is_an_error()
        => Assert.Throws<ContainerException>(() => SystemdUnit.Parse("a.slice:b:" + new string('x', 300), "web", "system.slice"));
}
