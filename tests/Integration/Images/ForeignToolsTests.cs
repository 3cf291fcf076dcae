using System.Text.Json.Nodes;
using ContainerTools.Runtime.Images;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>What the tools of others make of our store, and we of what they write.</summary>
public sealed class ForeignToolsTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Umoci_lists_checks_and_unpacks_our_store()
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("umoci");
        await _fixture.Store.ImportAsync(new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = "box:1.36" }, null, Token);
        Assert.Equal("box:1.36", StoreFixture.Run("umoci", "ls", "--layout", _fixture.Paths.Images).Trim());
        string bundle = Path.Combine(_fixture.Scratch, "bundle");
        StoreFixture.Run("umoci", "unpack", "--image", $"{_fixture.Paths.Images}:box:1.36", bundle);
        string ours = (await _fixture.Store.ResolveAsync("box:1.36", Token)).LayerFolders[0];
        Assert.Equal(Tree.Describe(ours), Tree.Describe(Path.Combine(bundle, "rootfs")));
    }

    [Fact]
    public async Task A_layer_that_umoci_adds_to_a_copy_of_our_store_is_unpacked()
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("umoci");
        await _fixture.Store.ImportAsync(new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = "box:1" }, null, Token);
        string layout = Path.Combine(_fixture.Scratch, "layout");
        StoreFixture.Run("cp", "-a", _fixture.Paths.Images, layout);
        string bundle = Path.Combine(_fixture.Scratch, "bundle");
        StoreFixture.Run("umoci", "unpack", "--image", $"{layout}:box:1", bundle);
        StoreFixture.Run("sh", "-c", "cd \"$0/rootfs\" && rm etc/passwd && rm -r proc && echo new > etc/added && mkdir -p opt/x && ln bin/busybox bin/link", bundle);
        StoreFixture.Run("umoci", "repack", "--image", $"{layout}:box:2", bundle);
        IReadOnlyList<ContainerImage> images = await _fixture.Store.ImportAsync(new ImageImportOptions { Path = layout }, null, Token);
        StoredImage stored = await _fixture.Store.ResolveAsync(images.Single(image => image.Layers.Count == 2).Id, Token);
        string upper = stored.LayerFolders[0];
        Assert.Equal("new\n", File.ReadAllText(Path.Combine(upper, "etc/added")));
        Assert.True(Directory.Exists(Path.Combine(upper, "opt/x")));
        Assert.Equal("character special file", StoreFixture.Run("stat", "-c", "%F", Path.Combine(upper, "etc/passwd")).Trim());
        Assert.Equal("character special file", StoreFixture.Run("stat", "-c", "%F", Path.Combine(upper, "proc")).Trim());
    }

    [Fact]
    public async Task Skopeo_inspects_our_store_and_tells_the_same_digests()
    {
        StoreFixture.RequireTool("skopeo");
        ContainerImage image = Assert.Single(await _fixture.Store.ImportAsync(
            new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = "box", Configuration = new ImageConfiguration { Environment = ["A=b"] } }, null, Token));
        string json = StoreFixture.Run("skopeo", "inspect", $"oci:{_fixture.Paths.Images}:box:latest");
        Assert.Contains(image.Digest, json, StringComparison.Ordinal);
        Assert.Contains("\"A=b\"", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker-archive:{0}:made:1", "made:1")]
    [InlineData("oci-archive:{0}:localhost/made:1", "localhost/made:1")]
    [InlineData("oci:{0}:localhost/made:1", "localhost/made:1")]
    public async Task What_buildah_commits_is_imported(string destination, string name)
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("buildah");
        string root = Path.Combine(_fixture.Scratch, "tree"), file = Path.Combine(_fixture.Scratch, "committed");
        Tree.Make(root, ustar: false);
        // Committed from nothing, as the leanest images are.
        string container = Buildah("from", "scratch").Trim();
        Buildah("add", "-q", container, root, "/");
        Buildah("config", "--cmd", "[\"/app\"]", "--env", "A=b", "--label", "made=buildah", "--user", "7:8", "--workingdir", "/w", container);
        Buildah("commit", "-q", "--disable-compression=false", container, string.Format(System.Globalization.CultureInfo.InvariantCulture, destination, file));
        Buildah("rm", container);
        ContainerImage image = Assert.Single(await _fixture.Store.ImportAsync(new ImageImportOptions { Path = file }, null, Token));
        Assert.Equal(name, image.Reference);
        Assert.Equal(("buildah", "7:8", "/w"), (image.Labels["made"], image.Configuration.User, image.Configuration.WorkingDirectory));
        Assert.Equal(["/app"], image.Configuration.Command);
        Assert.Equal("A=b", Assert.Single(image.Configuration.Environment, variable => variable.StartsWith("A=", StringComparison.Ordinal)));
        string ours = (await _fixture.Store.ResolveAsync(image.Id, Token)).LayerFolders[0];
        Assert.True(Directory.EnumerateFileSystemEntries(ours).Any());

        // A storage of its own, which needs no mounts.
        string Buildah(params string[] arguments) => StoreFixture.Run(
            "buildah", ["--root", Path.Combine(_fixture.Scratch, "storage"), "--runroot", Path.Combine(_fixture.Scratch, "run"), "--storage-driver", "vfs", .. arguments]);
    }

    [Fact]
    public async Task An_archive_that_skopeo_made_from_our_store_is_read()
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("skopeo");
        await _fixture.Store.ImportAsync(new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = "box:1" }, null, Token);
        string folder = Path.Combine(_fixture.Scratch, "docker-dir.tar");
        StoreFixture.Run("skopeo", "copy", "-q", "--format", "v2s2", $"oci:{_fixture.Paths.Images}:box:1", $"docker-archive:{folder}:box:docker");
        using StoreFixture other = new();
        Assert.Equal("box:docker", Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = folder }, null, Token)).Reference);
    }

    [Theory]
    [InlineData("docker-archive", ImageArchiveFormat.DockerArchive)]
    [InlineData("oci-archive", ImageArchiveFormat.DockerArchive)]
    [InlineData("oci-archive", ImageArchiveFormat.OciArchive)]
    [InlineData("oci", ImageArchiveFormat.OciDirectory)]
    public async Task Skopeo_reads_what_we_export(string transport, ImageArchiveFormat format)
    {
        StoreFixture.RequireTool("skopeo");
        ContainerImage image = Assert.Single(await _fixture.Store.ImportAsync(new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = "box:1" }, null, Token));
        string target = Path.Combine(_fixture.Scratch, "exported");
        await _fixture.Store.ExportAsync(["box:1"], new ImageExportOptions { Path = target, Format = format }, null, Token);
        string config = StoreFixture.Run("skopeo", "inspect", "--config", "--raw", $"{transport}:{target}:box:1");
        Assert.Equal(image.Id, ImageDigest.Of(System.Text.Encoding.UTF8.GetBytes(config.TrimEnd('\n'))));
        // The layers, too, read and checked.
        StoreFixture.Run("skopeo", "copy", "-q", $"{transport}:{target}:box:1", $"dir:{_fixture.Scratch}/copy");
    }

    [Theory]
    [InlineData("oci-archive", ImageArchiveFormat.OciArchive)]
    [InlineData("oci", ImageArchiveFormat.OciDirectory)]
    public async Task A_multi_platform_image_goes_through_skopeo_whole(string transport, ImageArchiveFormat format)
    {
        StoreFixture.RequireTool("skopeo");
        ImageBuilder builder = new();
        JsonObject[] images = [.. ((string[])["amd64", "arm64"]).Select(architecture => ImageBuilder.For(
            builder.OciImage([new TarBuilder().File("own", architecture).Build()], architecture: architecture), "linux", architecture))];
        JsonObject index = builder.InnerIndex(images);
        string made = builder.Layout(ImageBuilder.Named(index, "localhost/multi:1")).WriteFolder(Path.Combine(_fixture.Scratch, "made"));
        await _fixture.Store.ImportAsync(new ImageImportOptions { Path = made, AllPlatforms = true }, null, Token);
        string exported = Path.Combine(_fixture.Scratch, "exported"), copied = Path.Combine(_fixture.Scratch, "copied");
        await _fixture.Store.ExportAsync(["localhost/multi:1"], new ImageExportOptions { Path = exported, Format = format, AllPlatforms = true }, null, Token);
        string raw = StoreFixture.Run("skopeo", "inspect", "--raw", $"{transport}:{exported}:localhost/multi:1");
        Assert.Equal((string)index["digest"]!, ImageDigest.Of(System.Text.Encoding.UTF8.GetBytes(raw.TrimEnd('\n'))));
        StoreFixture.Run("skopeo", "copy", "-q", "--all", $"{transport}:{exported}:localhost/multi:1", $"{transport}:{copied}:localhost/multi:1");
        using StoreFixture other = new();
        ContainerImage image = Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = copied, AllPlatforms = true }, null, Token));
        Assert.Equal(["linux/amd64", "linux/arm64"], image.Platforms);
        Assert.Equal((string)index["digest"]!, (string)JsonNode.Parse(File.ReadAllBytes(Path.Combine(other.Paths.Images, "index.json")))!["manifests"]![0]!["digest"]!);
    }

    [Theory]
    [InlineData("pax", "0.0")]
    [InlineData("pax", "0.1")]
    [InlineData("pax", "1.0")]
    [InlineData("gnu", "")]
    [InlineData("ustar", "")]
    public async Task What_gnu_tar_packs_we_unpack_as_it_was(string format, string sparse)
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("setfattr");
        string root = Path.Combine(_fixture.Scratch, "tree");
        Tree.Make(root, ustar: format == "ustar");
        string tar = Path.Combine(_fixture.Scratch, "tree.tar");
        List<string> arguments = ["-C", root, $"--format={format}", "--numeric-owner", "-cf", tar];
        if (format == "pax") arguments.AddRange(["--xattrs", "--xattrs-include=*", "--sparse", $"--sparse-version={sparse}"]);
        if (format == "gnu") arguments.Add("--sparse");
        arguments.Add(".");
        StoreFixture.Run("tar", [.. arguments]);
        await _fixture.Store.ImportAsync(new ImageImportOptions { Path = tar, Reference = "tree" }, null, Token);
        string ours = (await _fixture.Store.ResolveAsync("tree", Token)).LayerFolders[0];
        // Only PAX has attributes and times below the second.
        bool whole = format == "pax";
        Assert.Equal(Tree.Describe(root, whole), Tree.Describe(ours, whole));
    }
}
