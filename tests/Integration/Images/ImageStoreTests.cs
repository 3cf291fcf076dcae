using ContainerTools.Runtime.Images;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

public sealed class ImageStoreTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("plain", "application/vnd.oci.image.layer.v1.tar")]
    [InlineData("gzip", "application/vnd.oci.image.layer.v1.tar+gzip")]
    [InlineData("zstd", "application/vnd.oci.image.layer.v1.tar+zstd")]
    public async Task A_root_file_system_becomes_an_image(string compression, string mediaType)
    {
        string tar = _fixture.BusyboxTar();
        if (compression != "plain")
        {
            StoreFixture.RequireTool(compression);
            StoreFixture.Run(compression, "-q", "-k", tar);
            tar += compression == "gzip" ? ".gz" : ".zst";
        }

        IReadOnlyList<ContainerImage> imported = await _fixture.Store.ImportAsync(
            new ImageImportOptions { Path = tar, Reference = "busybox", Configuration = new ImageConfiguration { Command = ["/bin/sh"], Environment = ["A=b"] } },
            null, Token);

        ContainerImage image = Assert.Single(imported);
        Assert.Equal("busybox:latest", image.Reference);
        Assert.Equal("linux", image.OperatingSystem);
        Assert.Equal(["/bin/sh"], image.Configuration.Command);
        StoredImage stored = await _fixture.NewStore().ResolveAsync("busybox", Token);
        Assert.Equal(image.Id, stored.Image.Id);
        string folder = Assert.Single(stored.LayerFolders);
        Assert.Equal(File.ReadAllBytes("/bin/busybox"), File.ReadAllBytes(Path.Combine(folder, "bin/busybox")));
        Assert.Equal("busybox", new FileInfo(Path.Combine(folder, "bin/sh")).LinkTarget);
        Assert.True(File.GetUnixFileMode(Path.Combine(folder, "tmp")).HasFlag(UnixFileMode.StickyBit));
        Assert.Contains(mediaType, File.ReadAllText(Path.Combine(_fixture.Paths.Images, "blobs/sha256", image.Digest[7..])), StringComparison.Ordinal);
        Assert.Empty(_fixture.Ingests());
    }

    [Theory]
    [InlineData("docker-archive")]
    [InlineData("oci-archive")]
    [InlineData("oci")]
    public async Task Skopeo_reads_our_store_and_we_read_what_it_writes(string transport)
    {
        StoreFixture.RequireTool("skopeo");
        ContainerImage image = Assert.Single(await _fixture.Store.ImportAsync(
            new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = "example.com/team/box:1.2" }, null, Token));
        string target = Path.Combine(_fixture.Scratch, "copy");
        StoreFixture.Run("skopeo", "copy", "-q", $"oci:{_fixture.Paths.Images}:example.com/team/box:1.2", $"{transport}:{target}:example.com/team/box:1.2");

        using StoreFixture other = new();
        ContainerImage copy = Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = target }, null, Token));
        Assert.Equal(image.Layers, copy.Layers);
        Assert.Equal("example.com/team/box:1.2", copy.Reference);
        if (transport != "docker-archive") Assert.Equal(image.Id, copy.Id);
        StoredImage stored = await other.Store.ResolveAsync(copy.Id, Token);
        Assert.Equal(File.ReadAllBytes("/bin/busybox"), File.ReadAllBytes(Path.Combine(stored.LayerFolders[0], "bin/busybox")));
    }

    [Fact]
    public async Task Removing_the_last_name_removes_the_image_and_what_only_it_used()
    {
        string tar = _fixture.BusyboxTar();
        ContainerImage image = Assert.Single(await _fixture.Store.ImportAsync(new ImageImportOptions { Path = tar, Reference = "one" }, null, Token));
        ContainerImage removed = Assert.Single(await _fixture.Store.RemoveAsync("one", new ImageRemoveOptions(), Token));
        Assert.Equal(image.Id, removed.Id);
        Assert.Empty(await _fixture.Store.ListAsync(Token).ToListAsync(Token));
        Assert.Empty(Directory.GetFiles(Path.Combine(_fixture.Paths.Images, "blobs/sha256")));
        Assert.Empty(Directory.GetDirectories(_fixture.Paths.Layers));
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _fixture.Store.GetAsync("one", Token));
        Assert.Equal(ErrorCode.ImageNotFound, error.Code);
    }
}
