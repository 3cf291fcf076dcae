using ContainerTools.Runtime.Cgroups;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

public sealed class OwnCgroupTests
{
    [Fact]
    public void Every_hierarchy_is_told_by_its_controllers()
    {
        IReadOnlyList<OwnCgroup> all = OwnCgroup.Parse("12:cpu,cpuacct:/a\n3:name=systemd:/b:c\n0::/user.slice/x.scope\n");
        Assert.Equal(["/a", "/b:c", "/user.slice/x.scope"], all.Select(static own => own.Path));
        Assert.True(all[0].IsIn(["cpuacct", "cpu"]));
        Assert.False(all[0].IsIn(["cpu"]));
        Assert.False(all[0].IsIn([]));
        Assert.True(all[1].IsIn(["name=systemd"]));
        Assert.True(all[2].IsIn([]));
    }

    [Fact]
    public void This_process_is_in_one()
        => Assert.All(OwnCgroup.ReadAll(), static own => Assert.StartsWith("/", own.Path, StringComparison.Ordinal));
}
