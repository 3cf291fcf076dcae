using System.Text;
using ContainerTools.Runtime.Images;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

public sealed class CatalogTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task An_empty_store_has_no_images_and_is_not_made_by_looking()
    {
        Assert.Empty(await _store.ListAsync());
        Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAsync<ContainerException>(() => _store.Store.GetAsync("a", Token))).Code);
        Assert.False(Directory.Exists(_store.Paths.Root));
    }

    [Fact]
    public async Task An_image_is_found_by_all_of_its_names()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "example.com/team/box:1"));
        string[] names =
        [
            "example.com/team/box:1", "team/box:1", image.Id, image.Id[7..], image.Id[7..19], image.ShortId, image.Id[..20], image.ShortId.ToUpperInvariant(), image.Digest,
            $"example.com/team/box@{image.Digest}", $"example.com/team/box:1@{image.Digest}",
        ];
        foreach (string name in names) Assert.Equal(image.Id, (await _store.Store.GetAsync(name, Token)).Id);
        string[] others =
        [
            "box", "box:1", "example.com/team/box", "example.com/team/box:2", "docker.io/team/box:1", "", " ", "sha256:", "xyz", $"example.com/other@{image.Digest}",
            $"example.com/team/box@sha256:{new string('a', 64)}", image.Id + "0", "Example.com/Team/Box:1", "*",
        ];
        foreach (string name in others)
        {
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.Store.GetAsync(name, Token));
            Assert.Equal((ErrorCode.ImageNotFound, name), (error.Code, error.Target));
        }
    }

    [Fact]
    public async Task A_short_name_means_Docker_Hub_first_and_else_the_only_image_of_that_name()
    {
        ContainerImage one = Assert.Single(await _store.ImportAsync(Tar("a"), "one.example/box:1"));
        Assert.Equal(one.Id, (await _store.Store.GetAsync("box:1", Token)).Id);
        await _store.ImportAsync(Tar("b"), "two.example/box:1");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.Store.GetAsync("box:1", Token));
        Assert.Equal(ErrorCode.ImageNameAmbiguous, error.Code);
        Assert.Equal("The name 'box:1' fits one.example/box:1 and two.example/box:1; give the whole name.", error.Message);
        ContainerImage own = Assert.Single(await _store.ImportAsync(Tar("c"), "box:1"));
        Assert.Equal(own.Id, (await _store.Store.GetAsync("box:1", Token)).Id);
    }

    [Fact]
    public async Task A_prefix_that_fits_two_is_ambiguous_but_not_one_that_fits_two_names_of_one()
    {
        HashSet<char> firsts = [];
        string? shared = null;
        for (int i = 0; shared is null; i++)
        {
            ContainerImage image = Assert.Single(await _store.ImportAsync(Tar($"{i}"), $"box{i}"));
            if (!firsts.Add(image.Id[7])) shared = image.Id[7..8];
        }

        Assert.Equal(ErrorCode.ImageIdAmbiguous, (await Assert.ThrowsAsync<ContainerException>(() => _store.Store.GetAsync(shared, Token))).Code);
        using TemporaryStore other = new();
        ImageBuilder builder = new();
        ContainerImage one = (await other.ImportAsync(builder.DockerManifest(builder.DockerImage([Tar("a")], "a:1", "a:2")).Tar()))[0];
        Assert.Equal(one.Id, (await other.Store.GetAsync(one.ShortId, Token)).Id);
    }

    [Fact]
    public async Task A_name_wins_over_an_id()
    {
        ContainerImage first = Assert.Single(await _store.ImportAsync(Tar("a"), "first"));
        string name = first.Id[7..11];
        ContainerImage second = Assert.Single(await _store.ImportAsync(Tar("b"), name));
        Assert.Equal(second.Id, (await _store.Store.GetAsync(name, Token)).Id);
    }

    [Fact]
    public async Task A_damaged_image_does_not_hide_the_others_and_can_be_removed()
    {
        ContainerImage well = Assert.Single(await _store.ImportAsync(Tar("a"), "well"));
        ContainerImage bad = Assert.Single(await _store.ImportAsync(Tar("b"), "bad"));
        File.WriteAllText(Path.Combine(_store.BlobFolder, bad.Digest[7..]), "{");
        List<ContainerImage> listed = [];
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(async () =>
        {
            await foreach (ContainerImage image in _store.NewStore().ListAsync(Token)) listed.Add(image);
        });
        Assert.Equal(ErrorCode.ImageCorrupt, error.Code);
        Assert.Equal(well.Id, Assert.Single(listed).Id);
        Assert.Equal(ErrorCode.ImageCorrupt, (await Assert.ThrowsAsync<ContainerException>(() => _store.NewStore().ResolveAsync("bad", Token))).Code);
        Assert.Equal("bad:latest", Assert.Single(await _store.NewStore().RemoveAsync("bad", new ImageRemoveOptions(), Token)).Reference);
        Assert.Equal(well.Id, Assert.Single(await _store.ListAsync()).Id);
        Assert.Single(_store.Layers);
        Assert.Equal(3, _store.Blobs.Length);
    }

    [Fact]
    public async Task A_damaged_list_is_told_and_not_overwritten()
    {
        await _store.ImportAsync(Tar("a"), "a");
        string index = Path.Combine(_store.Paths.Images, "index.json");
        File.WriteAllText(index, "{\"manifests\": [");
        Assert.Equal(ErrorCode.StateCorrupt, (await Assert.ThrowsAsync<ContainerException>(_store.ListAsync)).Code);
        await Assert.ThrowsAsync<ContainerException>(() => _store.ImportAsync(Tar("b"), "b"));
        Assert.Equal("{\"manifests\": [", File.ReadAllText(index));
    }

    [Fact]
    public async Task What_other_tools_wrote_into_the_list_survives()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "a"));
        string index = Path.Combine(_store.Paths.Images, "index.json");
        File.WriteAllText(index, File.ReadAllText(index)
            .Replace("\"manifests\":[", "\"annotations\":{\"keep\":\"me\"},\"other\":[1],\"manifests\":[{\"mediaType\":\"text/x-unknown\",\"digest\":\"sha256:" + new string('e', 64) + "\",\"size\":5,\"data\":\"Zm9v\"},", StringComparison.Ordinal));
        await _store.ImportAsync(Tar("b"), "b");
        string text = File.ReadAllText(index);
        Assert.Contains("\"keep\":\"me\"", text, StringComparison.Ordinal);
        Assert.Contains("\"other\":[1]", text, StringComparison.Ordinal);
        Assert.Contains("\"data\":\"Zm9v\"", text, StringComparison.Ordinal);
        Assert.Equal(image.Id, (await _store.Store.GetAsync("a", Token)).Id);
    }

    [Fact]
    public async Task Layers_that_are_gone_are_unpacked_again_from_the_blobs()
    {
        ImageBuilder builder = new();
        ContainerImage image = Assert.Single(await _store.ImportAsync(builder.Layout(builder.OciImage([Tar("a"), Tar("b")])).Tar()));
        foreach (string layer in _store.Layers) Directory.Delete(layer, recursive: true);
        StoredImage stored = await _store.NewStore().ResolveAsync(image.Id, Token);
        Assert.Equal(["b", "a"], stored.LayerFolders.Select(folder => File.ReadAllText(Path.Combine(folder, "file"))));
        // A folder that lost its record is none.
        File.Delete(Path.Combine(_store.Layers[0], "layer.json"));
        Assert.Equal(2, (await _store.NewStore().ResolveAsync(image.Id, Token)).LayerFolders.Count);
        Assert.Equal(2, _store.Layers.Length);
        Assert.Empty(_store.Ingests);
        // And where the blob is gone as well, that is said.
        foreach (string layer in _store.Layers) Directory.Delete(layer, recursive: true);
        File.Delete(Path.Combine(_store.BlobFolder, ImageBuilder.Digest(ImageBuilder.Gzip(Tar("a")))[7..]));
        Assert.Equal(ErrorCode.ImageCorrupt, (await Assert.ThrowsAsync<ContainerException>(() => _store.NewStore().ResolveAsync(image.Id, Token))).Code);
    }

    [Fact]
    public async Task A_layer_that_hides_all_below_ends_the_stack()
    {
        ImageBuilder builder = new();
        byte[] opaque = new TarBuilder().File(".wh..wh..opq", "").File("only", "x").Build();
        ContainerImage image = Assert.Single(await _store.ImportAsync(builder.Layout(builder.OciImage([Tar("a"), opaque, Tar("c")])).Tar()));
        Assert.Equal(2, (await _store.Store.ResolveAsync(image.Id, Token)).LayerFolders.Count);
    }

    private static byte[] Tar(string content) => new TarBuilder().File("file", Encoding.UTF8.GetBytes(content)).Build();
}
