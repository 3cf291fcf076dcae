using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

public sealed class ImportTests : IDisposable
{
    private static readonly byte[] Base = new TarBuilder().Folder("etc").File("etc/release", "base").File("both", "base").Build();
    private static readonly byte[] Top = new TarBuilder().File("both", "top").Build();
    private static readonly byte[] Other = new TarBuilder().File("other", "x").Build();

    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_docker_archive_with_several_images_and_names()
    {
        ImageBuilder builder = new();
        byte[] archive = builder.DockerManifest(builder.DockerImage([Base, Top], "one:1", "example.com/one:latest"), builder.DockerImage([Base, Other], "two:2")).Tar();
        IReadOnlyList<ContainerImage> images = await _store.ImportAsync(archive);
        Assert.Equal(["one:1", "example.com/one:latest", "two:2"], images.Select(image => image.Reference));
        Assert.Equal(images[0].Id, images[1].Id);
        Assert.Equal(3, (await _store.ListAsync()).Count);
        // The common layer is there once.
        Assert.Equal(3, _store.Layers.Length);
        StoredImage one = await _store.NewStore().ResolveAsync("one:1", Token);
        Assert.Equal(["top", "base"], one.LayerFolders.Select(folder => File.ReadAllText(Path.Combine(folder, "both"))));
        Assert.Empty(_store.Ingests);
    }

    [Fact]
    public async Task What_the_configuration_says_is_shown()
    {
        ImageBuilder builder = new();
        byte[] archive = builder.DockerManifest(builder.DockerImage([Base], "one:1")).Tar();
        ContainerImage image = Assert.Single(await _store.ImportAsync(archive));
        Assert.Equal(ImageBuilder.Digest(ImageBuilder.Bytes(ImageBuilder.Config([Base]))), image.Id);
        Assert.Equal(new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero).AddTicks(1234568), image.CreatedAt);
        Assert.Equal(("somebody", "amd64", "linux"), (image.Author, image.Architecture, image.OperatingSystem));
        Assert.Equal("b", image.Labels["a"]);
        Assert.Equal(["sh"], image.Configuration.Command);
        Assert.Empty(image.Configuration.EntryPoint);
        Assert.Equal(["80/tcp"], image.Configuration.ExposedPorts);
        Assert.Equal(["/data"], image.Configuration.Volumes);
        Assert.Equal(("one", "1"), (image.Repository, image.Tag));
        Assert.Equal(8, image.Size);
        Assert.Equal([ImageBuilder.Digest(Base)], image.Layers);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task An_oci_layout_in_a_tar_or_a_folder(bool compress, bool docker)
    {
        ImageBuilder builder = new();
        builder.Layout(ImageBuilder.Named(builder.OciImage([Base, Top], compress, docker: docker), "docker.io/library/one:1"));
        ContainerImage image = Assert.Single(await _store.ImportAsync(builder.Tar()));
        Assert.Equal("one:1", image.Reference);

        using TemporaryStore other = new();
        string folder = builder.WriteFolder(Path.Combine(other.Folder, "layout"));
        ContainerImage same = Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = folder }, null, Token));
        Assert.Equal((image.Id, image.Digest), (same.Id, same.Digest));
        Assert.Equal("top", File.ReadAllText(Path.Combine((await other.Store.ResolveAsync("one:1", Token)).LayerFolders[0], "both")));
    }

    [Fact]
    public async Task A_compressed_archive_of_images()
    {
        ImageBuilder builder = new();
        byte[] archive = ImageBuilder.Gzip(builder.DockerManifest(builder.DockerImage([Base], "one:1")).Tar());
        Assert.Equal("one:1", Assert.Single(await _store.ImportAsync(archive)).Reference);
    }

    [Fact]
    public async Task Docker_archives_with_a_layout_inside_take_names_from_both()
    {
        ImageBuilder builder = new();
        JsonObject manifest = builder.OciImage([Base], compress: false);
        builder.Layout(manifest);
        string config = ImageBuilder.Digest(ImageBuilder.Bytes(ImageBuilder.Config([Base])))[7..];
        builder.Files["manifest.json"] = Encoding.UTF8.GetBytes(
            $$"""[{"Config":"blobs/sha256/{{config}}","RepoTags":["one:1"],"Layers":["blobs/sha256/{{ImageBuilder.Digest(Base)[7..]}}"]}]""");
        ContainerImage image = Assert.Single(await _store.ImportAsync(builder.Tar()));
        Assert.Equal("one:1", image.Reference);
        Assert.Equal(manifest["digest"]!.GetValue<string>(), image.Digest);
    }

    [Fact]
    public async Task Layers_that_old_docker_links_instead_of_repeating()
    {
        ImageBuilder builder = new();
        JsonObject image = builder.DockerImage([Base], "one:1");
        string path = image["Layers"]![0]!.GetValue<string>();
        builder.Files.Remove(path);
        builder.DockerManifest(image);
        TarBuilder tar = new TarBuilder().File("real/layer.tar", Base);
        tar.GnuLong('K', "../real/layer.tar"u8.ToArray()).SymbolicLink(path, "../real/layer.tar");
        foreach ((string name, byte[] content) in builder.Files) tar.File("./" + name, content);
        Assert.Equal("one:1", Assert.Single(await _store.ImportAsync(tar.Build())).Reference);
    }

    [Fact]
    public async Task An_archive_from_before_digests()
    {
        TarBuilder tar = new TarBuilder()
            .Folder("aa/").File("aa/VERSION", "1.0").File("aa/json", """{"id":"aa","created":"2014-01-01T00:00:00Z","architecture":"amd64","os":"linux","config":{"Cmd":["old"]}}""").File("aa/layer.tar", Base)
            .Folder("bb/").File("bb/json", """{"id":"bb","parent":"aa","created":"2014-01-02T00:00:00Z","architecture":"amd64","os":"linux","config":{"Cmd":["new"]}}""").File("bb/layer.tar", Top)
            .File("repositories", """{"old/image":{"1":"bb","base":"aa"}}""");
        IReadOnlyList<ContainerImage> images = await _store.ImportAsync(tar.Build());
        Assert.Equal(["old/image:1", "old/image:base"], images.Select(image => image.Reference));
        Assert.Equal(["new"], images[0].Configuration.Command);
        Assert.Equal([ImageBuilder.Digest(Base), ImageBuilder.Digest(Top)], images[0].Layers);
        Assert.Equal(2, (await _store.Store.ResolveAsync("old/image:1", Token)).LayerFolders.Count);
    }

    [Fact]
    public async Task The_platform_is_chosen_from_an_index()
    {
        ImageBuilder builder = new();
        JsonObject amd = ImageBuilder.For(builder.OciImage([Base]), "linux", "amd64");
        JsonObject arm = ImageBuilder.For(builder.OciImage([Top], architecture: "arm64"), "linux", "arm64", "v8");
        JsonObject attestation = ImageBuilder.For(builder.OciImage([Other]), "unknown", "unknown");
        byte[] archive = builder.Layout(ImageBuilder.Named(builder.InnerIndex(attestation, amd, arm), "multi:1")).Tar();
        Assert.Equal("arm64", Assert.Single(await _store.ImportAsync(archive, platform: "linux/arm64")).Architecture);
        Assert.Equal("amd64", Assert.Single(await _store.ImportAsync(archive, platform: "linux/amd64")).Architecture);
        ContainerException error = await _store.RefusedAsync(ErrorCode.ImageUnsupported, archive, platform: "linux/riscv64");
        Assert.Contains("linux/amd64, linux/arm64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_of_one_foreign_platform_is_taken_unless_another_is_asked_for()
    {
        ImageBuilder builder = new();
        byte[] archive = builder.Layout(builder.OciImage([Base], architecture: "s390x")).Tar();
        Assert.Equal("s390x", Assert.Single(await _store.ImportAsync(archive, "z")).Architecture);
        await _store.RefusedAsync(ErrorCode.ImageUnsupported, archive, platform: "linux/amd64");
    }

    [Fact]
    public async Task A_docker_archive_has_one_platform_and_is_refused_for_another()
    {
        ImageBuilder builder = new();
        byte[] archive = builder.DockerManifest(builder.DockerImage([Base], "one:1")).Tar();
        await _store.RefusedAsync(ErrorCode.ImageUnsupported, archive, platform: "linux/arm64");
        Assert.Single(await _store.ImportAsync(archive, platform: "linux/amd64"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_archive_from_a_pipe(bool docker)
    {
        ImageBuilder builder = new();
        byte[] archive = docker ? builder.DockerManifest(builder.DockerImage([Base], "one:1")).Tar() : ImageBuilder.Gzip(Base);
        using (SafeFileHandle folder = Libc.Open(_store.Folder, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC))
        {
            Assert.Equal(0, Libc.MakeNodeAt(folder, "pipe"u8, Libc.S_IFIFO | 0x180, 0));
        }

        string path = Path.Combine(_store.Folder, "pipe");
        Task<IReadOnlyList<ContainerImage>> import = _store.Store.ImportAsync(new ImageImportOptions { Path = path, Reference = "piped" }, null, Token);
        await File.WriteAllBytesAsync(path, archive, Token);
        Assert.Equal("piped:latest", Assert.Single(await import).Reference);
        Assert.Empty(_store.Ingests);
    }

    [Fact]
    public async Task Platforms_that_the_archive_lists_but_lacks_are_passed_over()
    {
        ImageBuilder builder = new();
        JsonObject missing = ImageBuilder.For(ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", [1, 2, 3]), "linux", "arm64");
        JsonObject there = ImageBuilder.For(builder.OciImage([Base]), "linux", "amd64");
        byte[] archive = builder.Layout(ImageBuilder.Named(builder.InnerIndex(missing, there), "multi:1")).Tar();
        Assert.Equal("amd64", Assert.Single(await _store.ImportAsync(archive, platform: "linux/amd64")).Architecture);
    }

    [Theory]
    [InlineData("org.opencontainers.image.ref.name", "example.com/a:1", "example.com/a:1")]
    [InlineData("org.opencontainers.image.ref.name", "a:1", "a:1")]
    [InlineData("org.opencontainers.image.ref.name", "latest", null)]
    [InlineData("org.opencontainers.image.ref.name", "v1.2", null)]
    [InlineData("io.containerd.image.name", "docker.io/library/a:1", "a:1")]
    public async Task Names_of_a_layout(string annotation, string value, string? reference)
    {
        ImageBuilder builder = new();
        byte[] archive = builder.Layout(ImageBuilder.Named(builder.OciImage([Base]), value, annotation)).Tar();
        Assert.Equal(reference, Assert.Single(await _store.ImportAsync(archive)).Reference);
    }

    [Fact]
    public async Task A_name_given_replaces_those_of_the_archive()
    {
        ImageBuilder builder = new();
        byte[] archive = builder.DockerManifest(builder.DockerImage([Base], "one:1", "one:2")).Tar();
        Assert.Equal("mine:latest", Assert.Single(await _store.ImportAsync(archive, "mine")).Reference);
        Assert.Equal(["mine:latest"], (await _store.ListAsync()).Select(image => image.Reference));
        builder.DockerManifest(builder.DockerImage([Base], "one:1"), builder.DockerImage([Top], "two:1"));
        await _store.RefusedAsync(ErrorCode.InvalidArgument, builder.Tar(), "mine");
        await _store.RefusedAsync(ErrorCode.InvalidArgument, archive, "Mine");
        await _store.RefusedAsync(ErrorCode.InvalidArgument, archive, "mine@sha256:" + new string('a', 64));
    }

    [Fact]
    public async Task A_name_moves_to_the_new_image_and_the_old_one_stays_without()
    {
        ContainerImage first = Assert.Single(await _store.ImportAsync(Base, "box"));
        ContainerImage second = Assert.Single(await _store.ImportAsync(Top, "box"));
        List<ContainerImage> images = await _store.ListAsync();
        Assert.Equal(2, images.Count);
        Assert.Null(images.Single(image => image.Id == first.Id).Reference);
        Assert.Equal("box:latest", images.Single(image => image.Id == second.Id).Reference);
        // And a name makes the nameless line go.
        ImageBuilder builder = new();
        byte[] archive = builder.DockerManifest(builder.DockerImage([Other])).Tar();
        await _store.ImportAsync(archive);
        await _store.ImportAsync(archive, "named");
        Assert.Equal(3, (await _store.ListAsync()).Count);
    }

    [Fact]
    public async Task The_same_layer_twice_in_one_image()
    {
        ImageBuilder builder = new();
        byte[] empty = new byte[1024];
        byte[] archive = builder.Layout(builder.OciImage([Base, empty, empty, Top])).Tar();
        ContainerImage image = Assert.Single(await _store.ImportAsync(archive));
        Assert.Equal(4, (await _store.Store.ResolveAsync(image.Id, Token)).LayerFolders.Count);
    }

    [Fact]
    public async Task A_root_file_system_with_a_file_called_manifest_json_is_one()
    {
        byte[] tar = new TarBuilder().File("manifest.json", """{"name": "an app"}""").File("repositories", "none").Folder("bin").Build();
        ContainerImage image = Assert.Single(await _store.ImportAsync(tar, "app"));
        Assert.Equal([ImageBuilder.Digest(tar)], image.Layers);
    }

    [Fact]
    public async Task A_root_file_system_keeps_its_compression_and_gets_what_was_asked_for()
    {
        byte[] gzip = ImageBuilder.Gzip(Base);
        ImageImportOptions options = new()
        {
            Path = _store.Write("rootfs.tgz", gzip),
            Reference = "box",
            Message = "from a test",
            Platform = "linux/arm64/v8",
            Configuration = new ImageConfiguration { EntryPoint = ["/init"], User = "1000", WorkingDirectory = "/w", ExposedPorts = ["1/udp"], Volumes = ["/v"], StopSignal = "SIGINT" },
        };
        await _store.Store.ImportAsync(options, null, Token);
        ContainerImage image = Assert.Single(await _store.ListAsync());
        Assert.Equal(["/init"], image.Configuration.EntryPoint);
        Assert.Equal(("1000", "/w", "SIGINT"), (image.Configuration.User, image.Configuration.WorkingDirectory, image.Configuration.StopSignal));
        Assert.Equal(["1/udp"], image.Configuration.ExposedPorts);
        Assert.Equal(["/v"], image.Configuration.Volumes);
        Assert.Equal(("arm64", "v8"), (image.Architecture, image.Variant));
        Assert.Equal([ImageBuilder.Digest(Base)], image.Layers);
        Assert.Contains(_store.Blobs, blob => File.ReadAllBytes(blob).AsSpan().SequenceEqual(gzip));
        Assert.Contains("from a test", File.ReadAllText(Path.Combine(_store.BlobFolder, image.Id[7..])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_goes_up_to_the_whole()
    {
        List<EngineProgress> steps = [];
        string path = _store.Write("big.tar", new TarBuilder().File("big", new byte[20_000_000]).Build());
        await _store.Store.ImportAsync(new ImageImportOptions { Path = path }, new Collector(steps), Token);
        lock (steps)
        {
            Assert.Equal(steps[^1].Total, steps[^1].Completed);
            Assert.Equal(new FileInfo(path).Length, steps[^1].Total);
            Assert.True(steps.Count > 3);
            Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.True(pair.First.Completed <= pair.Second.Completed));
        }
    }

    [Fact]
    public async Task Cancellation_leaves_nothing()
    {
        using CancellationTokenSource cancel = new();
        string path = _store.Write("big.tar", new TarBuilder().File("big", new byte[50_000_000]).Build());
        Collector stop = new([], cancel.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _store.Store.ImportAsync(new ImageImportOptions { Path = path, Reference = "big" }, stop, cancel.Token));
        Assert.Empty(await _store.ListAsync());
        Assert.Empty(_store.Layers);
        Assert.Empty(_store.Ingests);
        Assert.Empty(_store.Blobs);
    }

    private sealed class Collector(List<EngineProgress> steps, Action? then = null) : IProgress<EngineProgress>
    {
        public void Report(EngineProgress value)
        {
            lock (steps) steps.Add(value);
            if (value.Completed > 0) then?.Invoke();
        }
    }
}
