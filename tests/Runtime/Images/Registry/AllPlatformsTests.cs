using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Tests.Registries.Trust;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>Multi-platform images that are received as a whole.</summary>
public sealed class AllPlatformsTests : IDisposable
{
    private readonly PullFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Func<ImagePullOptions, ImagePullOptions> All => options => options with { AllPlatforms = true };

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task All_of_an_index_is_kept_and_can_be_published_elsewhere_as_it_was()
    {
        string index = AddIndex("multi:1", "amd64", "arm64", "s390x");
        ContainerImage image = await _fixture.PullAsync("multi:1", All);
        Assert.Equal("amd64", image.Architecture);
        // Only what this machine runs is unpacked: the common layer and its own.
        Assert.Equal(2, _fixture.Local.Layers.Length);
        Assert.Equal(_fixture.Registry.Blobs.Count, _fixture.Local.Blobs.Length);
        Assert.Equal($"{_fixture.Registry.Host}/multi:1", Assert.Single(await _fixture.Local.ListAsync()).Reference);
        Assert.Equal(2, (await _fixture.Local.NewStore().ResolveAsync($"{_fixture.Registry.Host}/multi:1", Token)).LayerFolders.Count);
        Assert.Empty(await _fixture.Local.NewStore().TestAsync(false, null, Token));
        using FakeRegistry elsewhere = new();
        RemoteContainerImage published = await _fixture.Operations.PushAsync(
            new ImagePushOptions { Image = $"{_fixture.Registry.Host}/multi:1", Destination = $"{elsewhere.Host}/copy:1", Access = FakeRegistry.Plain }, null, Token);
        Assert.Equal(index, published.Digest);
        Assert.Equal(["linux/amd64", "linux/arm64", "linux/s390x"], published.Platforms);
        // Attestations go along, because the index lists them.
        foreach (string key in _fixture.Registry.Manifests.Keys.Where(key => key.StartsWith("multi@", StringComparison.Ordinal)))
        {
            Assert.True(elsewhere.Manifests.ContainsKey(key.Replace("multi", "copy", StringComparison.Ordinal)), key);
        }

        await _fixture.Local.Store.RemoveAsync($"{_fixture.Registry.Host}/multi:1", new ImageRemoveOptions(), Token);
        Assert.Empty(_fixture.Local.Blobs);
        Assert.Empty(_fixture.Local.Layers);
    }

    [Fact]
    public async Task An_index_that_goes_through_a_file_is_published_as_it_was()
    {
        string index = AddIndex("multi:1", "amd64", "arm64");
        await _fixture.PullAsync("multi:1", All);
        string name = $"{_fixture.Registry.Host}/multi:1", file = Path.Combine(_fixture.Local.Folder, "multi.tar");
        await _fixture.Local.Store.ExportAsync([name], new ImageExportOptions { Path = file, Format = ImageArchiveFormat.OciArchive, AllPlatforms = true }, null, Token);
        using PullFixture other = new();
        await other.Local.Store.ImportAsync(new ImageImportOptions { Path = file, AllPlatforms = true }, null, Token);
        ImagePushOptions options = new() { Image = name, Destination = $"{other.Registry.Host}/copy:1", AllPlatforms = true, Access = FakeRegistry.Plain };
        Assert.Equal(index, (await other.Operations.PushAsync(options, null, Token)).Digest);
        // One platform that was imported is not all of it.
        await other.Local.Store.RemoveAsync(name, new ImageRemoveOptions(), Token);
        await other.Local.Store.ImportAsync(new ImageImportOptions { Path = file, Platform = "linux/arm64" }, null, Token);
        Assert.NotEqual(index, (await other.Operations.PushAsync(options, null, Token)).Digest);
    }

    [Fact]
    public async Task What_was_received_for_one_platform_becomes_a_part_of_the_whole()
    {
        AddIndex("multi:1", "amd64", "arm64");
        ContainerImage one = await _fixture.PullAsync("multi:1");
        ContainerImage whole = await _fixture.PullAsync("multi:1", All);
        Assert.Equal(one.Id, whole.Id);
        Assert.Single(await _fixture.Local.ListAsync());
        // And from one that was received whole, one platform is known by its digest as well.
        Assert.Equal(one.Id, (await _fixture.Local.Store.GetAsync($"{_fixture.Registry.Host}/multi@{one.Digest}", Token)).Id);
    }

    [Fact]
    public async Task An_index_without_an_image_for_this_machine_is_kept_all_the_same()
    {
        AddIndex("multi:1", "s390x", "ppc64le");
        await _fixture.RefusedAsync(ErrorCode.ImageUnsupported, "multi:1");
        Assert.Equal("s390x", (await _fixture.PullAsync("multi:1", All)).Architecture);
        Assert.Equal("s390x", Assert.Single(await _fixture.Local.ListAsync()).Architecture);
    }

    [Fact]
    public async Task What_says_no_platform_is_not_taken_for_the_image()
    {
        ImageBuilder builder = new();
        byte[] own = PullFixture.Layer(1);
        // A software bill of materials as some tools list it: nothing tells it from an image but that it has no platform.
        byte[] config = "{}"u8.ToArray(), list = "{\"packages\":[]}"u8.ToArray();
        builder.Blob(config);
        builder.Blob(list);
        byte[] artifact = ImageBuilder.Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = ImageBuilder.Descriptor("application/vnd.example.empty", config),
            ["layers"] = new JsonArray(ImageBuilder.Descriptor("application/spdx+json", list)),
        });
        builder.Blob(artifact);
        JsonObject image = ImageBuilder.For(builder.OciImage([own]), "linux", "amd64");
        _fixture.Registry.Add("multi", "1", builder, builder.InnerIndex(ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", artifact), image));
        ContainerImage received = await _fixture.PullAsync("multi:1", All);
        Assert.Equal("amd64", received.Architecture);
        Assert.Equal(received.Id, Assert.Single(await _fixture.Local.ListAsync()).Id);
        using FakeRegistry elsewhere = new();
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _fixture.Operations.PushAsync(
            new ImagePushOptions { Image = $"{_fixture.Registry.Host}/multi:1", Destination = $"{elsewhere.Host}/copy:1", Platform = "linux/arm64", Access = FakeRegistry.Plain }, null, Token));
        Assert.Equal(ErrorCode.ImageUnsupported, error.Code);
        Assert.Empty(elsewhere.Manifests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_document_does_not_cost_the_rest_of_the_image(bool config)
    {
        AddIndex("multi:1", "amd64", "arm64");
        ContainerImage image = await _fixture.PullAsync("multi:1", All);
        string path = Path.Combine(_fixture.Local.BlobFolder, (config ? image.Id : image.Digest)[7..]);
        byte[] content = await File.ReadAllBytesAsync(path, Token);
        await File.WriteAllBytesAsync(path, [.. content, (byte)' '], Token);
        await _fixture.Local.NewStore().TestAsync(true, null, Token);
        Assert.False(File.Exists(path));
        // The next removal sweeps.
        _fixture.Add("other:1", PullFixture.Layer(50));
        await _fixture.PullAsync("other:1");
        await _fixture.Local.NewStore().RemoveAsync($"{_fixture.Registry.Host}/other:1", new ImageRemoveOptions(), Token);
        Assert.Equal(3, _fixture.Local.Layers.Length);
        // Once it is here again, what is not needed goes, and with the image all the rest.
        await _fixture.NewOperations().PullAsync(new ImagePullOptions { Reference = $"{_fixture.Registry.Host}/multi:1", AllPlatforms = true, Access = FakeRegistry.Plain }, null, Token);
        Assert.Empty(await _fixture.Local.NewStore().TestAsync(false, null, Token));
        Assert.Equal(2, _fixture.Local.Layers.Length);
        Assert.Empty(Directory.GetFiles(Path.Combine(_fixture.Local.Paths.Images, "lost")));
        await _fixture.Local.NewStore().RemoveAsync($"{_fixture.Registry.Host}/multi:1", new ImageRemoveOptions(), Token);
        Assert.Empty(_fixture.Local.Blobs);
    }

    [Fact]
    public async Task A_whole_image_that_lacks_a_piece_is_damaged_and_is_not_published_as_another()
    {
        AddIndex("multi:1", "amd64", "arm64");
        await _fixture.PullAsync("multi:1", All);
        string lost = ImageBuilder.Digest(ImageBuilder.Gzip(new TarBuilder().File("own", "arm64").Build()));
        File.Delete(Path.Combine(_fixture.Local.BlobFolder, lost[7..]));
        Assert.Contains(lost, Assert.Single(await _fixture.Local.NewStore().TestAsync(false, null, Token)).Problem, StringComparison.Ordinal);
        using FakeRegistry elsewhere = new();
        ImagePushOptions options = new() { Image = $"{_fixture.Registry.Host}/multi:1", Destination = $"{elsewhere.Host}/copy:1", Access = FakeRegistry.Plain };
        Assert.Equal(ErrorCode.ImageCorrupt, (await Assert.ThrowsAsync<ContainerException>(() => _fixture.Operations.PushAsync(options, null, Token))).Code);
        Assert.Empty(elsewhere.Manifests);
        await _fixture.Operations.PushAsync(options with { Platform = "linux/amd64" }, null, Token);
    }

    [Fact]
    public async Task An_image_that_is_no_index_is_received_as_ever()
    {
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        Assert.Equal(digest, (await _fixture.PullAsync("app:1", All)).Digest);
        Assert.Equal(3, _fixture.Local.Blobs.Length);
    }

    [Fact]
    public async Task A_platform_and_all_of_them_cannot_be_asked_for_at_once()
    {
        AddIndex("multi:1", "amd64");
        await _fixture.RefusedAsync(ErrorCode.InvalidArgument, "multi:1", options => options with { AllPlatforms = true, Platform = "linux/arm64" });
        Assert.Empty(_fixture.Registry.Log);
    }

    [Theory]
    [InlineData("layer", ErrorCode.DigestMismatch)]
    [InlineData("manifest", ErrorCode.ImageNotFound)]
    [InlineData("configuration", ErrorCode.ImageNotFound)]
    [InlineData("foreign", ErrorCode.ImageUnsupported)]
    [InlineData("diff ids", ErrorCode.DigestMismatch)]
    public async Task Damage_to_another_platform_keeps_all_of_it_out(string what, ErrorCode code)
    {
        ImageBuilder builder = new();
        byte[] layer = PullFixture.Layer(7);
        JsonObject other = builder.OciImage([layer], architecture: "arm64");
        JsonObject manifest = (JsonObject)JsonNode.Parse(builder.Files[$"blobs/sha256/{((string)other["digest"]!)[7..]}"])!;
        if (what == "foreign") manifest["layers"]![0]!["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        if (what == "diff ids")
        {
            byte[] wrong = ImageBuilder.Bytes(ImageBuilder.Config([PullFixture.Layer(8)], "arm64"));
            builder.Blob(wrong);
            manifest["config"] = ImageBuilder.Descriptor("application/vnd.oci.image.config.v1+json", wrong);
        }

        byte[] changed = ImageBuilder.Bytes(manifest);
        builder.Blob(changed);
        JsonObject descriptor = ImageBuilder.For(ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", changed), "linux", "arm64");
        JsonObject own = ImageBuilder.For(builder.OciImage([PullFixture.Layer(1)]), "linux", "amd64");
        _fixture.Registry.Add("multi", "1", builder, builder.InnerIndex(own, descriptor));
        string blob = ImageBuilder.Digest(ImageBuilder.Gzip(layer));
        if (what == "layer") _fixture.Registry.Blobs[blob] = new byte[_fixture.Registry.Blobs[blob].Length];
        if (what == "manifest") _fixture.Registry.Manifests.TryRemove($"multi@{(string)descriptor["digest"]!}", out _);
        if (what == "configuration") _fixture.Registry.Blobs.TryRemove((string)manifest["config"]!["digest"]!, out _);
        await _fixture.RefusedAsync(code, "multi:1", All);
        // For this machine alone it is as good as ever.
        await _fixture.PullAsync("multi:1");
    }

    [Fact]
    public async Task A_signature_of_one_image_says_nothing_of_the_others()
    {
        string index = AddIndex("multi:1", "amd64", "arm64");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string file = _fixture.Local.Write("key.pub", Encoding.UTF8.GetBytes(key.ExportSubjectPublicKeyInfoPem()));
        ContainerImage one = await _fixture.PullAsync("multi:1");
        CosignLayout.Sign(_fixture.Registry, "multi", one.Digest, "x", key);
        await _fixture.PullAsync("multi:1", options => options with { VerifyKey = file });
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "multi:1", options => options with { VerifyKey = file, AllPlatforms = true });
        CosignLayout.Sign(_fixture.Registry, "multi", index, "x", key);
        await _fixture.PullAsync("multi:1", options => options with { VerifyKey = file, AllPlatforms = true });
    }

    private string AddIndex(string name, params string[] architectures)
    {
        ImageBuilder builder = new();
        string[] parts = name.Split(':');
        return _fixture.Registry.Add(parts[0], parts[1], builder, builder.MultiPlatform(architectures));
    }
}
