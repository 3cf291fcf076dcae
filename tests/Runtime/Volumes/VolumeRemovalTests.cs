using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Tests.Containers;
using ContainerTools.Runtime.Volumes;
using Xunit;
using static ContainerTools.Runtime.Tests.Containers.TestToken;

namespace ContainerTools.Runtime.Tests.Volumes;

/// <summary>What removing a volume takes away, and what it must not.</summary>
public sealed class VolumeRemovalTests : IDisposable
{
    private readonly TestEngine _engine = new();
    private readonly LocalVolumeOperations _volumes;

    public VolumeRemovalTests() => _volumes = new LocalVolumeOperations(_engine.Services);

    public void Dispose() => _engine.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../elsewhere")]
    [InlineData("/")]
    public async Task A_path_is_no_volume(string name)
    {
        await _volumes.CreateAsync(new VolumeCreateOptions { Name = "data" }, Cancel);
        string elsewhere = Path.Combine(_engine.Paths.Root, "elsewhere");
        Directory.CreateDirectory(Path.Combine(elsewhere, "_data"));
        Directory.CreateDirectory(Path.Combine(_engine.Paths.Root, "_data"));
        foreach (string path in (string[])[name, name == "/" ? elsewhere : name])
        {
            Assert.Equal(ErrorCode.VolumeNotFound, (await Assert.ThrowsAsync<ContainerException>(() => _volumes.RemoveAsync(path, Cancel))).Code);
            Assert.Equal(ErrorCode.VolumeNotFound, (await Assert.ThrowsAsync<ContainerException>(() => _volumes.GetAsync(path, Cancel))).Code);
            Assert.Throws<ContainerException>(() => _engine.Services.Volumes.Remove(path));
        }

        Assert.True(Directory.Exists(Path.Combine(elsewhere, "_data")));
        Assert.Equal("data", Assert.Single(await _volumes.ListAsync(Cancel)).Name);
    }

    [Fact]
    public async Task A_volume_made_for_a_container_stays_while_another_mounts_it()
    {
        Container maker = await _engine.Operations.CreateAsync(Mounting("maker", ""), Cancel);
        string volume = Assert.Single(maker.Configuration.Mounts).Source;
        await _engine.Operations.CreateAsync(Mounting("other", volume), Cancel);
        await RemoveAsync("maker");
        Assert.True(_engine.Services.Volumes.Exists(volume));
        // And one that nobody else mounts goes.
        Container alone = await _engine.Operations.CreateAsync(Mounting("alone", ""), Cancel);
        await RemoveAsync("alone");
        Assert.False(_engine.Services.Volumes.Exists(Assert.Single(alone.Configuration.Mounts).Source));
    }

    [Fact]
    public async Task What_a_container_with_a_damaged_record_may_use_stays()
    {
        await _volumes.CreateAsync(new VolumeCreateOptions { Name = "data" }, Cancel);
        Container web = await _engine.Operations.CreateAsync(Mounting("web", "data"), Cancel);
        Container alone = await _engine.Operations.CreateAsync(Mounting("alone", ""), Cancel);
        File.WriteAllText(new ContainerFiles(_engine.Paths, web.Id).Record, "{\"id\":");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _volumes.RemoveAsync("data", Cancel));
        Assert.Equal((ErrorCode.VolumeInUse, "data"), (error.Code, error.Target));
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        await RemoveAsync("alone");
        Assert.Equal(2, (await _volumes.ListAsync(Cancel)).Count);

        await _engine.Operations.RemoveAsync(web.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        await _volumes.RemoveAsync("data", Cancel);
        await _volumes.RemoveAsync(Assert.Single(alone.Configuration.Mounts).Source, Cancel);
        Assert.Empty(await _volumes.ListAsync(Cancel));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    public async Task A_volume_whose_record_is_damaged_is_listed_and_can_be_removed(string content)
    {
        await _volumes.CreateAsync(new VolumeCreateOptions { Name = "data" }, Cancel);
        await _volumes.CreateAsync(new VolumeCreateOptions { Name = "other" }, Cancel);
        File.WriteAllText(Path.Combine(_engine.Services.Volumes.FolderOf("data"), "volume.json"), content);
        IReadOnlyList<ContainerVolume> volumes = await _volumes.ListAsync(Cancel);
        Assert.Equal(["data", "other"], volumes.Select(volume => volume.Name));
        Assert.Contains("damaged", volumes[0].Damage, StringComparison.Ordinal);
        Assert.Equal((null, null), (volumes[0].MountPoint, volumes[1].Damage));
        // It is not known what it is: no container gets an empty folder for it.
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.CreateAsync(Mounting("web", "data"), Cancel));
        Assert.Equal(ErrorCode.StateCorrupt, error.Code);
        await _volumes.RemoveAsync("data", Cancel);
        Assert.Equal("other", Assert.Single(await _volumes.ListAsync(Cancel)).Name);
    }

    private ContainerCreateOptions Mounting(string name, string volume) => _engine.Options(name) with
    {
        Mounts = [new ContainerMount { Type = ContainerMountType.Volume, Source = volume, Destination = "/data", Options = ["nocopy"] }],
    };

    private Task RemoveAsync(string container) => _engine.Operations.RemoveAsync(container, new ContainerRemoveOptions { RemoveVolumes = true }, Cancel);
}
