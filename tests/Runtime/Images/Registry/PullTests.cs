using System.Collections.Concurrent;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

public sealed class PullTests : IDisposable
{
    private readonly PullFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task An_image_is_received_by_tag_and_is_ready_to_run()
    {
        string digest = _fixture.Add("team/app:1", PullFixture.Layer(1), PullFixture.Layer(2));
        ContainerImage image = await _fixture.PullAsync("team/app:1");
        Assert.Equal($"{_fixture.Registry.Host}/team/app:1", image.Reference);
        Assert.Equal(digest, image.Digest);
        StoredImage stored = await _fixture.Local.NewStore().ResolveAsync(image.Reference!, Token);
        Assert.Equal(2, stored.LayerFolders.Count);
        Assert.True(File.Exists(Path.Combine(stored.LayerFolders[0], "file-2")));
        Assert.Equal(4, _fixture.Local.Blobs.Length);
        Assert.Empty(_fixture.Downloads);
        Assert.Empty(_fixture.Local.Ingests);
    }

    [Fact]
    public async Task An_image_is_received_by_digest_and_found_by_it()
    {
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        ContainerImage image = await _fixture.PullAsync($"app@{digest}");
        Assert.Equal($"{_fixture.Registry.Host}/app@{digest}", image.Reference);
        Assert.Equal(image.Id, (await _fixture.Local.Store.GetAsync($"{_fixture.Registry.Host}/app@{digest}", Token)).Id);
        Assert.Equal(image.Id, (await _fixture.Local.Store.GetAsync($"{_fixture.Registry.Host}/app:1@{digest}", Token)).Id);
        await Assert.ThrowsAnyAsync<ContainerException>(() => _fixture.Local.Store.GetAsync($"{_fixture.Registry.Host}/app:1", Token));
    }

    [Theory]
    [InlineData(null, "amd64")]
    [InlineData("linux/arm64", "arm64")]
    [InlineData("linux/s390x", "s390x")]
    public async Task The_platform_is_taken_from_an_index_and_attestations_are_passed_over(string? platform, string architecture)
    {
        ImageBuilder builder = new();
        var attestation = ImageBuilder.For(builder.OciImage([PullFixture.Layer(9)]), "unknown", "unknown");
        var index = builder.InnerIndex(
            attestation,
            ImageBuilder.For(builder.OciImage([PullFixture.Layer(1)], architecture: "s390x"), "linux", "s390x"),
            ImageBuilder.For(builder.OciImage([PullFixture.Layer(2)], architecture: "arm64", docker: true), "linux", "arm64", "v8"),
            builder.InnerIndex(ImageBuilder.For(builder.OciImage([PullFixture.Layer(3)]), "linux", "amd64")));
        string digest = _fixture.Registry.Add("multi", "1", builder, index);
        ContainerImage image = await _fixture.PullAsync("multi:1", options => options with { Platform = platform });
        Assert.Equal(architecture, image.Architecture);
        RemoteContainerImage remote = await _fixture.Operations.InspectAsync(
            new RemoteImageOptions { Reference = $"{_fixture.Registry.Host}/multi:1", Platform = platform, Access = FakeRegistry.Plain }, Token);
        Assert.Equal(digest, remote.Digest);
        Assert.Equal(image.Id, remote.Id);
        Assert.Equal(image.Digest, remote.ManifestDigest);
        Assert.Equal(["linux/s390x", "linux/arm64/v8", "linux/amd64"], remote.Platforms);
        ContainerImage byDigest = await _fixture.PullAsync($"multi@{digest}", options => options with { Platform = platform });
        Assert.Equal(image.Id, byDigest.Id);
        Assert.Equal(image.Id, (await _fixture.Local.Store.GetAsync($"{_fixture.Registry.Host}/multi@{digest}", Token)).Id);
    }

    [Fact]
    public async Task A_platform_that_is_not_there_is_refused_with_those_that_are()
    {
        ImageBuilder builder = new();
        _fixture.Registry.Add("multi", "1", builder, builder.InnerIndex(ImageBuilder.For(builder.OciImage([PullFixture.Layer(1)]), "linux", "amd64")));
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.ImageUnsupported, "multi:1", options => options with { Platform = "linux/riscv64" });
        Assert.Contains("linux/amd64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_store_has_is_not_fetched_again()
    {
        _fixture.Add("app:1", PullFixture.Layer(1), PullFixture.Layer(2));
        _fixture.Add("app:2", PullFixture.Layer(1), PullFixture.Layer(3));
        await _fixture.PullAsync("app:1");
        string shared = ImageBuilder.Digest(ImageBuilder.Gzip(PullFixture.Layer(1)));
        Assert.Equal(1, _fixture.Registry.Count($"GET /v2/app/blobs/{shared}"));
        await _fixture.PullAsync("app:2");
        await _fixture.PullAsync("app:2");
        Assert.Equal(1, _fixture.Registry.Count($"GET /v2/app/blobs/{shared}"));
        Assert.Equal(2, (await _fixture.Local.ListAsync()).Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cut_connection_is_resumed_where_it_was_cut(bool ranges)
    {
        byte[] layer = PullFixture.Layer(1, 3_000_000);
        _fixture.Registry.KnowsRanges = ranges;
        _fixture.Add("app:1", layer);
        string blob = ImageBuilder.Digest(ImageBuilder.Gzip(layer));
        int cuts = 0;
        _fixture.Registry.Then = (request, answer) =>
            request.Path.EndsWith(blob, StringComparison.Ordinal) && Interlocked.Increment(ref cuts) <= 2 ? answer with { CutAfter = cuts * 1_000_000 } : answer;
        await _fixture.PullAsync("app:1");
        FakeRequest[] asked = [.. _fixture.Registry.Log.Where(request => request.Path.EndsWith(blob, StringComparison.Ordinal))];
        Assert.Equal(3, asked.Length);
        Assert.Equal([0, 1_000_000], asked.Take(2).Select(request => request.RangeStart));
        Assert.True(asked[2].RangeStart >= 2_000_000);
    }

    [Fact]
    public async Task What_a_process_that_died_has_fetched_is_gone_on_with()
    {
        byte[] layer = PullFixture.Layer(1, 1_000_000);
        _fixture.Add("app:1", layer);
        byte[] blob = ImageBuilder.Gzip(layer);
        string digest = ImageBuilder.Digest(blob);
        Directory.CreateDirectory(_fixture.DownloadFolder);
        File.WriteAllBytes(Path.Combine(_fixture.DownloadFolder, digest[7..]), blob[..700_000]);
        await _fixture.PullAsync("app:1");
        Assert.Equal(700_000, Assert.Single(_fixture.Registry.Log, request => request.Path.EndsWith(digest, StringComparison.Ordinal)).RangeStart);
        Assert.Empty(_fixture.Downloads);
    }

    [Fact]
    public async Task What_was_left_behind_damaged_is_fetched_anew()
    {
        byte[] layer = PullFixture.Layer(1, 1_000_000);
        _fixture.Add("app:1", layer);
        string digest = ImageBuilder.Digest(ImageBuilder.Gzip(layer));
        Directory.CreateDirectory(_fixture.DownloadFolder);
        File.WriteAllBytes(Path.Combine(_fixture.DownloadFolder, digest[7..]), new byte[700_000]);
        await _fixture.PullAsync("app:1");
        Assert.Equal([700_000, 0], _fixture.Registry.Log.Where(request => request.Path.EndsWith(digest, StringComparison.Ordinal)).Select(request => request.RangeStart));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(-1000)]
    public async Task What_another_pull_has_fetched_is_left_alone_where_another_size_is_promised(int more)
    {
        byte[] layer = PullFixture.Layer(1, 1_000_000);
        _fixture.Add("app:1", layer);
        byte[] blob = ImageBuilder.Gzip(layer);
        string digest = ImageBuilder.Digest(blob);
        byte[] other = [.. blob.AsSpan(0, Math.Min(blob.Length, blob.Length + more)), .. new byte[Math.Max(0, more)]];
        Directory.CreateDirectory(_fixture.DownloadFolder);
        File.WriteAllBytes(Path.Combine(_fixture.DownloadFolder, digest[7..]), other);
        // Its second name: an ingest folder, or already the store.
        string staged = Path.Combine(_fixture.Local.Folder, "staged");
        Assert.Equal(0, Libc.TryLink(Path.Combine(_fixture.DownloadFolder, digest[7..]), staged));
        await _fixture.PullAsync("app:1");
        Assert.Equal(other, File.ReadAllBytes(staged));
        Assert.Equal(0, Assert.Single(_fixture.Registry.Log, request => request.Path.EndsWith(digest, StringComparison.Ordinal)).RangeStart);
    }

    [Fact]
    public async Task Two_pulls_at_once_fetch_each_layer_once()
    {
        byte[][] layers = [.. Enumerable.Range(0, 6).Select(i => PullFixture.Layer(i))];
        _fixture.Add("app:1", layers);
        _fixture.Add("other:1", layers);
        TaskCompletionSource gate = new();
        string held = ImageBuilder.Digest(ImageBuilder.Gzip(layers[3]));
        _fixture.Registry.Then = (request, answer) => request.Path.EndsWith(held, StringComparison.Ordinal) ? answer with { Before = gate.Task } : answer;
        Task<ContainerImage> one = _fixture.PullAsync("app:1");
        while (_fixture.Registry.Count($"GET /v2/app/blobs/{held}") == 0) await Task.Delay(5, Token);
        Task<ContainerImage> two = _fixture.NewOperations().PullAsync(
            new ImagePullOptions { Reference = $"{_fixture.Registry.Host}/other:1", Access = FakeRegistry.Plain }, null, Token);
        while (_fixture.Registry.Count("GET /v2/other/blobs/") == 0) await Task.Delay(5, Token);
        gate.SetResult();
        Assert.Equal((await one).Id, (await two).Id);
        foreach (byte[] layer in layers)
        {
            string digest = ImageBuilder.Digest(ImageBuilder.Gzip(layer));
            Assert.Equal(1, _fixture.Registry.Log.Count(request => request.Path.EndsWith(digest, StringComparison.Ordinal)));
        }

        Assert.Empty(_fixture.Downloads);
    }

    [Fact]
    public async Task Four_layers_come_at_once_and_no_more()
    {
        _fixture.Add("app:1", [.. Enumerable.Range(0, 6).Select(i => PullFixture.Layer(i))]);
        _fixture.Settings = FakeRegistry.Impatient with { StallTimeout = TimeSpan.FromMinutes(3) };
        TaskCompletionSource gate = new();
        int asked = 0, most = 0, under = 0;
        HashSet<string> layers = [.. Enumerable.Range(0, 6).Select(i => ImageBuilder.Digest(ImageBuilder.Gzip(PullFixture.Layer(i))))];
        _fixture.Registry.Then = (request, answer) =>
        {
            if (!layers.Contains(request.Path.Split('/')[^1])) return answer;
            lock (layers)
            {
                most = Math.Max(most, ++under);
                // Fetched one after another, the first would wait for the fourth in vain.
                if (++asked == 4) gate.TrySetResult();
            }

            return answer with { Before = WaitAsync() };
        };
        Task<ContainerImage> pull = _fixture.PullAsync("app:1");
        await gate.Task.WaitAsync(TimeSpan.FromMinutes(3), Token);
        await pull;
        Assert.Equal(4, most);

        async Task WaitAsync()
        {
            await gate.Task;
            lock (layers) under--;
        }
    }

    [Fact]
    public async Task Progress_tells_of_each_layer_and_of_the_whole()
    {
        _fixture.Add("app:1", PullFixture.Layer(1), PullFixture.Layer(2));
        ConcurrentQueue<EngineProgress> reports = new();
        await _fixture.PullAsync("app:1", progress: new ProgressCollector(reports));
        string[] items = [.. reports.Select(report => report.Item ?? "").Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(3, items.Length);
        EngineProgress last = reports.Last(report => report.Item is null);
        Assert.Equal(last.Total, reports.Where(report => report.Item is null).Max(report => report.Completed));
        Assert.All(items.Skip(1), item => Assert.Contains(reports, report => report.Item == item && report.Completed == report.Total));
    }

    [Fact]
    public async Task A_pull_that_is_cancelled_leaves_no_empty_files()
    {
        byte[][] layers = [.. Enumerable.Range(1, 7).Select(seed => PullFixture.Layer(seed))];
        _fixture.Add("app:1", layers);
        string[] blobs = [.. layers.Select(layer => ImageBuilder.Digest(ImageBuilder.Gzip(layer)))];
        // Four come at once. One of them has begun, of the others there is nothing yet, and three have not had their turn.
        int asked = 0;
        _fixture.Registry.Then = (request, answer) => Array.Exists(blobs, blob => request.Path.EndsWith(blob, StringComparison.Ordinal))
            ? answer with { StallAfter = Interlocked.Increment(ref asked) == 1 ? 100_000 : 0 }
            : answer;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<ContainerImage> pull = _fixture.Operations.PullAsync(
            new ImagePullOptions { Reference = $"{_fixture.Registry.Host}/app:1", Access = FakeRegistry.Plain }, null, stop.Token);
        while (Volatile.Read(ref asked) < 4 || _fixture.Downloads.Sum(file => new FileInfo(file).Length) < 100_000) await Task.Delay(5, Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        Assert.Equal(100_000, new FileInfo(Assert.Single(_fixture.Downloads)).Length);
    }

    [Fact]
    public async Task A_pull_that_is_cancelled_leaves_what_it_has_for_the_next()
    {
        byte[] layer = PullFixture.Layer(1, 2_000_000);
        _fixture.Add("app:1", layer);
        string blob = ImageBuilder.Digest(ImageBuilder.Gzip(layer));
        _fixture.Registry.Then = (request, answer) => request.Path.EndsWith(blob, StringComparison.Ordinal) ? answer with { StallAfter = 1_500_000 } : answer;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<ContainerImage> pull = _fixture.Operations.PullAsync(
            new ImagePullOptions { Reference = $"{_fixture.Registry.Host}/app:1", Access = FakeRegistry.Plain }, null, stop.Token);
        while (_fixture.Downloads.Sum(file => new FileInfo(file).Length) < 1_500_000) await Task.Delay(5, Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        Assert.Empty(await _fixture.Local.ListAsync());
        Assert.Empty(_fixture.Local.Ingests);
        _fixture.Registry.Then = null;
        await _fixture.PullAsync("app:1");
        Assert.Equal(1_500_000, _fixture.Registry.Log.Last(request => request.Path.EndsWith(blob, StringComparison.Ordinal)).RangeStart);
    }
}
