using System.Text;
using ContainerTools.Runtime.Images;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

public sealed class RemoveTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_short_name_is_a_name_and_takes_no_other_with_it()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("short"), "quay.example/short:latest"));
        await _store.Store.AddTagAsync(image.Id, "reg.example/prod:1", Token);
        await RemoveAsync("short");
        Assert.Equal("reg.example/prod:1", (await _store.Store.GetAsync(image.Id, Token)).Reference);
    }

    [Fact]
    public async Task A_name_among_several_is_only_a_name()
    {
        ImageBuilder builder = new();
        ContainerImage image = (await _store.ImportAsync(builder.DockerManifest(builder.DockerImage([Tar("a")], "a:1", "a:2", "b:1")).Tar()))[0];
        _store.Uses.Add(new ImageUse("web", image.Id, true));
        Assert.Equal("a:1", Assert.Single(await RemoveAsync("a:1")).Reference);
        Assert.Equal(["a:2", "b:1"], (await _store.ListAsync()).Select(left => left.Reference));
        Assert.Single(_store.Layers);
        // By id it is the image that is meant.
        ContainerException error = await RefusedAsync(image.ShortId);
        Assert.Contains("a:2, b:1", error.Message, StringComparison.Ordinal);
        _store.Uses.Clear();
        Assert.Equal(["a:2", "b:1"], (await RemoveAsync(image.ShortId, force: true)).Select(gone => gone.Reference));
        Assert.Empty(_store.Blobs);
        Assert.Empty(_store.Layers);
    }

    [Fact]
    public async Task Layers_and_blobs_that_others_need_stay()
    {
        ImageBuilder builder = new();
        await _store.ImportAsync(builder.DockerManifest(builder.DockerImage([Tar("base"), Tar("one")], "one:1"), builder.DockerImage([Tar("base"), Tar("two")], "two:1")).Tar());
        Assert.Equal(3, _store.Layers.Length);
        await RemoveAsync("one:1");
        Assert.Equal(2, _store.Layers.Length);
        Assert.Equal(4, _store.Blobs.Length);
        Assert.Equal(2, (await _store.NewStore().ResolveAsync("two:1", Token)).LayerFolders.Count);
        await RemoveAsync("two:1");
        Assert.Empty(_store.Layers);
        Assert.Empty(_store.Blobs);
        Assert.Empty(_store.Ingests);
    }

    [Fact]
    public async Task An_image_in_use_stays_and_what_a_stopped_container_needs_stays_even_by_force()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        _store.Uses.Add(new ImageUse("web", image.Id, false));
        Assert.Contains("'web'", (await RefusedAsync("box")).Message, StringComparison.Ordinal);
        _store.Uses[0] = new ImageUse("web", image.Id, true);
        await RefusedAsync("box");
        await RefusedAsync("box", force: true);
        Assert.Single(await _store.ListAsync());

        _store.Uses[0] = new ImageUse("web", image.Id, false);
        await RemoveAsync("box", force: true);
        Assert.Empty(await _store.ListAsync());
        // The container starts as before.
        StoredImage stored = await _store.NewStore().ResolveAsync(image.Id, Token);
        Assert.Equal("a", File.ReadAllText(Path.Combine(Assert.Single(stored.LayerFolders), "file")));
        Assert.Equal(image.Id, stored.Image.Id);
        Assert.Null(stored.Image.Reference);
        // Importing and removing others does not take its layers away; when the container is gone, they go.
        await _store.ImportAsync(Tar("b"), "other");
        await RemoveAsync("other");
        Assert.Single(_store.Layers);
        _store.Uses.Clear();
        await _store.ImportAsync(Tar("b"), "other");
        await RemoveAsync("other");
        Assert.Empty(_store.Layers);
        Assert.Empty(_store.Blobs);
        await Assert.ThrowsAsync<ContainerException>(() => _store.NewStore().ResolveAsync(image.Id, Token));
    }

    [Fact]
    public async Task The_line_without_a_name_goes_alone_where_another_manifest_has_the_same_configuration()
    {
        ImageBuilder named = new();
        ContainerImage kept = Assert.Single(await _store.ImportAsync(named.Layout(ImageBuilder.Named(named.OciImage([Tar("a")]), "box:1")).Tar()));
        ImageBuilder plain = new();
        ContainerImage other = Assert.Single(await _store.ImportAsync(plain.Layout(plain.OciImage([Tar("a")], compress: false)).Tar()));
        Assert.Equal(kept.Id, other.Id);
        Assert.NotEqual(kept.Digest, other.Digest);
        Assert.Equal(
            [("", other.Digest), ("box:1", kept.Digest)],
            _store.Store.ListPieces().Select(pieces => (Name: string.Join(", ", pieces.Names), pieces.Digest)).OrderBy(pair => pair.Name, StringComparer.Ordinal));

        await _store.NewStore().RemoveLinesAsync(other.Digest, [], Token);
        Assert.Equal("box:1", Assert.Single(await _store.ListAsync()).Reference);
        Assert.Single(_store.Layers);
        // A name that it has got meanwhile is not meant, not even by its digest.
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.NewStore().RemoveLinesAsync(kept.Digest, ["old:1"], Token));
        Assert.Equal(ErrorCode.ImageNotFound, error.Code);
        Assert.Single(await _store.ListAsync());
    }

    [Fact]
    public async Task The_use_of_another_image_does_not_matter()
    {
        ContainerImage first = Assert.Single(await _store.ImportAsync(Tar("a"), "first"));
        await _store.ImportAsync(Tar("b"), "second");
        _store.Uses.Add(new ImageUse("web", first.Id, true));
        await RemoveAsync("second");
        Assert.Equal(first.Id, Assert.Single(await _store.ListAsync()).Id);
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_removed()
    {
        Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAsync<ContainerException>(() => RemoveAsync("nothing"))).Code);
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        await RemoveAsync(image.Id);
        Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAsync<ContainerException>(() => RemoveAsync(image.Id))).Code);
    }

    [Fact]
    public async Task The_next_import_removes_what_dead_processes_left_and_nothing_of_living_ones()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        // A process that died: a folder with a lock that nobody holds, and pieces that nothing refers to.
        string dead = Path.Combine(_store.IngestFolder, "dead");
        Directory.CreateDirectory(Path.Combine(dead, "layer-1", "diff"));
        File.WriteAllText(Path.Combine(dead, "lock"), "");
        File.WriteAllText(Path.Combine(_store.BlobFolder, new string('a', 64)), "orphan");
        Directory.CreateDirectory(Path.Combine(_store.Paths.Layers, new string('b', 64), "diff"));
        // A living one.
        Ingest living;
        using (StoreLock held = StoreLock.Take(Ingest.StoreLockPath(_store.Paths), TestContext.Current.CancellationToken)) living = Ingest.Begin(_store.Paths, held, hold: false, TestContext.Current.CancellationToken);
        File.WriteAllText(living.NewPath("blob"), "mine");

        await _store.ImportAsync(Tar("b"), "other");
        Assert.Equal([living.Folder], _store.Ingests);
        Assert.Equal(2, Directory.GetFiles(living.Folder).Length);
        Assert.DoesNotContain(_store.Blobs, blob => blob.EndsWith(new string('a', 64), StringComparison.Ordinal));
        Assert.Equal(2, _store.Layers.Length);
        Assert.Equal("a", File.ReadAllText(Path.Combine((await _store.NewStore().ResolveAsync(image.Id, Token)).LayerFolders[0], "file")));
        living.Dispose();
        Assert.Empty(_store.Ingests);
    }

    [Fact]
    public async Task What_somebody_counts_on_is_not_swept_away_before_he_lets_go()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        using (_store.Store.Hold(TestContext.Current.CancellationToken))
        {
            StoredImage stored = await _store.NewStore().ResolveAsync("box", Token);
            await RemoveAsync("box");
            Assert.Empty(await _store.ListAsync());
            Assert.True(File.Exists(Path.Combine(stored.LayerFolders[0], "file")));
            _store.Uses.Add(new ImageUse("web", image.Id, false));
        }

        await _store.ImportAsync(Tar("b"), "other");
        Assert.Equal(2, _store.Layers.Length);
        _store.Uses.Clear();
        // Nothing was left over then, and nothing is looked for; the next removal finds it.
        await RemoveAsync("other");
        Assert.Empty(_store.Layers);
        Assert.Empty(_store.Blobs);
    }

    [Fact]
    public async Task What_containers_have_kept_of_an_image_goes_with_the_last_of_them()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        ContainerImage other = Assert.Single(await _store.ImportAsync(Tar("b"), "other"));
        _store.Uses.AddRange([new ImageUse("one", image.Id, false), new ImageUse("two", image.Id, false), new ImageUse("three", other.Id, false)]);
        await RemoveAsync("box", force: true);
        Assert.Equal(2, _store.Layers.Length);
        // Not with another's, nor while there is another.
        _store.Uses.RemoveAt(2);
        string stray = Path.Combine(_store.BlobFolder, new string('a', 64));
        File.WriteAllText(stray, "not looked for");
        await _store.NewStore().ReleaseAsync(other.Id, Token);
        _store.Uses.RemoveAt(0);
        await _store.NewStore().ReleaseAsync(image.Id, Token);
        Assert.True(File.Exists(stray));
        _store.Uses.Clear();
        await _store.NewStore().ReleaseAsync(image.Id, Token);
        Assert.False(File.Exists(stray));
        Assert.Single(_store.Layers);
        // It is over then.
        File.WriteAllText(stray, "not looked for");
        await _store.NewStore().ReleaseAsync(image.Id, Token);
        Assert.True(File.Exists(stray));
    }

    [Fact]
    public async Task A_container_that_removes_itself_asks_for_a_sweep_where_it_kept_an_image()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "box"));
        _store.Uses.Add(new ImageUse("one", image.Id, false));
        KeptImages.RequestSweep(_store.Paths);
        Assert.False(File.Exists(Ingest.SweepPendingPath(_store.Paths)));
        await RemoveAsync("box", force: true);
        Assert.False(File.Exists(Ingest.SweepPendingPath(_store.Paths)));
        _store.Uses.Clear();
        KeptImages.RequestSweep(_store.Paths);
        // Whoever comes next, with whatever container.
        await _store.NewStore().ReleaseAsync("sha256:" + new string('c', 64), Token);
        Assert.Empty(_store.Layers);
        Assert.Empty(_store.Blobs);
    }

    [Fact]
    public async Task Imports_and_removals_at_the_same_time_leave_a_whole_store()
    {
        byte[] common = Tar("common");
        string[] archives = [.. Enumerable.Range(0, 4).Select(i =>
        {
            ImageBuilder builder = new();
            return _store.Write($"archive{i}", builder.DockerManifest(builder.DockerImage([common, Tar($"{i}")], $"box{i}:1", "shared:1")).Tar());
        })];
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (round, token) =>
        {
            // As many processes: each has a store object of its own.
            ImageStore store = _store.NewStore();
            try
            {
                if (round % 2 == 0)
                {
                    await store.ImportAsync(new ImageImportOptions { Path = archives[round / 2 % 4] }, null, token);
                }
                else
                {
                    await store.RemoveAsync(round % 3 == 0 ? "shared:1" : $"box{round / 2 % 4}:1", new ImageRemoveOptions(), token);
                }
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ImageNotFound)
            {
                // Another one was faster.
            }
        });

        foreach (ContainerImage image in await _store.ListAsync())
        {
            StoredImage stored = await _store.NewStore().ResolveAsync(image.Id, Token);
            Assert.Equal("common", File.ReadAllText(Path.Combine(stored.LayerFolders[1], "file")));
        }

        foreach (string archive in archives) await _store.Store.ImportAsync(new ImageImportOptions { Path = archive }, null, Token);
        List<ContainerImage> images = await _store.ListAsync();
        Assert.Equal(["box0:1", "box1:1", "box2:1", "box3:1", "shared:1"], images.Select(image => image.Reference!).Order(StringComparer.Ordinal));
        foreach (string name in images.Select(image => image.Reference!)) await RemoveAsync(name);
        Assert.Empty(_store.Blobs);
        Assert.Empty(_store.Layers);
        Assert.Empty(_store.Ingests);
    }

    private Task<IReadOnlyList<ContainerImage>> RemoveAsync(string image, bool force = false)
        => _store.NewStore().RemoveAsync(image, new ImageRemoveOptions { Force = force }, Token);

    private async Task<ContainerException> RefusedAsync(string image, bool force = false)
    {
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => RemoveAsync(image, force));
        Assert.Equal((ErrorCode.ImageInUse, image), (error.Code, error.Target));
        return error;
    }

    private static byte[] Tar(string content) => new TarBuilder().File("file", Encoding.UTF8.GetBytes(content)).Build();
}
