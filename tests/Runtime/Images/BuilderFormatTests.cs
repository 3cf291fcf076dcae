using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Images;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>Archives as the tools that build images write them, where the tools themselves are not to be had for a test.</summary>
public sealed class BuilderFormatTests : IDisposable
{
    private static readonly byte[] Base = new TarBuilder().Folder("etc/").File("etc/a", "base").Build();
    private static readonly byte[] Top = new TarBuilder().File("etc/b", "top").Build();

    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    /// <summary>BuildKit's exporter "oci": the line names an index, which has the image and what attests to how it was made.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_archive_of_buildkit_with_attestations(bool zstd)
    {
        ImageBuilder builder = new();
        byte[] blob = zstd ? ImageBuilder.Zstd(Base) : ImageBuilder.Gzip(Base);
        JsonObject image = Manifest(builder, ImageBuilder.Bytes(ImageBuilder.Config([Base])), (blob, "application/vnd.oci.image.layer.v1.tar" + (zstd ? "+zstd" : "+gzip")));
        byte[] statement = """{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2"}"""u8.ToArray();
        JsonObject attestation = Manifest(
            builder, ImageBuilder.Bytes(new JsonObject
            {
                ["architecture"] = "unknown",
                ["os"] = "unknown",
                ["config"] = new JsonObject(),
                ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(ImageBuilder.Digest(statement)) },
            }),
            (statement, "application/vnd.in-toto+json"));
        ImageBuilder.For(attestation, "unknown", "unknown");
        attestation["annotations"] = new JsonObject
        {
            ["vnd.docker.reference.digest"] = (string)image["digest"]!,
            ["vnd.docker.reference.type"] = "attestation-manifest",
        };
        JsonObject index = builder.InnerIndex(ImageBuilder.For(image, "linux", "amd64"), attestation);
        index["annotations"] = new JsonObject
        {
            ["io.containerd.image.name"] = "registry.example/team/app:1",
            ["org.opencontainers.image.created"] = "2024-05-06T07:08:09Z",
            ["org.opencontainers.image.ref.name"] = "1",
        };
        ContainerImage imported = Assert.Single(await _store.ImportAsync(builder.Layout(index).Tar()));
        Assert.Equal("registry.example/team/app:1", imported.Reference);
        Assert.Equal((string)image["digest"]!, imported.Digest);
        Assert.Equal(3, _store.Blobs.Length);
    }

    /// <summary>ko, crane, jib and Bazel's rules: compressed layers in a file of Docker's form, the configuration named by its whole digest.</summary>
    [Fact]
    public async Task A_tarball_of_ko()
    {
        byte[] config = ImageBuilder.Bytes(ImageBuilder.Config([Base, Top, Base]));
        string one = ImageBuilder.Digest(ImageBuilder.Gzip(Base))[7..] + ".tar.gz", two = ImageBuilder.Digest(ImageBuilder.Gzip(Top))[7..] + ".tar.gz";
        TarBuilder tar = new TarBuilder()
            .File(ImageBuilder.Digest(config), Encoding.UTF8.GetString(config)).File(one, ImageBuilder.Gzip(Base)).File(two, ImageBuilder.Gzip(Top))
            .File("manifest.json", $$"""[{"Config":"{{ImageBuilder.Digest(config)}}","RepoTags":["ko.local/app-4f3c:latest"],"Layers":["{{one}}","{{two}}","{{one}}"]}]""");
        ContainerImage image = Assert.Single(await _store.ImportAsync(tar.Build()));
        Assert.Equal("ko.local/app-4f3c:latest", image.Reference);
        Assert.Equal(ImageBuilder.Digest(config), image.Id);
        Assert.Equal(3, (await _store.Store.ResolveAsync(image.Id, Token)).LayerFolders.Count);
        // The compressed layers are kept as they came: pushed, they are the blobs that the builder pushes.
        Assert.Contains(Path.Combine(_store.BlobFolder, one[..64]), _store.Blobs);
    }

    [Fact]
    public async Task A_configuration_with_another_digest_than_ko_names_it_by()
    {
        byte[] config = ImageBuilder.Bytes(ImageBuilder.Config([Base]));
        string layer = ImageBuilder.Digest(ImageBuilder.Gzip(Base))[7..] + ".tar.gz", other = "sha256:" + new string('0', 64);
        TarBuilder tar = new TarBuilder()
            .File(other, Encoding.UTF8.GetString(config)).File(layer, ImageBuilder.Gzip(Base))
            .File("manifest.json", $$"""[{"Config":"{{other}}","RepoTags":["ko.local/app:latest"],"Layers":["{{layer}}"]}]""");
        await _store.RefusedAsync(ErrorCode.DigestMismatch, tar.Build());
    }

    /// <summary>Nix (dockerTools.buildLayeredImage): a layer per package, read-only folders, the second second of 1970.</summary>
    [Fact]
    public async Task An_archive_of_nix_with_as_many_layers_as_it_makes()
    {
        byte[][] layers = [.. Enumerable.Range(0, 127).Select(Package)];
        ImageBuilder builder = new();
        JsonObject config = ImageBuilder.Config(layers);
        config["created"] = "1970-01-01T00:00:01+00:00";
        config["config"] = new JsonObject { ["Cmd"] = new JsonArray("/nix/store/p0/bin/run"), ["Env"] = null };
        builder.Files["layers.json"] = ImageBuilder.Bytes(config);
        JsonArray paths = [];
        for (int i = 0; i < layers.Length; i++)
        {
            string path = $"{ImageBuilder.Digest(layers[i])[7..]}/layer.tar";
            builder.Files[path] = layers[i];
            paths.Add(path);
        }

        builder.DockerManifest(new JsonObject { ["Config"] = "layers.json", ["RepoTags"] = new JsonArray("hello:9k2x"), ["Layers"] = paths });
        ContainerImage image = Assert.Single(await _store.ImportAsync(builder.Tar()));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1), image.CreatedAt);
        StoredImage stored = await _store.Store.ResolveAsync("hello:9k2x", Token);
        Assert.Equal(127, stored.LayerFolders.Count);
        string top = Path.Combine(stored.LayerFolders[0], "nix/store/p126");
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
            File.GetUnixFileMode(top));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1).UtcDateTime, Directory.GetLastWriteTimeUtc(top));
        // And away again: read-only folders must not keep their owner from removing them.
        await _store.Store.RemoveAsync("hello:9k2x", new ImageRemoveOptions(), Token);
        Assert.Empty(_store.Layers);
    }

    private static byte[] Package(int i)
    {
        TarBuilder tar = new();
        foreach (string folder in new[] { "nix/", "nix/store/", $"nix/store/p{i}/", $"nix/store/p{i}/bin/" }) tar.Folder(folder, 0x16D, 1);
        return tar.File($"nix/store/p{i}/bin/run", $"{i}", 0x16D, mtime: 1).Build();
    }

    private static JsonObject Manifest(ImageBuilder builder, byte[] config, (byte[] Blob, string Type) layer)
    {
        builder.Blob(config);
        builder.Blob(layer.Blob);
        byte[] manifest = ImageBuilder.Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = ImageBuilder.Descriptor("application/vnd.oci.image.config.v1+json", config),
            ["layers"] = new JsonArray(ImageBuilder.Descriptor(layer.Type, layer.Blob)),
        });
        builder.Blob(manifest);
        return ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", manifest);
    }
}
