using ContainerTools.Runtime.Containers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed class IdRangesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Ranges_never_overlap_and_come_back()
    {
        IdRanges ranges = Ranges();
        string[] ids = [.. Enumerable.Range(0, 3).Select(_ => Live())];
        Assert.Equal([0x70000000u, 0x70010000u, 0x70020000u], ids.Select(ranges.Reserve));
        ranges.Release(0x70010000, ids[1]);
        Assert.Equal(0x70010000u, ranges.Reserve(ids[1]));
        ranges.Release(0x70010000, ids[2]);
        Assert.Equal(0x70030000u, ranges.Reserve(Live()));
    }

    [Fact]
    public void The_range_of_a_container_that_is_gone_is_taken_over()
    {
        IdRanges ranges = Ranges();
        uint first = ranges.Reserve("gone");
        Assert.Equal(first, ranges.Reserve(Live()));
    }

    [Fact]
    public void The_users_containers_ranges_are_used_where_both_files_have_one()
    {
        File.WriteAllText(Path.Combine(_folder, "subuid"), "me:100000:65536\ncontainers:200000:200000\n");
        Assert.Equal(0x70000000u, Ranges().Reserve(Live()));
        File.WriteAllText(Path.Combine(_folder, "subgid"), "containers:210000:131072\n");
        IdRanges ranges = Ranges();
        Assert.Equal(210000u, ranges.Reserve(Live()));
        Assert.Equal(275536u, ranges.Reserve(Live()));
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<ContainerException>(() => ranges.Reserve(Live())).Code);
    }

    private IdRanges Ranges() => new(new EnginePaths(_folder, _folder), _folder);

    private string Live()
    {
        string id = ContainerName.NewId();
        Directory.CreateDirectory(Path.Combine(_folder, "containers", id));
        return id;
    }
}
