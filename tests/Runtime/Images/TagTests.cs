using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

public sealed class TagTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_name_is_added_and_taken_away_and_the_image_stays()
    {
        ContainerImage image = Assert.Single(await _store.ImportAsync(Tar("a"), "one:1"));
        ContainerImage named = await _store.Store.AddTagAsync(image.ShortId, "example.com/two", Token);
        Assert.Equal(("example.com/two:latest", image.Id, image.Digest), (named.Reference, named.Id, named.Digest));
        Assert.Equal(["one:1", "example.com/two:latest"], (await _store.ListAsync()).Select(each => each.Reference));
        Assert.Null((await _store.Store.RemoveTagAsync("one:1", Token)).Reference);
        Assert.Equal("example.com/two:latest", Assert.Single(await _store.ListAsync()).Reference);
        await _store.Store.RemoveTagAsync("example.com/two", Token);
        ContainerImage left = Assert.Single(await _store.ListAsync());
        Assert.Equal((null, image.Id), (left.Reference, left.Id));
        // And it gets a name again.
        await _store.Store.AddTagAsync(image.Id, "again", Token);
        Assert.Equal("again:latest", Assert.Single(await _store.ListAsync()).Reference);
    }

    [Fact]
    public async Task A_name_moves_from_one_image_to_another()
    {
        ContainerImage first = Assert.Single(await _store.ImportAsync(Tar("a"), "one"));
        ContainerImage second = Assert.Single(await _store.ImportAsync(Tar("b"), "two"));
        await _store.Store.AddTagAsync("two", "one", Token);
        Assert.Equal(second.Id, (await _store.Store.GetAsync("one", Token)).Id);
        // The first has lost its last name, and stays.
        Assert.Equal([first.Id, second.Id], (await _store.ListAsync()).Select(image => image.Id).Distinct().OrderBy(id => id == second.Id));
        Assert.Null((await _store.Store.GetAsync(first.Id, Token)).Reference);
    }

    [Fact]
    public async Task Naming_twice_changes_nothing()
    {
        await _store.ImportAsync(Tar("a"), "one");
        await _store.Store.AddTagAsync("one", "one:latest", Token);
        Assert.Single(await _store.ListAsync());
    }

    [Theory]
    [InlineData("one", "Upper/Case", ErrorCode.InvalidArgument)]
    [InlineData("one", "a@sha256:0123456789012345678901234567890123456789012345678901234567890123", ErrorCode.InvalidArgument)]
    [InlineData("nosuch", "b", ErrorCode.ImageNotFound)]
    public async Task What_cannot_be_is_refused(string image, string name, ErrorCode code)
    {
        await _store.ImportAsync(Tar("a"), "one");
        Assert.Equal(code, (await Assert.ThrowsAsync<ContainerException>(() => _store.Store.AddTagAsync(image, name, Token))).Code);
        Assert.Single(await _store.ListAsync());
    }

    [Fact]
    public async Task In_an_empty_store_there_is_nothing_to_name()
    {
        Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAsync<ContainerException>(() => _store.Store.AddTagAsync("a", "b", Token))).Code);
        Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAsync<ContainerException>(() => _store.Store.RemoveTagAsync("a", Token))).Code);
        Assert.False(Directory.Exists(_store.Paths.Images));
    }

    [Fact]
    public async Task The_history_tells_steps_and_layers_the_last_first()
    {
        byte[] lower = Tar("a");
        byte[] upper = Tar("bcd");
        ImageBuilder builder = new();
        System.Text.Json.Nodes.JsonObject config = ImageBuilder.Config([lower, upper, Tar("x")]);
        config["history"] = new System.Text.Json.Nodes.JsonArray(
            new System.Text.Json.Nodes.JsonObject { ["created_by"] = "ADD base", ["created"] = "2024-01-02T03:04:05Z" },
            new System.Text.Json.Nodes.JsonObject { ["created_by"] = "ENV a=b", ["empty_layer"] = true, ["comment"] = "no files" },
            new System.Text.Json.Nodes.JsonObject { ["created_by"] = "RUN make", ["author"] = "me" });
        byte[] bytes = ImageBuilder.Bytes(config);
        builder.Files["config.json"] = bytes;
        builder.Files["l1"] = lower;
        builder.Files["l2"] = upper;
        builder.Files["l3"] = Tar("x");
        builder.DockerManifest(new System.Text.Json.Nodes.JsonObject
        {
            ["Config"] = "config.json",
            ["RepoTags"] = new System.Text.Json.Nodes.JsonArray("made:1"),
            ["Layers"] = new System.Text.Json.Nodes.JsonArray("l1", "l2", "l3"),
        });
        await _store.ImportAsync(builder.Tar());
        IReadOnlyList<ContainerImageHistory> history = await _store.Store.GetHistoryAsync("made:1", Token);
        Assert.Equal([4, 3, 2, 1], history.Select(step => step.Index));
        Assert.Equal([null, "RUN make", "ENV a=b", "ADD base"], history.Select(step => step.CreatedBy));
        Assert.Equal([1, 3, 0, 1], history.Select(step => step.Size ?? -1));
        Assert.Equal([ImageBuilder.Digest(Tar("x")), ImageBuilder.Digest(upper), null, ImageBuilder.Digest(lower)], history.Select(step => step.Layer));
        Assert.Equal(new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero), history[3].CreatedAt);
        Assert.Equal(("me", "no files", "made:1"), (history[1].Author, history[2].Comment, history[0].Image));
    }

    private static byte[] Tar(string content) => new TarBuilder().File("file", content).Build();
}
