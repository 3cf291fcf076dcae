using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>Layers that the store has uncompressed go to registries compressed.</summary>
public sealed class PushCompressionTests : IDisposable
{
    private readonly PullFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private FakeRegistry Registry => _fixture.Registry;

    private string Known => Path.Combine(_fixture.Local.Paths.Images, "compressed.json");

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(null, "+gzip")]
    [InlineData(ArchiveCompression.Gzip, "+gzip")]
    [InlineData(ArchiveCompression.Zstd, "+zstd")]
    [InlineData(ArchiveCompression.None, "")]
    public async Task An_image_is_the_same_whatever_its_layers_are_compressed_with(ArchiveCompression? compression, string suffix)
    {
        ContainerImage image = await ImportAsync("app:1", Text(1, 3_000_000), PullFixture.Layer(2));
        RemoteContainerImage remote = await PushAsync("app:1", compression);
        Assert.Equal(image.Id, remote.Id);
        Assert.All(remote.Layers, layer => Assert.Equal("application/vnd.oci.image.layer.v1.tar" + suffix, layer.MediaType));
        Assert.Equal(suffix.Length == 0, remote.Digest == image.Digest);
        if (suffix.Length > 0) Assert.True(remote.Layers[0].Size < 1_500_000, $"{remote.Layers[0].Size} bytes");
        Assert.Empty(_fixture.Local.Ingests);
        // As another machine gets it: all of it is verified.
        using PullFixture other = new();
        ContainerImage received = await other.Operations.PullAsync(
            new ImagePullOptions { Reference = $"{Registry.Host}/app:1", Access = FakeRegistry.Plain }, null, Token);
        Assert.Equal(image.Id, received.Id);
        Assert.Empty(await other.Local.NewStore().TestAsync(false, null, Token));
    }

    [Fact]
    public async Task What_a_layer_became_is_known_the_next_time()
    {
        await ImportAsync("app:1", PullFixture.Layer(1), Text(2, 100_000));
        RemoteContainerImage first = await PushAsync("app:1");
        // Whoever compressed again would see that the blob is not what it was.
        foreach (string blob in _fixture.Local.Blobs.Where(blob => new FileInfo(blob).Length > 50_000)) Damage(blob);
        Registry.Requests.Clear();
        RemoteContainerImage second = await PushAsync("app:1");
        Assert.Equal(first.Digest, second.Digest);
        Assert.Equal(0, Registry.Count("POST "));
        // Not known, or not there any more: compressed anew.
        Registry.Blobs.TryRemove(first.Layers[0].Digest, out _);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => PushAsync("app:1"));
        Assert.Equal(ErrorCode.ImageCorrupt, error.Code);
        Assert.Empty(_fixture.Local.Ingests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[{\"layer\":\"nonsense\",\"compression\":\"Gzip\",\"digest\":\"../..\",\"size\":1}]")]
    [InlineData("[{\"compression\":\"Brotli\"}]")]
    public async Task What_is_known_may_be_lost(string content)
    {
        await ImportAsync("app:1", PullFixture.Layer(1));
        RemoteContainerImage first = await PushAsync("app:1");
        await File.WriteAllTextAsync(Known, content, Token);
        Assert.Equal(first.Digest, (await PushAsync("app:1")).Digest);
        Assert.Equal(first.Layers[0].Digest, (string?)Assert.Single(JsonNode.Parse(await File.ReadAllTextAsync(Known, Token))!.AsArray())!["digest"]);
    }

    [Fact]
    public async Task What_is_known_of_layers_that_are_gone_is_forgotten()
    {
        ContainerImage old = await ImportAsync("old:1", PullFixture.Layer(1));
        await PushAsync("old:1");
        await _fixture.Local.Store.RemoveAsync(old.Reference!, new ImageRemoveOptions(), Token);
        await ImportAsync("app:1", PullFixture.Layer(2));
        await PushAsync("app:1");
        string layer = ImageBuilder.Digest(PullFixture.Layer(2));
        Assert.Equal(layer, (string?)Assert.Single(JsonNode.Parse(await File.ReadAllTextAsync(Known, Token))!.AsArray())!["layer"]);
    }

    [Fact]
    public async Task A_compressed_layer_is_mounted_from_the_repository_that_has_it()
    {
        await ImportAsync("base:1", PullFixture.Layer(1));
        await ImportAsync("team/app:1", PullFixture.Layer(1), PullFixture.Layer(2));
        string shared = (await PushAsync("base:1")).Layers[0].Digest;
        Registry.Requests.Clear();
        Registry.Log.Clear();
        Registry.Instead = request => request.Method == "HEAD" && request.Path == $"/v2/team/app/blobs/{shared}" ? FakeAnswer.NotFound : null;
        Assert.Equal(shared, (await PushAsync("team/app:1")).Layers[0].Digest);
        Assert.Equal(1, Registry.Count($"POST /v2/team/app/blobs/uploads/?mount={Uri.EscapeDataString(shared)}&from=base"));
        Assert.DoesNotContain(Registry.Log, request => ImageBuilder.Digest(request.Body) == shared);
    }

    [Fact]
    public async Task An_index_keeps_its_digest_unless_compression_is_asked_for()
    {
        ImageBuilder builder = new();
        JsonObject amd = builder.OciImage([Text(1, 200_000)], compress: false), arm = builder.OciImage([Text(2, 200_000)], compress: false, architecture: "arm64");
        JsonObject attestation = ImageBuilder.For(builder.OciImage([PullFixture.Layer(3)]), "unknown", "unknown");
        attestation["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "attestation-manifest", ["vnd.docker.reference.digest"] = (string)amd["digest"]! };
        JsonObject index = builder.InnerIndex(ImageBuilder.For(amd, "linux", "amd64"), ImageBuilder.For(arm, "linux", "arm64"), attestation);
        builder.Layout(ImageBuilder.Named(index, $"{Registry.Host}/multi:1")).WriteFolder(_fixture.Local.Paths.Images);
        RemoteContainerImage whole = await PushAsync("multi:1");
        Assert.Equal((string)index["digest"]!, whole.Digest);
        RemoteContainerImage compressed = await PushAsync("multi:1", ArchiveCompression.Gzip);
        Assert.NotEqual(whole.Digest, compressed.Digest);
        Assert.Equal("application/vnd.oci.image.layer.v1.tar+gzip", Assert.Single(compressed.Layers).MediaType);
        string document = Encoding.UTF8.GetString(Registry.Manifests[$"multi@{compressed.Digest}"].Content);
        // The attestation is about the manifest as it is there.
        Assert.Equal(compressed.ManifestDigest, (string?)JsonNode.Parse(document)!["manifests"]![2]!["annotations"]!["vnd.docker.reference.digest"]);
        using PullFixture other = new();
        await other.Operations.PullAsync(
            new ImagePullOptions { Reference = $"{Registry.Host}/multi:1", Access = FakeRegistry.Plain, AllPlatforms = true }, null, Token);
        Assert.Empty(await other.Local.NewStore().TestAsync(false, null, Token));
    }

    private static void Damage(string file)
    {
        byte[] content = File.ReadAllBytes(file);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(file, content);
    }

    /// <summary>A layer that compresses to about a third.</summary>
    private static byte[] Text(int seed, int size)
    {
        Random random = new(seed);
        StringBuilder text = new();
        while (text.Length < size) text.Append("word-").Append(random.Next(1000)).Append(' ');
        return new TarBuilder().File($"text-{seed}", Encoding.ASCII.GetBytes(text.ToString())).Build();
    }

    private async Task<ContainerImage> ImportAsync(string name, params byte[][] layers)
    {
        ImageBuilder builder = new();
        builder.Layout(ImageBuilder.Named(builder.OciImage(layers, compress: false), $"{Registry.Host}/{name}"));
        return Assert.Single(await _fixture.Local.ImportAsync(builder.Tar()));
    }

    private Task<RemoteContainerImage> PushAsync(string name, ArchiveCompression? compression = null) => _fixture.Operations.PushAsync(
        new ImagePushOptions { Image = $"{Registry.Host}/{name}", Access = FakeRegistry.Plain, Compression = compression }, null, Token);
}
