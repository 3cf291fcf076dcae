using System.Text;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Storage;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Storage;

/// <summary>What a plan says is what its execution removes, and the bytes that it promises are those that are free afterwards.</summary>
public sealed class StoragePlanTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-").FullName;
    private readonly EnginePaths _paths;
    private readonly LocalContainerEngine _engine;

    public StoragePlanTests()
    {
        _paths = new EnginePaths(Path.Combine(_folder, "root"), Path.Combine(_folder, "run"));
        _engine = new LocalContainerEngine(_paths, new MachineFiles { Configuration = Path.Combine(_folder, "engine.json"), Registries = static () => new RegistrySettings() });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Runtime.Layers.FolderRemoval.Remove(_folder);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task What_is_planned_is_what_goes(int seed)
    {
        Random random = new(seed);
        await FillAsync(random);
        // More and more, so that each round finds what those before it have left.
        foreach (StorageClearOptions options in Rounds(random))
        {
            ContainerStoragePlan plan = await _engine.Storage.PlanClearAsync(options, Token);
            HashSet<string> before = await KeysAsync();
            long size = SizeOnDisk();
            await ExecuteAsync(plan, options);
            HashSet<string> after = await KeysAsync();
            Assert.Equal(plan.FreedSize, size - SizeOnDisk());
            string[] volumes = [.. before.Where(key => key.StartsWith("Volume", StringComparison.Ordinal))];
            // Volumes that go with a container which removes itself are the container's.
            Assert.Equal(plan.Steps.Select(step => Key(step.Item)).Order(StringComparer.Ordinal), before.Except(after).Except(Implied(plan, volumes)).Order(StringComparer.Ordinal));
            ContainerStoragePlan again = await _engine.Storage.PlanClearAsync(options, Token);
            Assert.Empty(again.Steps);
            Assert.Equal(0, again.FreedSize);
        }
    }

    [Fact]
    public async Task An_image_and_a_volume_that_only_a_stopped_container_uses_go_with_it()
    {
        await ImportAsync([0, 1], "used:1");
        await _engine.Containers.CreateAsync(Options("used:1", "user", "kept"), Token);
        StorageClearOptions all = new() { Kinds = [ContainerStorageKind.Container, ContainerStorageKind.Image, ContainerStorageKind.Volume], All = true };
        ContainerStoragePlan plan = await _engine.Storage.PlanClearAsync(all, Token);
        // The fourth is the one of the image's own VOLUME.
        Assert.Equal(4, plan.Steps.Count);
        Assert.Equal(["Container user", "Image used:1"], plan.Steps.Take(2).Select(step => step.Item.ToString()));
        Assert.Contains(plan.Steps, step => step.Item.ToString() == "Volume kept");
        // Without the containers, what they use stays.
        plan = await _engine.Storage.PlanClearAsync(all with { Kinds = [ContainerStorageKind.Image, ContainerStorageKind.Volume] }, Token);
        Assert.Empty(plan.Steps);
    }

    [Fact]
    public async Task What_has_come_to_be_used_meanwhile_is_refused_and_what_has_got_another_name_keeps_it()
    {
        await ImportAsync([0], "a:1");
        await ImportAsync([1], "b:1");
        await ImportAsync([2], "c:1");
        ContainerStoragePlan plan = await _engine.Storage.PlanClearAsync(new StorageClearOptions { Kinds = [ContainerStorageKind.Image], All = true }, Token);
        Dictionary<string, ContainerStorageItem> items = plan.Steps.ToDictionary(step => step.Item.Name, step => step.Item);
        await _engine.Containers.CreateAsync(Options("a:1", "late", "data"), Token);
        await _engine.Images.AddTagAsync("b:1", "new:1", Token);
        Assert.Equal(ErrorCode.ImageInUse, (await Assert.ThrowsAsync<ContainerException>(() => _engine.Storage.RemoveAsync(items["a:1"], Token))).Code);
        await _engine.Storage.RemoveAsync(items["b:1"], Token);
        await _engine.Images.AddTagAsync("a:1", "c:1", Token);
        // The name has gone to another image, and the one that was meant has none.
        await _engine.Storage.RemoveAsync(items["c:1"], Token);
        Assert.Equal(["a:1", "c:1", "new:1"], (await _engine.Images.ListAsync(Token).ToListAsync(Token)).Select(image => image.Reference).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_kind_that_goes_with_others_is_refused()
    {
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => _engine.Storage.PlanClearAsync(new StorageClearOptions { Kinds = [ContainerStorageKind.Layer] }, Token));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    private static IEnumerable<StorageClearOptions> Rounds(Random random)
    {
        ContainerStorageKind[] kinds = [ContainerStorageKind.Container, ContainerStorageKind.Image, ContainerStorageKind.Volume, ContainerStorageKind.Download];
        yield return new StorageClearOptions { Kinds = [.. kinds.Where(_ => random.Next(2) == 0)], All = random.Next(2) == 0, Labels = ["group=1"] };
        yield return new StorageClearOptions { Kinds = kinds[..2], OlderThan = TimeSpan.FromHours(1), All = true };
        yield return new StorageClearOptions { Kinds = kinds, All = random.Next(2) == 0 };
        yield return new StorageClearOptions { Kinds = kinds, All = true };
    }

    // Images that share layers, with several names, one or none; containers on some of them; images that were removed by force; leftovers.
    private async Task FillAsync(Random random)
    {
        int images = random.Next(2, 6);
        for (int i = 0; i < images; i++)
        {
            await ImportAsync([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(4))], $"image{i}:1");
            if (random.Next(3) == 0) await _engine.Images.AddTagAsync($"image{i}:1", $"image{i}:2", Token);
        }

        int containers = random.Next(6);
        for (int i = 0; i < containers; i++)
        {
            ContainerCreateOptions options = Options($"image{random.Next(images)}:1", $"container{i}", $"volume{random.Next(3)}");
            await _engine.Containers.CreateAsync(options with { AutoRemove = random.Next(3) == 0, Labels = new Dictionary<string, string> { ["group"] = $"{random.Next(2)}" } }, Token);
        }

        for (int i = 0; i < images; i++)
        {
            if (random.Next(4) == 0) await _engine.Images.RemoveAsync($"image{i}:1", new ImageRemoveOptions { Force = true }, Token);
            else if (random.Next(3) == 0) await _engine.Images.RemoveTagAsync($"image{i}:1", Token);
        }

        if (random.Next(2) == 0) File.WriteAllText(Path.Combine(_paths.Images, "blobs", "sha256", new string('e', 64)), "left over");
        Directory.CreateDirectory(_paths.Downloads);
        File.WriteAllText(Path.Combine(_paths.Downloads, new string('d', 64)), "the beginning of a layer");
    }

    private async Task ImportAsync(int[] layers, string name)
    {
        ImageBuilder builder = new();
        byte[][] archives = [.. layers.Select((layer, at) => new TarBuilder().File($"file{at}", Encoding.ASCII.GetBytes(new string('x', 1000 * (layer + 1)))).Build())];
        string path = Path.Combine(_folder, "archive");
        await File.WriteAllBytesAsync(path, builder.DockerManifest(builder.DockerImage(archives, name)).Tar(), Token);
        await _engine.Images.ImportAsync(new ImageImportOptions { Path = path }, null, Token);
    }

    private static ContainerCreateOptions Options(string image, string name, string volume) => new()
    {
        Image = image,
        Name = name,
        NetworkMode = "none",
        Mounts = [new ContainerMount { Type = ContainerMountType.Volume, Source = volume, Destination = "/mine" }],
    };

    // As Clear-ContainerStorage does it.
    private async Task ExecuteAsync(ContainerStoragePlan plan, StorageClearOptions options)
    {
        foreach (ContainerStorageStep step in plan.Steps) await _engine.Storage.RemoveAsync(step.Item, Token);
        if (options.Kinds.Contains(ContainerStorageKind.Container) || options.Kinds.Contains(ContainerStorageKind.Image)) await _engine.Storage.RemoveUnusedAsync(Token);
    }

    private async Task<HashSet<string>> KeysAsync()
        => [.. (await _engine.Storage.ListAsync(Token)).Where(item => item.Kind != ContainerStorageKind.Layer).Select(Key)];

    private static string Key(ContainerStorageItem item) => $"{item.Kind} {item.Digest ?? item.Id}";

    // Names of 64 digits are those of volumes that were made for one container.
    private static IEnumerable<string> Implied(ContainerStoragePlan plan, string[] volumes)
        => volumes.Where(key => key.Length == "Volume ".Length + 64 && plan.Steps.All(step => Key(step.Item) != key));

    private long SizeOnDisk()
    {
        long size = FolderSize.Of(_paths.Containers, Token) + FolderSize.Of(Path.Combine(_paths.Images, "blobs"), Token) + FolderSize.Of(_paths.Downloads, Token);
        foreach (string layer in Folders(_paths.Layers)) size += FolderSize.Of(Path.Combine(layer, "diff"), Token);
        foreach (string volume in Folders(_paths.Volumes)) size += FolderSize.Of(Path.Combine(volume, "_data"), Token);
        return size;
    }

    private static string[] Folders(string folder) => Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
}
