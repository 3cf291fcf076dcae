using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Images;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>An image gets at the layers that its own blobs are, and at no others that the store has.</summary>
public sealed class LayerProofTests : IDisposable
{
    private static readonly byte[] s_private = Tar("private");
    private static readonly byte[] s_public = Tar("public");

    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_blob_of_one_image_under_the_diff_id_of_another_is_refused()
    {
        await _store.ImportAsync(Archive(s_private), "private");
        await _store.ImportAsync(Archive(s_public), "public");
        Assert.Equal(ErrorCode.DigestMismatch, (await _store.RefusedAsync(ErrorCode.DigestMismatch, Lie().Tar())).Code);
        // Also for a store that has read nothing yet, and for an archive that leaves out what the store has.
        ImageBuilder bare = Lie();
        bare.Files.Remove($"blobs/sha256/{ImageBuilder.Digest(ImageBuilder.Gzip(s_public))[7..]}");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.NewStore().ImportAsync(
            new ImageImportOptions { Path = _store.Write("lie", bare.Tar()) }, null, Token));
        Assert.Equal(ErrorCode.DigestMismatch, error.Code);
    }

    [Fact]
    public async Task Also_where_they_come_in_the_same_archive()
    {
        ImageBuilder builder = new();
        JsonObject one = builder.OciImage([s_private]), two = builder.OciImage([s_public]);
        builder.Layout(one, two, Liar(builder));
        await _store.RefusedAsync(ErrorCode.DigestMismatch, builder.Tar());
    }

    [Fact]
    public async Task The_same_layer_in_another_form_is_proven_once()
    {
        await _store.ImportAsync(Archive(s_private), "gzip");
        ImageBuilder plain = new();
        await _store.ImportAsync(plain.Layout(plain.OciImage([s_private], compress: false)).Tar(), "plain");
        JsonNode record = JsonNode.Parse(File.ReadAllText(Path.Combine(Assert.Single(_store.Layers), "layer.json")))!;
        Assert.Equal(
            new[] { ImageBuilder.Digest(ImageBuilder.Gzip(s_private)), ImageBuilder.Digest(s_private) }.Order(),
            record["blobs"]!.AsArray().Select(blob => (string)blob!).Order());
        Assert.Empty(await _store.NewStore().TestAsync(false, null, Token));
    }

    [Fact]
    public async Task What_another_tool_has_listed_is_checked_by_a_test_of_the_store()
    {
        await _store.ImportAsync(Archive(s_private), "private");
        await _store.ImportAsync(Archive(s_public), "public");
        ImageBuilder lie = new();
        JsonObject line = ImageBuilder.Named(Liar(lie), "docker.io/library/lie:latest");
        foreach ((string name, byte[] content) in lie.Files) File.WriteAllBytes(Path.Combine(_store.Paths.Images, name), content);
        string index = Path.Combine(_store.Paths.Images, "index.json");
        JsonNode document = JsonNode.Parse(await File.ReadAllTextAsync(index, Token))!;
        document["manifests"]!.AsArray().Add((JsonNode)line);
        await File.WriteAllTextAsync(index, document.ToJsonString(), Token);
        ContainerStorageProblem problem = Assert.Single(await _store.NewStore().TestAsync(false, null, Token));
        Assert.Equal(("lie:latest", false), (problem.Subject, problem.Repairable));
        Assert.Contains(ImageBuilder.Digest(s_private), problem.Problem, StringComparison.Ordinal);
        // And nothing is made from it.
        Assert.Equal(ErrorCode.ImageCorrupt, (await Assert.ThrowsAnyAsync<ContainerException>(() => _store.NewStore().ResolveAsync("lie", Token))).Code);
        Assert.NotNull(await _store.NewStore().ResolveAsync("private", Token));
    }

    [Fact]
    public async Task What_another_tool_has_listed_truly_is_proven_at_the_first_use_and_remembered()
    {
        await _store.ImportAsync(Archive(s_private), "private");
        ImageBuilder other = new();
        JsonObject line = ImageBuilder.Named(other.OciImage([s_private], compress: false), "docker.io/library/other:latest");
        foreach ((string name, byte[] content) in other.Files)
        {
            if (name.StartsWith("blobs/", StringComparison.Ordinal)) File.WriteAllBytes(Path.Combine(_store.Paths.Images, name), content);
        }

        string record = Path.Combine(Assert.Single(_store.Layers), "layer.json");
        JsonNode known = JsonNode.Parse(await File.ReadAllTextAsync(record, Token))!;
        // As a layer's record was before blobs were remembered.
        known.AsObject().Remove("blobs");
        await File.WriteAllTextAsync(record, known.ToJsonString(), Token);
        string index = Path.Combine(_store.Paths.Images, "index.json");
        JsonNode document = JsonNode.Parse(await File.ReadAllTextAsync(index, Token))!;
        document["manifests"]!.AsArray().Add((JsonNode)line);
        await File.WriteAllTextAsync(index, document.ToJsonString(), Token);
        Assert.NotNull(await _store.NewStore().ResolveAsync("other", Token));
        Assert.NotNull(await _store.NewStore().ResolveAsync("private", Token));
        Assert.Contains(ImageBuilder.Digest(ImageBuilder.Gzip(s_private)), await File.ReadAllTextAsync(record, Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    public async Task A_layer_with_a_damaged_record_is_told_and_unpacked_again(string damage)
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Archive(s_private), "box"));
        await _store.ImportAsync(Archive(s_public), "well");
        string folder = Path.Combine(_store.Paths.Layers, ImageBuilder.Digest(s_private)[7..]);
        await DamageAsync();
        Assert.Equal(2, (await _store.ListAsync()).Count);
        ContainerStorageProblem told = Assert.Single(await _store.Store.TestAsync(false, null, Token));
        Assert.Contains("damaged", told.Problem, StringComparison.Ordinal);
        Assert.True(Assert.Single(await _store.Store.TestAsync(true, null, Token)).Repaired);
        Assert.Empty(await _store.NewStore().TestAsync(false, null, Token));
        await DamageAsync();
        StoredImage stored = await _store.NewStore().ResolveAsync(image.Id, Token);
        Assert.Equal("private", File.ReadAllText(Path.Combine(Assert.Single(stored.LayerFolders), "file")));
        await DamageAsync();
        await _store.NewStore().RemoveAsync("box", new ImageRemoveOptions(), Token);
        Assert.False(Directory.Exists(folder));

        Task DamageAsync() => File.WriteAllTextAsync(Path.Combine(folder, "layer.json"), damage, Token);
    }

    private static ImageBuilder Lie()
    {
        ImageBuilder builder = new();
        return builder.Layout(Liar(builder));
    }

    /// <summary>The blob of the public layer, with the configuration of the private one.</summary>
    private static JsonObject Liar(ImageBuilder builder)
        => builder.OciImage([s_public], config: ImageBuilder.Bytes(ImageBuilder.Config([s_private])));

    private static byte[] Archive(byte[] layer)
    {
        ImageBuilder builder = new();
        return builder.Layout(builder.OciImage([layer])).Tar();
    }

    private static byte[] Tar(string content) => new TarBuilder().File("file", Encoding.UTF8.GetBytes(content)).Build();
}
