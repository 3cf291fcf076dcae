using System.Collections.Concurrent;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Oci;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>Uploads to registries that send them elsewhere, cut them and miscount.</summary>
public sealed class PushTests : IDisposable
{
    private readonly PullFixture _fixture = new();
    private readonly FakeRegistry _elsewhere = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private FakeRegistry Registry => _fixture.Registry;

    public void Dispose()
    {
        _elsewhere.Dispose();
        _fixture.Dispose();
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100_000)]
    public async Task An_upload_goes_on_at_another_host_which_does_not_see_what_proves_who_we_are(int chunk)
    {
        Registry.Instead = request => request.Authorization is null ? FakeAnswer.Unauthorized("Basic realm=\"x\"")
            : request.Method == "POST" ? Accepted($"http://{_elsewhere.Host}/there")
            : null;
        _elsewhere.Instead = request => request.Method == "PUT" ? new FakeAnswer { Status = 201 } : Accepted("/there");
        await UploadAsync(300_000, chunk);
        Assert.NotEmpty(_elsewhere.Log);
        Assert.Equal(300_000, _elsewhere.Log.Sum(request => request.Body.Length));
        Assert.All(_elsewhere.Log, request => Assert.Null(request.Authorization));
    }

    [Fact]
    public async Task Another_host_cannot_ask_for_what_proves_who_we_are()
    {
        Registry.Instead = request => request.Authorization is null ? FakeAnswer.Unauthorized("Basic realm=\"x\"")
            : request.Method == "POST" ? Accepted($"http://{_elsewhere.Host}/there")
            : null;
        _elsewhere.Instead = request => request.Path == "/token"
            ? new FakeAnswer { Body = """{"token":"abc"}"""u8.ToArray() }
            : FakeAnswer.Unauthorized($"Bearer realm=\"http://{_elsewhere.Host}/token\"");
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => UploadAsync(1000));
        Assert.Equal(ErrorCode.RegistryUnauthorized, error.Code);
        Assert.Equal(["PUT"], _elsewhere.Log.Select(request => request.Method));
        Assert.All(_elsewhere.Log, request => Assert.Null(request.Authorization));
    }

    [Fact]
    public async Task An_upload_that_is_cut_begins_again()
    {
        int uploads = 0;
        Registry.Instead = request => request.Method switch
        {
            "POST" => Accepted($"/upload/{++uploads}"),
            "PUT" when request.Path is "/upload/1" or "/upload/2" => throw new IOException("cut"),
            "PUT" => new FakeAnswer { Status = 201 },
            _ => null,
        };
        await UploadAsync(300_000);
        Assert.Equal("/upload/3", Registry.Log.Last().Path);
        Assert.Equal(300_000, Registry.Log.Last().Body.Length);
    }

    [Fact]
    public async Task An_upload_that_is_always_cut_is_given_up()
    {
        Registry.Instead = request => request.Method == "POST" ? Accepted("/upload") : request.Method == "PUT" ? throw new IOException("cut") : null;
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => UploadAsync(300_000));
        Assert.Equal(ErrorCode.RegistryUnreachable, error.Code);
        Assert.Equal(3, Registry.Count("POST "));
    }

    [Fact]
    public async Task A_large_upload_goes_in_chunks_and_on_from_where_the_registry_got_it()
    {
        int patches = 0;
        Registry.Instead = request =>
        {
            if (request.Method != "PATCH" || ++patches is not (2 or 3)) return null;
            // Cut in the middle of the second chunk, of which the registry has got a half; then it wants another range than it gets.
            if (patches == 3) return new FakeAnswer { Status = 416, Headers = ["Location: /v2/uploads/1", "Range: 0-149999"] };
            Registry.SetUpload("1", [.. Content(350_000)[..100_000], .. request.Body[..50_000]]);
            throw new IOException("cut");
        };
        await UploadAsync(350_000, 100_000);
        Assert.Equal(Content(350_000), Registry.Blobs[ImageBuilder.Digest(Content(350_000))]);
        Assert.Equal(
            ["0-99999", "100000-199999", "150000-249999", "150000-249999", "250000-349999"],
            Registry.Log.Where(request => request.Method == "PATCH").Select(request => request.Headers["content-range"]));
        Assert.Equal(2, Registry.Count("GET /v2/uploads/1"));
    }

    [Fact]
    public async Task What_the_registry_has_is_not_sent_and_what_another_repository_has_is_mounted_from_there()
    {
        await ImportAsync($"{Registry.Host}/base:1", PullFixture.Layer(1));
        await ImportAsync($"{Registry.Host}/team/app:1", PullFixture.Layer(1), PullFixture.Layer(2));
        await PushAsync("base:1");
        Registry.Requests.Clear();
        Registry.Log.Clear();
        // The layer of both is in the registry, which tells of it only in the repository that has it.
        string shared = ImageBuilder.Digest(PullFixture.Layer(1));
        Registry.Instead = request => request.Method == "HEAD" && request.Path == $"/v2/team/app/blobs/{shared}" ? FakeAnswer.NotFound : null;
        await PushAsync("team/app:1");
        Assert.Equal(1, Registry.Count($"POST /v2/team/app/blobs/uploads/?mount={Uri.EscapeDataString(shared)}&from=base"));
        Assert.Equal(2, Registry.Log.Count(request => request.Method == "PUT" && request.Path.StartsWith("/v2/uploads/", StringComparison.Ordinal)));
        Assert.DoesNotContain(Registry.Log, request => ImageBuilder.Digest(request.Body) == shared);
        Registry.Instead = null;
        Registry.Requests.Clear();
        await PushAsync("team/app:1");
        Assert.Equal(0, Registry.Count("POST "));
        Assert.Equal(1, Registry.Count("PUT "));
    }

    [Theory]
    [InlineData("insufficient token")]
    [InlineData("no token")]
    [InlineData("registry")]
    public async Task A_repository_that_may_not_be_read_is_no_source_and_no_obstacle(string refusal)
    {
        byte[][] layers = [PullFixture.Layer(1), PullFixture.Layer(2), PullFixture.Layer(3)];
        await ImportAsync($"{Registry.Host}/other:1", layers);
        await ImportAsync($"{Registry.Host}/mine:1", [.. layers, PullFixture.Layer(4)]);
        // As distribution has it: who mounts needs a token that also allows to pull from the other repository.
        _elsewhere.Instead = request => request.Target.Contains("other", StringComparison.Ordinal) && refusal == "no token"
            ? new FakeAnswer { Status = 401 }
            : new FakeAnswer { Body = """{"token":"mine-only"}"""u8.ToArray() };
        Registry.Instead = request => request.Path == "/v2/" ? null
            : request.Authorization is null ? FakeAnswer.Unauthorized($"Bearer realm=\"http://{_elsewhere.Host}/token\",service=\"x\"")
            : !request.Target.Contains("from=other", StringComparison.Ordinal) ? null
            : refusal == "registry" ? new FakeAnswer { Status = 403 }
            : FakeAnswer.Unauthorized($"Bearer realm=\"http://{_elsewhere.Host}/token\",service=\"x\",error=\"insufficient_scope\"");
        RemoteContainerImage pushed = await PushAsync("mine:1");
        Assert.Equal(4, pushed.Layers.Count);
        // Three uploads go at once, and none after them asks again.
        Assert.InRange(Registry.Requests.Count(request => request.Contains("from=other", StringComparison.Ordinal)), refusal == "no token" ? 0 : 1, 6);
        int tries = Registry.Requests.Count(request => request.Contains("from=other", StringComparison.Ordinal));
        await Assert.ThrowsAsync<ContainerException>(() => PushAsync("none:1"));
        Assert.Equal(tries, Registry.Requests.Count(request => request.Contains("from=other", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100_000)]
    public async Task A_registry_may_take_long_to_close_an_upload(int chunk)
    {
        TaskCompletionSource slow = new();
        Registry.Instead = request =>
        {
            // Longer than any silence in the middle of a transfer may be.
            if (request.Method == "PUT") slow.Task.Wait(TimeSpan.FromSeconds(5), Token);
            return null;
        };
        await UploadAsync(300_000, chunk, FakeRegistry.Impatient with { StallTimeout = TimeSpan.FromSeconds(2) });
        Assert.Equal(1, Registry.Count("POST "));
        Assert.Equal(1, Registry.Count("PUT "));
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100_000)]
    public async Task What_a_registry_has_finished_after_a_cut_is_not_sent_again(int chunk)
    {
        bool cut = false;
        Registry.Then = (request, answer) =>
        {
            if (request.Method != "PUT" || cut) return answer;
            cut = true;
            throw new IOException("cut");
        };
        await UploadAsync(300_000, chunk);
        Assert.True(cut);
        Assert.Equal(1, Registry.Count("POST "));
        Assert.Equal(1, Registry.Count("PUT "));
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100_000)]
    public async Task Who_has_all_and_never_answers_does_not_get_it_again(int chunk)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Registry.Instead = request =>
        {
            if (request.Method == "PUT") over.Token.WaitHandle.WaitOne();
            return null;
        };
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(
            () => UploadAsync(300_000, chunk, FakeRegistry.Impatient with { ClosingTimeout = TimeSpan.FromSeconds(1) }));
        await over.CancelAsync();
        Assert.Equal(ErrorCode.RegistryUnreachable, error.Code);
        Assert.Equal(1, Registry.Count("POST "));
        Assert.Equal(1, Registry.Count("PUT "));
        Assert.Equal(2, Registry.Count("HEAD "));
    }

    [Theory]
    [InlineData("150000", new[] { "0-149999", "150000-299999", "300000-349999" })]
    [InlineData("1000", new[] { "0-99999", "100000-199999", "200000-299999", "300000-349999" })]
    [InlineData("350001", new string[0])]
    [InlineData("nonsense", new[] { "0-99999", "100000-199999", "200000-299999", "300000-349999" })]
    public async Task A_chunk_is_not_smaller_than_the_registry_takes(string least, string[] ranges)
    {
        Registry.Then = (request, answer) => request.Method == "POST" ? answer with { Headers = [.. answer.Headers, "OCI-Chunk-Min-Length: " + least] } : answer;
        await UploadAsync(350_000, 100_000);
        Assert.Equal(ranges, Registry.Log.Where(request => request.Method == "PATCH").Select(request => request.Headers["content-range"]));
        Assert.Equal(Content(350_000), Registry.Blobs[ImageBuilder.Digest(Content(350_000))]);
    }

    [Fact]
    public async Task Progress_tells_of_each_blob_and_of_the_whole()
    {
        await ImportAsync($"{Registry.Host}/app:1", PullFixture.Layer(1), PullFixture.Layer(2));
        ConcurrentQueue<EngineProgress> reports = new();
        await _fixture.Operations.PushAsync(new ImagePushOptions { Image = $"{Registry.Host}/app:1", Access = FakeRegistry.Plain }, new ProgressCollector(reports), Token);
        string[] items = [.. reports.Where(report => report.Item is not null).Select(report => report.Item!).Distinct()];
        // Two layers and the configuration.
        Assert.Equal(3, items.Length);
        Assert.All(items, item => Assert.Contains(reports, report => report.Item == item && report.Completed == report.Total));
        EngineProgress last = reports.Where(report => report.Item is null).MaxBy(report => report.Completed)!;
        Assert.Equal(last.Total, last.Completed);
    }

    [Fact]
    public async Task An_index_is_published_whole_or_for_one_platform()
    {
        ImageBuilder builder = new();
        var arm = builder.OciImage([PullFixture.Layer(2)], architecture: "arm64");
        var index = builder.InnerIndex(
            ImageBuilder.For(builder.OciImage([PullFixture.Layer(1)]), "linux", "amd64"), ImageBuilder.For(arm, "linux", "arm64", "v8"));
        // As another tool writes it into the store, which is a layout.
        builder.Layout(ImageBuilder.Named(index, $"{Registry.Host}/multi:1")).WriteFolder(_fixture.Local.Paths.Images);
        RemoteContainerImage whole = await PushAsync("multi:1");
        Assert.Equal((string)index["digest"]!, whole.Digest);
        Assert.Equal(["linux/amd64", "linux/arm64/v8"], whole.Platforms);
        Assert.Equal(4, Registry.Blobs.Count);
        RemoteContainerImage one = await PushAsync("multi:1", options => options with { Platform = "linux/arm64", Destination = $"{Registry.Host}/multi:arm" });
        Assert.Equal((string)arm["digest"]!, one.Digest);
        Assert.Equal(["linux/arm64"], one.Platforms);
        Assert.Equal(ErrorCode.ImageUnsupported, (await Assert.ThrowsAnyAsync<ContainerException>(
            () => PushAsync("multi:1", options => options with { Platform = "linux/s390x" }))).Code);
        // Without the layer of one of them, what is there can still be published.
        File.Delete(Path.Combine(_fixture.Local.BlobFolder, ImageBuilder.Digest(ImageBuilder.Gzip(PullFixture.Layer(2)))[7..]));
        Assert.Equal(["linux/amd64"], (await PushAsync("multi:1", options => options with { Destination = $"{Registry.Host}/multi:2" })).Platforms);
        Assert.Equal(ErrorCode.ImageCorrupt, (await Assert.ThrowsAnyAsync<ContainerException>(
            () => PushAsync("multi:1", options => options with { Platform = "linux/arm64" }))).Code);
    }

    [Fact]
    public async Task An_image_of_one_platform_is_not_published_as_another()
    {
        await ImportAsync($"{Registry.Host}/app:1", PullFixture.Layer(1));
        Assert.Equal(ErrorCode.ImageUnsupported, (await Assert.ThrowsAnyAsync<ContainerException>(
            () => PushAsync("app:1", options => options with { Platform = "linux/arm64" }))).Code);
        Assert.Empty(Registry.Manifests);
        await PushAsync("app:1", options => options with { Platform = "linux/amd64" });
    }

    [Theory]
    [InlineData("0-0")]
    [InlineData("0-98")]
    [InlineData("0-2999")]
    [InlineData("0-9999")]
    [InlineData("0-9223372036854775807")]
    public async Task A_registry_that_miscounts_what_it_gets_is_given_up(string range)
    {
        Registry.Instead = request => request.Method switch
        {
            // Not without end, whatever happens.
            "PATCH" when Registry.Log.Count < 100 => Accepted("/upload", $"Range: {range}"),
            "POST" => Accepted("/upload"),
            "GET" when request.Path == "/upload" => new FakeAnswer { Status = 204, Headers = ["Range: " + (range == "0-2999" ? "0-0" : range)] },
            _ => null,
        };
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => UploadAsync(3000, 1000));
        Assert.Equal(ErrorCode.RegistryResponseInvalid, error.Code);
    }

    [Fact]
    public async Task A_registry_that_forgets_what_it_got_again_and_again_is_given_up()
    {
        int patches = 0;
        Registry.Instead = request => request.Method switch
        {
            "PATCH" when Registry.Log.Count < 100 => ++patches % 2 == 1 ? Accepted("/upload", "Range: 0-999") : new FakeAnswer { Status = 500 },
            "POST" => Accepted("/upload"),
            "GET" when request.Path == "/upload" => new FakeAnswer { Status = 204, Headers = ["Range: 0-0"] },
            _ => null,
        };
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => UploadAsync(3000, 1000));
        Assert.Equal(ErrorCode.RegistryFailed, error.Code);
        Assert.Equal(6, patches);
    }

    private static FakeAnswer Accepted(string location, params string[] headers) => new() { Status = 202, Headers = [$"Location: {location}", .. headers] };

    private static byte[] Content(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    private async Task ImportAsync(string name, params byte[][] layers)
    {
        ImageBuilder builder = new();
        builder.Layout(ImageBuilder.Named(builder.OciImage(layers, compress: false), name));
        await _fixture.Local.ImportAsync(builder.Tar());
    }

    private Task<RemoteContainerImage> PushAsync(string name, Func<ImagePushOptions, ImagePushOptions>? change = null)
    {
        // As the store has it: how layers are compressed has tests of its own.
        ImagePushOptions options = new() { Image = $"{Registry.Host}/{name}", Access = FakeRegistry.Plain, Compression = ArchiveCompression.None };
        return _fixture.Operations.PushAsync(change is null ? options : change(options), null, Token);
    }

    private async Task UploadAsync(int size, int chunk = 1_000_000, RegistrySettings? settings = null)
    {
        byte[] content = Content(size);
        string file = _fixture.Local.Write("blob", content);
        using RegistrySession session = new(FakeRegistry.Plain with { UserName = "u", Password = "p" }, (settings ?? FakeRegistry.Impatient) with { ChunkSize = chunk });
        RegistryRepository repository = session.Repository(new RegistryEndpoint(Registry.Host, "app", false));
        ImageDescriptor blob = new() { MediaType = ImageMediaType.Layer, Digest = ImageBuilder.Digest(content), Size = size };
        await repository.UploadAsync(blob, file, null, _ => { }, Token);
    }
}
