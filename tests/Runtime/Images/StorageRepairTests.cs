using System.Text;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>What a repair takes away, and what it must not.</summary>
public sealed class StorageRepairTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_document_does_not_cost_a_container_its_layers(bool config)
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        _store.Uses.Add(Use(image));
        Damage(config ? image.Id : image.Digest);
        await TestAsync(repair: true);
        Assert.Single(_store.Layers);
        // Nor do a second repair and what other images do afterwards.
        await TestAsync(repair: true);
        await _store.ImportAsync(Tar("b"), "other");
        await _store.NewStore().RemoveAsync("other", new ImageRemoveOptions(), Token);
        Assert.True(Directory.Exists(LayerOf(image)));
    }

    [Fact]
    public async Task Nothing_is_swept_away_while_something_is_damaged()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        string stray = Path.Combine(_store.BlobFolder, new string('a', 64));
        File.WriteAllText(stray, "x");
        Damage(image.Layers[0]);
        ContainerStorageProblem left = (await TestAsync(repair: true)).Single(problem => problem.Subject.Contains("aaaa", StringComparison.Ordinal));
        Assert.True(left.Repairable);
        Assert.False(left.Repaired);
        Assert.True(File.Exists(stray));
    }

    [Fact]
    public async Task Nothing_is_swept_away_while_it_is_not_known_what_a_container_uses()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        // As the engine lists a container whose record is damaged.
        _store.Uses.Add(new ImageUse("web", "", false));
        await _store.NewStore().RemoveAsync("box", new ImageRemoveOptions { Force = true }, Token);
        Assert.True(Directory.Exists(LayerOf(image)));
        _store.Uses.Clear();
        await _store.ImportAsync(Tar("b"), "other");
        Assert.False(Directory.Exists(LayerOf(image)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_damaged_image_with_two_names_is_told_once_and_the_others_are_told_as_well(bool manifest)
    {
        ContainerImage bad = Assert.Single(await _store.ImportAsync(Tar("a"), "bad"));
        await _store.Store.AddTagAsync("bad", "again", Token);
        ContainerImage other = Assert.Single(await _store.ImportAsync(Tar("b"), "other"));
        Damage(manifest ? bad.Digest : bad.Id);
        Damage(other.Layers[0]);
        IReadOnlyList<ContainerStorageProblem> problems = await TestAsync(repair: false);
        Assert.Equal(2, problems.Count);
        Assert.Contains(manifest ? bad.Digest : bad.Id, problems[0].Problem, StringComparison.Ordinal);
        Assert.Contains(other.Layers[0], problems[1].Problem, StringComparison.Ordinal);
        Assert.Equal(["other:latest"], _store.NewStore().ListPieces().SelectMany(image => image.Names));
        // And a repair takes both away.
        Assert.All(await TestAsync(repair: true), problem => Assert.Contains("has been removed", problem.Problem, StringComparison.Ordinal));
        Assert.All(await TestAsync(repair: true), problem => Assert.Contains("is missing", problem.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_layer_without_its_files_is_missing_and_a_repair_says_what_it_did()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        Directory.Delete(Path.Combine(LayerOf(image), "diff"), recursive: true);
        Assert.False(Assert.Single(await TestAsync(repair: false)).Repaired);
        Assert.True(Assert.Single(await TestAsync(repair: true)).Repaired);
        Assert.Equal("a", File.ReadAllText(Path.Combine(LayerOf(image), "diff", "file")));
        Assert.Empty(await TestAsync(repair: false));

        // Without the blob there is nothing to unpack.
        Directory.Delete(Path.Combine(LayerOf(image), "diff"), recursive: true);
        File.Delete(Path.Combine(_store.BlobFolder, image.Layers[0][ImageDigest.Prefix.Length..]));
        IReadOnlyList<ContainerStorageProblem> problems = await TestAsync(repair: true);
        Assert.Equal(2, problems.Count);
        Assert.All(problems, problem => Assert.False(problem.Repaired));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"size\":1}")]
    public async Task A_layer_whose_record_is_damaged_is_told_and_made_again_under_the_containers_that_run_on_it(string content)
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        await _store.ImportAsync(Tar("b"), "other");
        string record = Path.Combine(LayerOf(image), "layer.json");
        string whole = File.ReadAllText(record);
        ulong file = InodeOf(image);
        File.WriteAllText(record, content);

        Assert.Equal(2, (await _store.ListAsync()).Count);
        ContainerStorageProblem problem = Assert.Single(await TestAsync(repair: false));
        Assert.True(problem.Repairable && !problem.Repaired);
        Assert.Contains("is damaged", problem.Problem, StringComparison.Ordinal);
        Assert.True(Assert.Single(await TestAsync(repair: true)).Repaired);
        Assert.Empty(await TestAsync(repair: false));
        Assert.Equal((whole, file), (File.ReadAllText(record), InodeOf(image)));

        // Whoever uses the image repairs it as well, also where more than the record is damaged.
        File.WriteAllText(record, content);
        File.WriteAllText(Path.Combine(LayerOf(image), "diff", "file"), "other");
        StoredImage stored = await _store.NewStore().ResolveAsync("box", Token);
        Assert.Equal("a", File.ReadAllText(Path.Combine(Assert.Single(stored.LayerFolders), "file")));
        // And it can be removed, and imported again.
        File.WriteAllText(record, content);
        Assert.Single(await _store.NewStore().ImportAsync(new ImageImportOptions { Path = _store.Write("again", Tar("a")), Reference = "again" }, null, Token));
        File.WriteAllText(record, content);
        Assert.Single(await _store.NewStore().RemoveAsync("box", new ImageRemoveOptions(), Token));
    }

    [Fact]
    public async Task Damage_that_comes_after_the_first_look_is_seen()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        Assert.Empty(await _store.Store.TestAsync(false, null, Token));
        File.WriteAllText(Path.Combine(LayerOf(image), "layer.json"), "{");
        Assert.Single(await _store.Store.TestAsync(false, null, Token));
    }

    [Fact]
    public async Task A_damaged_list_of_images_is_made_again_from_the_documents()
    {
        ImageBuilder builder = new();
        string inner = Assert.Single(await _store.ImportAsync(builder.Layout(ImageBuilder.Named(builder.OciImage([Tar("a")]), "one:1")).Tar())).Digest;
        await _store.ImportAsync(Tar("b"), "two");
        // A layer may look like a document.
        _store.Write("json", "{}"u8.ToArray());
        string index = Path.Combine(_store.Paths.Images, "index.json");
        File.WriteAllText(index, "{");
        ContainerStorageProblem problem = Assert.Single(await TestAsync(repair: false));
        Assert.True(problem.Repairable && !problem.Repaired);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.ListAsync());
        Assert.Contains("Test-ContainerStorage -Repair", error.Message, StringComparison.Ordinal);

        Assert.True(Assert.Single(await TestAsync(repair: true)).Repaired);
        Assert.Equal("{", File.ReadAllText(index + ".damaged"));
        List<ContainerImage> images = await _store.ListAsync();
        Assert.Equal(2, images.Count);
        Assert.All(images, image => Assert.Null(image.Reference));
        await _store.NewStore().AddTagAsync(inner, "one:2", Token);
        Assert.Single((await _store.NewStore().ResolveAsync("one:2", Token)).LayerFolders);
        Assert.Empty(await TestAsync(repair: false));
    }

    [Fact]
    public async Task What_many_removals_have_left_goes_at_once()
    {
        for (int i = 0; i < 3; i++) await _store.ImportAsync(Tar($"{i}"), $"box{i}");
        for (int i = 0; i < 2; i++) await _store.Store.RemoveAsync($"box{i}", new ImageRemoveOptions { KeepPieces = true }, Token);
        Assert.Equal(3, _store.Layers.Length);
        Assert.True(await _store.NewStore().RemoveUnusedAsync(Token) > 2);
        Assert.Single(_store.Layers);
        Assert.Equal(3, _store.Blobs.Length);
        Assert.Equal(0, await _store.NewStore().RemoveUnusedAsync(Token));
    }

    [Fact]
    public async Task What_a_container_was_the_last_to_keep_goes_when_it_is_asked_for()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        _store.Uses.Add(Use(image) with { Running = false });
        await _store.Store.RemoveAsync("box", new ImageRemoveOptions { Force = true }, Token);
        Assert.Equal(0, await _store.Store.RemoveUnusedAsync(Token));
        Assert.Single(_store.Layers);
        _store.Uses.Clear();
        Assert.True(await _store.Store.RemoveUnusedAsync(Token) > 0);
        Assert.Empty(_store.Layers);
        Assert.Empty(_store.Blobs);
    }

    private ulong InodeOf(ContainerImage image)
    {
        Assert.True(Libc.TryStat(Path.Combine(LayerOf(image), "diff", "file"), out FileStatus status));
        return status.Inode;
    }

    private Task<IReadOnlyList<ContainerStorageProblem>> TestAsync(bool repair) => _store.NewStore().TestAsync(repair, null, Token);

    private static ImageUse Use(ContainerImage image) => new("web", image.Id, true) { Layers = ImageDigest.Chains(image.Layers) };

    private string LayerOf(ContainerImage image) => Path.Combine(_store.Paths.Layers, ImageDigest.Chains(image.Layers)[0][ImageDigest.Prefix.Length..]);

    /// <summary>Changes a blob's last byte.</summary>
    private void Damage(string digest)
    {
        string path = Path.Combine(_store.BlobFolder, digest[ImageDigest.Prefix.Length..]);
        byte[] content = File.ReadAllBytes(path);
        content[^1] ^= 1;
        File.WriteAllBytes(path, content);
    }

    private static byte[] Tar(string content) => new TarBuilder().File("file", Encoding.UTF8.GetBytes(content)).Build();
}
