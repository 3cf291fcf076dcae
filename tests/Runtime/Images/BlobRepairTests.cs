using System.Text;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Tests.Registries;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>Who brings an image again brings good blobs in place of damaged ones.</summary>
public sealed class BlobRepairTests : IDisposable
{
    private readonly PullFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TemporaryStore Store => _fixture.Local;

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("layer", Damage.Changed, true)]
    [InlineData("layer", Damage.Short, true)]
    [InlineData("layer", Damage.Short, false)]
    [InlineData("layer", Damage.Empty, false)]
    [InlineData("config", Damage.Changed, false)]
    [InlineData("config", Damage.Empty, false)]
    [InlineData("manifest", Damage.Changed, false)]
    [InlineData("manifest", Damage.Short, true)]
    public async Task An_image_that_is_imported_again_is_whole(string what, Damage damage, bool unpackedIsGone)
    {
        ImageBuilder builder = new();
        byte[] archive = builder.Layout(builder.OciImage([Tar()])).Tar();
        ContainerImage image = Assert.Single(await Store.ImportAsync(archive, "box"));
        Spoil(image, what, damage, unpackedIsGone);
        Assert.NotEmpty(await TestAsync());
        Assert.Single(await Store.ImportAsync(archive, "box"));
        Assert.Empty(await TestAsync());
        Assert.Equal("hello", File.ReadAllText(Path.Combine((await Store.NewStore().ResolveAsync("box", Token)).LayerFolders[0], "file")));
    }

    [Theory]
    [InlineData("layer", Damage.Changed, true)]
    [InlineData("layer", Damage.Short, true)]
    [InlineData("layer", Damage.Short, false)]
    [InlineData("layer", Damage.Empty, true)]
    [InlineData("config", Damage.Changed, false)]
    [InlineData("manifest", Damage.Empty, false)]
    public async Task An_image_that_is_received_again_is_whole(string what, Damage damage, bool unpackedIsGone)
    {
        _fixture.Add("app:1", Tar());
        ContainerImage image = await _fixture.PullAsync("app:1");
        Spoil(image, what, damage, unpackedIsGone);
        Assert.NotEmpty(await TestAsync());
        await _fixture.PullAsync("app:1");
        Assert.Empty(await TestAsync());
        Assert.Equal("hello", File.ReadAllText(Path.Combine((await Store.NewStore().ResolveAsync(image.Reference!, Token)).LayerFolders[0], "file")));
    }

    [Fact]
    public async Task Where_both_copies_are_damaged_the_source_is_to_blame()
    {
        string digest = _fixture.Add("app:1", Tar());
        ContainerImage image = await _fixture.PullAsync("app:1");
        Spoil(image, "layer", Damage.Changed, unpackedIsGone: true);
        string layer = _fixture.Registry.Blobs.Keys.Single(key => key != image.Id && key != digest);
        _fixture.Registry.Blobs[layer] = [.. _fixture.Registry.Blobs[layer].AsSpan()[..^1], 7];
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => _fixture.PullAsync("app:1"));
        Assert.Equal(ErrorCode.DigestMismatch, error.Code);
    }

    [Fact]
    public async Task A_container_is_not_made_from_a_damaged_blob_and_the_error_says_what_helps()
    {
        ImageBuilder builder = new();
        ContainerImage image = Assert.Single(await Store.ImportAsync(builder.Layout(builder.OciImage([Tar()])).Tar(), "box"));
        Spoil(image, "layer", Damage.Changed, unpackedIsGone: true);
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => Store.NewStore().ResolveAsync("box", Token));
        Assert.Equal(ErrorCode.ImageCorrupt, error.Code);
        Assert.Contains("receive or import it again", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_imports_of_one_layer_under_different_ones_leave_a_good_blob_alone()
    {
        ImageBuilder one = new(), other = new();
        string blob = LayerOf(Assert.Single(await Store.ImportAsync(one.Layout(one.OciImage([Tar()])).Tar(), "one")));
        DateTime written = File.GetLastWriteTimeUtc(blob);
        File.SetLastWriteTimeUtc(blob, written = written.AddDays(-1));
        Assert.Single(await Store.ImportAsync(other.Layout(other.OciImage([new TarBuilder().File("below", [1]).Build(), Tar()])).Tar(), "other"));
        Assert.Equal(written, File.GetLastWriteTimeUtc(blob));
    }

    public enum Damage
    {
        Changed,
        Short,
        Empty,
    }

    private static byte[] Tar() => new TarBuilder().File("file", Encoding.UTF8.GetBytes("hello")).Build();

    private Task<IReadOnlyList<ContainerStorageProblem>> TestAsync() => Store.NewStore().TestAsync(false, null, Token);

    private string BlobOf(string digest) => Path.Combine(Store.BlobFolder, ImageDigest.Hex(digest));

    private string LayerOf(ContainerImage image) => Store.Blobs.Single(path => path != BlobOf(image.Id) && path != BlobOf(image.Digest));

    private void Spoil(ContainerImage image, string what, Damage damage, bool unpackedIsGone)
    {
        string blob = what switch { "config" => BlobOf(image.Id), "manifest" => BlobOf(image.Digest), _ => LayerOf(image) };
        byte[] content = File.ReadAllBytes(blob);
        content[^1] ^= 1;
        File.WriteAllBytes(blob, damage switch { Damage.Changed => content, Damage.Short => content[..^1], _ => [] });
        if (unpackedIsGone) Directory.Delete(Assert.Single(Store.Layers), recursive: true);
    }
}
