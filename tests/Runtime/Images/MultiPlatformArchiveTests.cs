using System.Text.Json.Nodes;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>Multi-platform images that go into archives and come from them whole, or one platform of them.</summary>
public sealed class MultiPlatformArchiveTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    private readonly ImageBuilder _builder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_store.Folder, "out");

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(ImageArchiveFormat.OciArchive, true)]
    [InlineData(ImageArchiveFormat.OciArchive, false)]
    [InlineData(ImageArchiveFormat.OciDirectory, true)]
    [InlineData(ImageArchiveFormat.OciDirectory, false)]
    public async Task All_of_an_image_goes_through_a_file_as_it_was(ImageArchiveFormat format, bool asked)
    {
        string index = await ImportWholeAsync(_store, "amd64", "arm64", "s390x");
        await ExportAsync(options => options with { Format = format, AllPlatforms = asked });
        using TemporaryStore other = new();
        ContainerImage image = Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = Target, AllPlatforms = true }, null, Token));
        Assert.Equal(("multi:1", "amd64"), (image.Reference, image.Architecture));
        Assert.Equal(["linux/amd64", "linux/arm64", "linux/s390x"], image.Platforms);
        Assert.Equal(["linux/amd64", "linux/arm64", "linux/s390x"], Assert.Single(await other.ListAsync()).Platforms);
        // The same blobs, attestations as well, and the index that leads to them.
        Assert.Equal(_store.Blobs.Select(Path.GetFileName).Order(), other.Blobs.Select(Path.GetFileName).Order());
        Assert.Equal(index, TopOf(other.Paths.Images));
        // Only what this machine runs is unpacked.
        Assert.Equal(2, other.Layers.Length);
        Assert.Empty(await other.NewStore().TestAsync(false, null, Token));
        await other.Store.RemoveAsync("multi:1", new ImageRemoveOptions(), Token);
        Assert.Empty(other.Blobs);
    }

    [Fact]
    public async Task Without_being_asked_for_all_an_import_takes_the_one_for_this_machine()
    {
        await ImportWholeAsync(_store, "amd64", "arm64");
        await ExportAsync(options => options with { Format = ImageArchiveFormat.OciArchive });
        using TemporaryStore other = new();
        ContainerImage image = Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = Target }, null, Token));
        Assert.Equal(["linux/amd64"], image.Platforms);
        Assert.True(other.Blobs.Length < _store.Blobs.Length);
        // What is there already becomes a part of the whole.
        Assert.Equal(image.Id, Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = Target, AllPlatforms = true }, null, Token)).Id);
        Assert.Equal(2, Assert.Single(await other.ListAsync()).Platforms.Count);
    }

    [Theory]
    [InlineData(ImageArchiveFormat.DockerArchive)]
    [InlineData(ImageArchiveFormat.OciArchive)]
    [InlineData(ImageArchiveFormat.OciDirectory)]
    public async Task One_platform_is_written_where_it_is_asked_for(ImageArchiveFormat format)
    {
        await ImportWholeAsync(_store, "amd64", "arm64");
        await ExportAsync(options => options with { Format = format, Platform = "linux/arm64" });
        using TemporaryStore other = new();
        ContainerImage image = Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = Target, AllPlatforms = true }, null, Token));
        Assert.Equal(("multi:1", "arm64"), (image.Reference, image.Architecture));
        Assert.Equal(["linux/arm64"], image.Platforms);
        // Manifest, configuration and two layers.
        Assert.Equal(4, other.Blobs.Length);
    }

    [Fact]
    public async Task A_docker_archive_holds_one_platform_and_is_not_asked_for_several()
    {
        await ImportWholeAsync(_store, "amd64", "arm64");
        Assert.Equal(ErrorCode.InvalidArgument, await RefusedAsync(options => options with { AllPlatforms = true }));
        await ExportAsync(options => options);
        using TemporaryStore other = new();
        Assert.Equal("amd64", Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = Target }, null, Token)).Architecture);
    }

    [Fact]
    public async Task What_the_store_lacks_is_not_left_out_silently()
    {
        await ImportWholeAsync(_store, "amd64", "arm64");
        string other = ImageBuilder.Digest(ImageBuilder.Gzip(new TarBuilder().File("own", "arm64").Build()));
        File.Delete(Path.Combine(_store.BlobFolder, other[7..]));
        Assert.Equal(ErrorCode.ImageCorrupt, await RefusedAsync(options => options with { Format = ImageArchiveFormat.OciArchive }));
        Assert.Equal(ErrorCode.ImageCorrupt, await RefusedAsync(options => options with { Format = ImageArchiveFormat.OciArchive, AllPlatforms = true }));
        Assert.Equal(ErrorCode.ImageCorrupt, await RefusedAsync(options => options with { Format = ImageArchiveFormat.OciArchive, Platform = "arm64" }));
        Assert.Equal(ErrorCode.ImageUnsupported, await RefusedAsync(options => options with { Format = ImageArchiveFormat.OciArchive, Platform = "s390x" }));
        await ExportAsync(options => options with { Format = ImageArchiveFormat.OciArchive, Platform = "amd64" });
    }

    [Fact]
    public async Task Of_an_image_for_one_platform_all_is_that_one()
    {
        await _store.ImportAsync(_builder.Layout(ImageBuilder.Named(_builder.OciImage([new TarBuilder().File("a", "a").Build()]), "multi:1")).Tar());
        await ExportAsync(options => options with { Format = ImageArchiveFormat.OciArchive, AllPlatforms = true });
        Assert.Equal(ErrorCode.ImageUnsupported, await RefusedAsync(options => options with { Format = ImageArchiveFormat.OciArchive, Platform = "arm64", Force = true }));
        Assert.Equal(ErrorCode.ImageUnsupported, await RefusedAsync(options => options with { Platform = "arm64", Force = true }));
    }

    [Fact]
    public async Task One_platform_and_all_of_them_is_a_contradiction()
    {
        await ImportWholeAsync(_store, "amd64", "arm64");
        Assert.Equal(ErrorCode.InvalidArgument, await RefusedAsync(options => options with { Format = ImageArchiveFormat.OciArchive, AllPlatforms = true, Platform = "arm64" }));
        await ExportAsync(options => options with { Format = ImageArchiveFormat.OciArchive });
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.Store.ImportAsync(
            new ImageImportOptions { Path = Target, AllPlatforms = true, Platform = "linux/arm64" }, null, Token));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    [Theory]
    [InlineData("manifest", ErrorCode.ArchiveCorrupt)]
    [InlineData("layer", ErrorCode.ArchiveCorrupt)]
    [InlineData("damaged layer", ErrorCode.DigestMismatch)]
    [InlineData("attestation", ErrorCode.ArchiveCorrupt)]
    public async Task Damage_to_another_platform_keeps_all_of_it_out_but_not_the_one_for_this_machine(string what, ErrorCode code)
    {
        JsonObject index = _builder.MultiPlatform("amd64", "arm64", "s390x");
        byte[] layer = ImageBuilder.Gzip(new TarBuilder().File("own", "arm64").Build());
        string name = what switch
        {
            "manifest" => (string)Listed(index)[2]!["digest"]!,
            "attestation" => (string)Listed(index)[0]!["digest"]!,
            _ => ImageBuilder.Digest(layer),
        };
        _builder.Layout(ImageBuilder.Named(index, "multi:1"));
        string path = $"blobs/sha256/{name[7..]}";
        if (what == "damaged layer") _builder.Files[path] = [.. layer[..^1], (byte)(layer[^1] ^ 1)];
        else Assert.True(_builder.Files.Remove(path));
        string file = _store.Write("archive", _builder.Tar());
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.Store.ImportAsync(new ImageImportOptions { Path = file, AllPlatforms = true }, null, Token));
        Assert.True(error.Code == code, $"{error.Code}: {error.Message}");
        Assert.Empty(_store.Blobs);
        Assert.Empty(_store.Layers);
        Assert.Equal("amd64", Assert.Single(await _store.Store.ImportAsync(new ImageImportOptions { Path = file }, null, Token)).Architecture);
    }

    [Fact]
    public async Task An_archive_without_an_image_for_this_machine_is_taken_whole_only()
    {
        await _store.RefusedAsync(ErrorCode.ImageUnsupported, _builder.Layout(ImageBuilder.Named(_builder.MultiPlatform("ppc64le", "s390x"), "multi:1")).Tar());
        Assert.Equal("ppc64le", Assert.Single(await _store.Store.ImportAsync(
            new ImageImportOptions { Path = Path.Combine(_store.Folder, "archive"), AllPlatforms = true }, null, Token)).Architecture);
    }

    [Fact]
    public async Task Several_images_share_a_file_whole_ones_and_others()
    {
        JsonObject one = _builder.OciImage([new TarBuilder().File("own", "amd64").Build()], architecture: "amd64");
        JsonObject whole = _builder.MultiPlatform("amd64", "arm64"), again = (JsonObject)whole.DeepClone();
        _builder.Layout(ImageBuilder.Named(whole, "multi:1"), ImageBuilder.Named(one, "one:1"), ImageBuilder.Named(again, "multi:2"));
        IReadOnlyList<ContainerImage> images = await _store.Store.ImportAsync(new ImageImportOptions { Path = _store.Write("archive", _builder.Tar()), AllPlatforms = true }, null, Token);
        Assert.Equal(["multi:1", "multi:2", "one:1"], images.Select(image => image.Reference).Order());
        await _store.Store.ExportAsync(["one:1", "multi:1", "multi:2"], new ImageExportOptions { Path = Target, Format = ImageArchiveFormat.OciArchive }, null, Token);
        using TemporaryStore other = new();
        images = await other.Store.ImportAsync(new ImageImportOptions { Path = Target, AllPlatforms = true }, null, Token);
        Assert.Equal([("multi:1", 2), ("multi:2", 2), ("one:1", 1)], images.Select(image => (image.Reference!, image.Platforms.Count)).Order());
    }

    private JsonArray Listed(JsonObject index) => (JsonArray)JsonNode.Parse(_builder.Files[$"blobs/sha256/{((string)index["digest"]!)[7..]}"])!["manifests"]!;

    private static string TopOf(string layout) => (string)JsonNode.Parse(File.ReadAllBytes(Path.Combine(layout, "index.json")))!["manifests"]![0]!["digest"]!;

    private async Task<string> ImportWholeAsync(TemporaryStore store, params string[] architectures)
    {
        JsonObject index = _builder.MultiPlatform(architectures);
        string file = store.Write("whole.tar", _builder.Layout(ImageBuilder.Named(index, "multi:1")).Tar());
        await store.Store.ImportAsync(new ImageImportOptions { Path = file, AllPlatforms = true }, null, Token);
        return (string)index["digest"]!;
    }

    private Task<IReadOnlyList<ContainerImage>> ExportAsync(Func<ImageExportOptions, ImageExportOptions> change)
        => _store.Store.ExportAsync(["multi:1"], change(new ImageExportOptions { Path = Target }), null, Token);

    private async Task<ErrorCode> RefusedAsync(Func<ImageExportOptions, ImageExportOptions> change)
        => (await Assert.ThrowsAsync<ContainerException>(() => ExportAsync(change))).Code;
}
