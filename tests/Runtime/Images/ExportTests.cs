using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

public sealed class ExportTests : IDisposable
{
    private static readonly byte[] Base = new TarBuilder().Folder("etc").File("etc/release", "base").Build();
    private static readonly byte[] Top = new TarBuilder().File("both", "top").Build();

    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_store.Folder, "out");

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(ImageArchiveFormat.DockerArchive, ArchiveCompression.None)]
    [InlineData(ImageArchiveFormat.DockerArchive, ArchiveCompression.Gzip)]
    [InlineData(ImageArchiveFormat.OciArchive, ArchiveCompression.None)]
    [InlineData(ImageArchiveFormat.OciArchive, ArchiveCompression.Zstd)]
    [InlineData(ImageArchiveFormat.OciDirectory, ArchiveCompression.None)]
    public async Task Several_images_come_back_as_they_were(ImageArchiveFormat format, ArchiveCompression compression)
    {
        await ImportTwoAsync();
        IReadOnlyList<ContainerImage> written = await ExportAsync(["one:1", "two:2", "one:other"], format, compression);
        Assert.Equal(["one:1", "two:2", "one:other"], written.Select(image => image.Reference));
        using TemporaryStore other = new();
        IReadOnlyList<ContainerImage> read = await other.Store.ImportAsync(new ImageImportOptions { Path = Target }, null, Token);
        Assert.Equal(written.OrderBy(image => image.Reference).Select(image => (image.Reference, image.Id, image.Digest)),
            read.OrderBy(image => image.Reference).Select(image => (image.Reference, image.Id, image.Digest)));
    }

    [Fact]
    public async Task The_same_images_make_the_same_bytes()
    {
        await ImportTwoAsync();
        await ExportAsync(["one:1", "two:2"]);
        byte[] first = File.ReadAllBytes(Target);
        File.SetLastWriteTimeUtc(Directory.GetFiles(_store.BlobFolder)[0], DateTime.UnixEpoch);
        await ExportAsync(["one:1", "two:2"], force: true);
        Assert.Equal(first, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task By_its_id_an_image_is_written_without_a_name()
    {
        await ImportTwoAsync();
        ContainerImage image = await _store.Store.GetAsync("two:2", Token);
        await ExportAsync([image.ShortId]);
        using TemporaryStore other = new();
        Assert.Null(Assert.Single(await other.Store.ImportAsync(new ImageImportOptions { Path = Target }, null, Token)).Reference);
    }

    [Fact]
    public async Task A_file_that_is_there_is_replaced_only_by_force()
    {
        await ImportTwoAsync();
        File.WriteAllText(Target, "mine");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => ExportAsync(["one:1"]));
        Assert.Equal(ErrorCode.FileExists, error.Code);
        Assert.Equal("mine", File.ReadAllText(Target));
        await ExportAsync(["one:1"], force: true);
        Assert.True(new FileInfo(Target).Length > 512);
        Assert.Empty(Directory.GetFiles(_store.Folder, "*.tmp"));
    }

    [Fact]
    public async Task Images_are_added_to_a_folder_that_is_a_layout_and_to_no_other()
    {
        await ImportTwoAsync();
        await ExportAsync(["one:1"], ImageArchiveFormat.OciDirectory);
        await ExportAsync(["two:2"], ImageArchiveFormat.OciDirectory);
        await ExportAsync(["two:2"], ImageArchiveFormat.OciDirectory);
        using TemporaryStore other = new();
        Assert.Equal(["one:1", "two:2"], (await other.Store.ImportAsync(new ImageImportOptions { Path = Target }, null, Token)).Select(image => image.Reference).Order());
        string mine = Directory.CreateDirectory(Path.Combine(_store.Folder, "mine")).FullName;
        File.WriteAllText(Path.Combine(mine, "letter"), "x");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.Store.ExportAsync(
            ["one:1"], new ImageExportOptions { Path = mine, Format = ImageArchiveFormat.OciDirectory }, null, Token));
        Assert.Equal(ErrorCode.FileExists, error.Code);
        Assert.Equal(["letter"], Directory.GetFileSystemEntries(mine).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_damaged_blob_is_found_and_no_file_appears()
    {
        await ImportTwoAsync();
        ContainerImage image = await _store.Store.GetAsync("one:1", Token);
        string blob = Path.Combine(_store.BlobFolder, image.Layers[0][7..]);
        byte[] content = File.ReadAllBytes(blob);
        content[600] ^= 1;
        File.WriteAllBytes(blob, content);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => ExportAsync(["one:1"]));
        Assert.Equal(ErrorCode.ImageCorrupt, error.Code);
        Assert.Contains(image.Layers[0], error.Message, StringComparison.Ordinal);
        File.Delete(blob);
        Assert.Equal(ErrorCode.ImageCorrupt, (await Assert.ThrowsAsync<ContainerException>(() => ExportAsync(["one:1"]))).Code);
        Assert.False(File.Exists(Target));
        Assert.Empty(Directory.GetFiles(_store.Folder, "*.tmp"));
    }

    [Theory]
    [InlineData("/dev/full", ErrorCode.StorageFull)]
    [InlineData("/nonexistent/folder/file", ErrorCode.FileNotFound)]
    [InlineData("/tmp", ErrorCode.InvalidArgument)]
    public async Task What_cannot_be_written_is_said(string path, ErrorCode code)
    {
        await ImportTwoAsync();
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(
            () => _store.Store.ExportAsync(["one:1"], new ImageExportOptions { Path = path, Force = true }, null, Token));
        Assert.True(error.Code == code, $"{error.Code}: {error.Message}");
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_an_error()
        => Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAsync<ContainerException>(() => ExportAsync(["nosuch"]))).Code);

    private async Task ImportTwoAsync()
    {
        ImageBuilder builder = new();
        await _store.ImportAsync(builder.DockerManifest(builder.DockerImage([Base, Top], "one:1", "one:other"), builder.DockerImage([Base], "two:2")).Tar());
    }

    private Task<IReadOnlyList<ContainerImage>> ExportAsync(
        string[] images, ImageArchiveFormat format = ImageArchiveFormat.DockerArchive, ArchiveCompression compression = ArchiveCompression.None, bool force = false)
        => _store.Store.ExportAsync(images, new ImageExportOptions { Path = Target, Format = format, Compression = compression, Force = force }, null, Token);
}
