using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>Registries that lie, stall, cut, flood: each gets its own clear error, and nothing of it becomes visible.</summary>
public sealed class HostileRegistryTests : IDisposable
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string IndexType = "application/vnd.oci.image.index.v1+json";

    private readonly PullFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private static bool IsManifest(FakeRequest request) => request.Path.Contains("/manifests/", StringComparison.Ordinal);

    private bool IsLayer(FakeRequest request) => request.Path.Contains("/blobs/", StringComparison.Ordinal)
        && _fixture.Registry.Blobs.TryGetValue(request.Path.Split('/')[^1], out byte[]? blob) && blob[0] == 0x1f;

    [Fact]
    public async Task A_layer_with_other_content_than_its_digest_is_refused_and_not_kept()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Then = (request, answer) => IsLayer(request) ? answer with { Body = Damaged(answer.Body) } : answer;
        await _fixture.RefusedAsync(ErrorCode.DigestMismatch, "app:1");
        Assert.Empty(_fixture.Downloads);
        _fixture.Registry.Then = null;
        await _fixture.PullAsync("app:1");
    }

    [Fact]
    public async Task A_manifest_with_another_digest_than_asked_for_is_refused()
    {
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Then = (request, answer) => IsManifest(request) ? answer with { Body = [.. answer.Body, (byte)' '] } : answer;
        await _fixture.RefusedAsync(ErrorCode.DigestMismatch, $"app@{digest}");
    }

    [Fact]
    public async Task A_configuration_with_another_digest_is_refused()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Then = (request, answer) => !IsManifest(request) && !IsLayer(request) ? answer with { Body = [.. answer.Body, (byte)' '] } : answer;
        await _fixture.RefusedAsync(ErrorCode.DigestMismatch, "app:1");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_layer_of_another_size_than_the_manifest_says_is_refused_before_it_is_read(int more)
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Then = (request, answer) => IsLayer(request) ? answer with { Body = more > 0 ? [.. answer.Body, 0] : answer.Body[..^1] } : answer;
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.RegistryResponseInvalid, "app:1");
        Assert.Contains("its manifest says", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_that_goes_on_after_its_end_is_refused()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Then = (request, answer) => IsLayer(request) ? answer with { Body = [.. answer.Body, .. new byte[5000]], Length = -1 } : answer;
        await _fixture.RefusedAsync(ErrorCode.RegistryResponseInvalid, "app:1");
    }

    [Fact]
    public async Task A_layer_that_always_ends_too_early_is_given_up_and_its_beginning_kept()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.KnowsRanges = false;
        _fixture.Registry.Then = (request, answer) => IsLayer(request) ? answer with { Body = answer.Body[..100_000], Length = -1 } : answer;
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.RegistryUnreachable, "app:1");
        Assert.Contains("100000 of", error.Message, StringComparison.Ordinal);
        Assert.Equal(100_000, new FileInfo(Assert.Single(_fixture.Downloads)).Length);
    }

    [Fact]
    public async Task A_stall_is_noticed()
    {
        _fixture.Settings = FakeRegistry.Impatient with { StallTimeout = TimeSpan.FromMilliseconds(300) };
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Then = (request, answer) => IsLayer(request) ? answer with { StallAfter = request.RangeStart == 0 ? 10_000 : 0 } : answer;
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.RegistryUnreachable, "app:1");
        Assert.Contains("stalled", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_accepts_and_says_nothing_is_noticed()
    {
        _fixture.Settings = FakeRegistry.Impatient with { StallTimeout = TimeSpan.FromMilliseconds(300) };
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Then = (request, answer) => IsManifest(request) ? answer with { StallAfter = 0 } : answer;
        await _fixture.RefusedAsync(ErrorCode.RegistryUnreachable, "app:1");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_web_page_is_no_answer(bool manifest)
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Then = (request, answer) => (manifest ? IsManifest(request) : IsLayer(request))
            ? new FakeAnswer { Type = "text/html; charset=utf-8", Body = "<html>Please sign in</html>"u8.ToArray() }
            : answer;
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.RegistryResponseInvalid, "app:1");
        Assert.Contains("web page", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_in_a_circle_are_stopped()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Registry.Instead = request => IsLayer(request)
            ? FakeAnswer.Redirect("/there")
            : request.Path switch { "/there" => FakeAnswer.Redirect("/back"), "/back" => FakeAnswer.Redirect("/there"), _ => null };
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.RegistryResponseInvalid, "app:1");
        Assert.Contains("circle", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_without_end_are_stopped()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        int hop = 0;
        _fixture.Registry.Instead = request => IsLayer(request) || request.Path.StartsWith("/hop", StringComparison.Ordinal) ? FakeAnswer.Redirect($"/hop{++hop}") : null;
        await _fixture.RefusedAsync(ErrorCode.RegistryResponseInvalid, "app:1");
        Assert.InRange(hop, 10, 12);
    }

    [Fact]
    public async Task Another_host_does_not_see_what_proves_who_we_are()
    {
        using FakeRegistry storage = new();
        _fixture.Add("app:1", PullFixture.Layer(1));
        storage.Instead = request => new FakeAnswer { Body = _fixture.Registry.Blobs[request.Path[1..]], Type = "application/octet-stream" };
        _fixture.Registry.Instead = request => request.Authorization is null ? FakeAnswer.Unauthorized("Basic realm=\"x\"")
            : IsLayer(request) ? FakeAnswer.Redirect($"http://{storage.Host}/{request.Path.Split('/')[^1]}") : null;
        await _fixture.PullAsync("app:1", options => options with { Access = FakeRegistry.Plain with { UserName = "u", Password = "p" } });
        Assert.NotEmpty(storage.Log);
        Assert.All(storage.Log, request => Assert.Null(request.Authorization));
    }

    [Fact]
    public async Task Another_host_cannot_ask_for_what_proves_who_we_are()
    {
        using FakeRegistry storage = new();
        _fixture.Add("app:1", PullFixture.Layer(1));
        storage.Instead = request => request.Path == "/token"
            ? new FakeAnswer { Body = """{"token":"abc"}"""u8.ToArray() }
            : FakeAnswer.Unauthorized($"Bearer realm=\"http://{storage.Host}/token\"");
        _fixture.Registry.Instead = request => request.Authorization is null ? FakeAnswer.Unauthorized("Basic realm=\"x\"")
            : IsLayer(request) ? FakeAnswer.Redirect($"http://{storage.Host}/blob") : null;
        await _fixture.RefusedAsync(
            ErrorCode.RegistryUnauthorized, "app:1", options => options with { Access = FakeRegistry.Plain with { UserName = "u", Password = "p" } });
        Assert.NotEmpty(storage.Log);
        Assert.All(storage.Log, request => Assert.Equal("/blob", request.Path));
    }

    [Fact]
    public async Task A_registry_that_asks_for_credentials_twice_is_refused()
    {
        _fixture.Registry.Instead = _ => FakeAnswer.Unauthorized("Basic realm=\"x\"");
        await _fixture.RefusedAsync(ErrorCode.RegistryUnauthorized, "app:1", options => options with { Access = FakeRegistry.Plain with { UserName = "u", Password = "p" } });
        Assert.Equal(2, _fixture.Registry.Log.Count(IsManifest));
    }

    [Theory]
    [InlineData("Negotiate")]
    [InlineData("Bearer")]
    [InlineData("Bearer realm=\"ftp://x/\"")]
    [InlineData("Bearer realm=\"not an address\"")]
    public async Task A_challenge_that_cannot_be_answered_is_refused(string challenge)
    {
        _fixture.Registry.Instead = _ => FakeAnswer.Unauthorized(challenge);
        await _fixture.RefusedAsync(ErrorCode.RegistryResponseInvalid, "app:1");
    }

    [Fact]
    public async Task A_rate_limit_is_told_with_the_time_to_wait()
    {
        _fixture.Registry.Instead = request => IsManifest(request) ? new FakeAnswer { Status = 429, Headers = ["Retry-After: 600"] } : null;
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.RegistryRateLimited, "app:1");
        Assert.Equal(TimeSpan.FromMinutes(10), Assert.IsType<RegistryRateLimitException>(error).RetryAfter);
        Assert.Contains("10 minutes", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, _fixture.Registry.Log.Count(IsManifest));
    }

    [Fact]
    public async Task A_short_wait_and_a_passing_failure_are_overcome()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        int asked = 0;
        _fixture.Registry.Instead = request => !IsManifest(request) ? null : ++asked switch
        {
            1 => new FakeAnswer { Status = 429, Headers = ["Retry-After: 0"] },
            2 => new FakeAnswer { Status = 503 },
            _ => null,
        };
        await _fixture.PullAsync("app:1");
        Assert.Equal(3, asked);
    }

    [Fact]
    public void Each_wait_is_about_twice_as_long_as_the_one_before()
    {
        using RegistrySession session = new(RegistryAccess.Default, new RegistrySettings { FirstDelay = TimeSpan.FromSeconds(1) });
        RegistryConnection connection = session.Connection(new RegistryEndpoint("registry.example", "", false));
        for (int attempt = 1; attempt <= 5; attempt++)
        {
            double usual = Math.Pow(2, attempt - 1);
            // Not the same for everybody: those who were cut off together must not come back together.
            double[] waits = [.. Enumerable.Range(0, 50).Select(_ => connection.Delay(attempt).TotalSeconds)];
            Assert.All(waits, wait => Assert.InRange(wait, usual * 0.75, usual * 1.25));
            Assert.True(waits.Distinct().Count() > 1);
        }
    }

    [Fact]
    public async Task A_registry_that_keeps_failing_is_given_up_with_what_it_says()
    {
        _fixture.Registry.Instead = request => IsManifest(request)
            ? new FakeAnswer { Status = 500, Body = """{"errors":[{"code":"UNKNOWN","message":"disk on fire\u001b[31m"}]}"""u8.ToArray() }
            : null;
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.RegistryFailed, "app:1");
        Assert.Contains("disk on fire [31m", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, _fixture.Registry.Log.Count(IsManifest));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.ImageNotFound, "app:1");
        Assert.Contains("manifest unknown", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(501, ErrorCode.ImageUnsupported)]
    [InlineData(10_000, ErrorCode.ImageUnsupported)]
    public async Task More_layers_than_can_be_stacked_are_refused_before_anything_is_fetched(int count, ErrorCode code)
    {
        _fixture.Registry.AddManifest("app", "1", Manifest(Enumerable.Range(0, count).Select(i => Descriptor(i))), ManifestType);
        ContainerException error = await _fixture.RefusedAsync(code, "app:1");
        Assert.Contains($"{count} layers", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_fixture.Registry.Log, request => request.Path.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData((byte)0xff)]
    [InlineData((byte)0xc3)]
    public async Task A_manifest_that_is_not_utf8_is_refused(byte wrong)
    {
        byte[] manifest = [.. "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json"u8, wrong, .. "\",\"layers\":[]}"u8];
        _fixture.Registry.Manifests["bytes:1"] = (manifest, "application/vnd.oci.image.manifest.v1+json");
        await _fixture.RefusedAsync(ErrorCode.RegistryResponseInvalid, "bytes:1");
    }

    [Fact]
    public async Task A_manifest_without_end_is_refused()
    {
        _fixture.Registry.Instead = request => IsManifest(request) ? new FakeAnswer { Body = new byte[5 * 1024 * 1024], Type = ManifestType, Length = -1 } : null;
        await _fixture.RefusedAsync(ErrorCode.SizeLimitExceeded, "app:1");
    }

    [Fact]
    public async Task Indexes_in_indexes_without_end_are_refused()
    {
        JsonObject inner = ImageBuilder.Descriptor(ManifestType, "{}"u8.ToArray());
        for (int depth = 0; depth < 8; depth++)
        {
            JsonObject index = new() { ["schemaVersion"] = 2, ["mediaType"] = IndexType, ["manifests"] = new JsonArray(inner.DeepClone()) };
            byte[] content = ImageBuilder.Bytes(index);
            _fixture.Registry.AddManifest("app", "1", index, IndexType);
            inner = ImageBuilder.Descriptor(IndexType, content);
        }

        ContainerException error = await _fixture.RefusedAsync(ErrorCode.ImageCorrupt, "app:1");
        Assert.Contains("deep", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", ErrorCode.ImageUnsupported)]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", ErrorCode.ImageUnsupported)]
    [InlineData("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", ErrorCode.ImageUnsupported)]
    [InlineData("text/plain", ErrorCode.ImageUnsupported)]
    public async Task Layers_of_other_types_are_refused(string type, ErrorCode code)
    {
        _fixture.Registry.AddManifest("app", "1", Manifest([Descriptor(1, type)]), ManifestType);
        await _fixture.RefusedAsync(code, "app:1");
    }

    [Theory]
    [InlineData("""{"schemaVersion":1,"fsLayers":[],"history":[]}""", "application/vnd.docker.distribution.manifest.v1+prettyjws", ErrorCode.ImageUnsupported)]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.example+json"}""", "application/vnd.example+json", ErrorCode.ImageUnsupported)]
    [InlineData("""{"schemaVersion":2,"manifests":[],"layers":[]}""", IndexType, ErrorCode.RegistryResponseInvalid)]
    [InlineData("""{"schemaVersion":2,"manifests":[],"config":{}}""", ManifestType, ErrorCode.RegistryResponseInvalid)]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""", ManifestType, ErrorCode.RegistryResponseInvalid)]
    [InlineData("""{"schemaVersion":2,"layers":[]}""", ManifestType, ErrorCode.ImageUnsupported)]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"application/vnd.example.config"},"layers":[]}""", ManifestType, ErrorCode.ImageUnsupported)]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:../../etc/passwd","size":1},"layers":[]}""", ManifestType, ErrorCode.ImageCorrupt)]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:1","size":9000000},"layers":[null]}""", ManifestType, ErrorCode.ImageCorrupt)]
    [InlineData("[]", ManifestType, ErrorCode.RegistryResponseInvalid)]
    [InlineData("{", ManifestType, ErrorCode.RegistryResponseInvalid)]
    [InlineData("", ManifestType, ErrorCode.RegistryResponseInvalid)]
    [InlineData("""{"schemaVersion":2,"manifests":[]}""", IndexType, ErrorCode.ImageUnsupported)]
    public async Task Documents_that_are_no_image_are_refused(string document, string type, ErrorCode code)
    {
        _fixture.Registry.Instead = request => IsManifest(request) ? new FakeAnswer { Body = Encoding.UTF8.GetBytes(document), Type = type } : null;
        await _fixture.RefusedAsync(code, "app:1");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task Layers_without_a_size_are_refused(long size)
    {
        JsonObject layer = Descriptor(1);
        layer["size"] = size;
        _fixture.Registry.AddManifest("app", "1", Manifest([layer]), ManifestType);
        await _fixture.RefusedAsync(ErrorCode.ImageCorrupt, "app:1");
    }

    [Fact]
    public async Task A_decompression_bomb_is_stopped_at_the_limit()
    {
        byte[] tar = new TarBuilder().File("zeros", new byte[40_000_000]).Build();
        using MemoryStream blob = new();
        using (GZipStream gzip = new(blob, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(tar);
        _fixture.Add("app:1", tar);
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.SizeLimitExceeded, "app:1", options => options with { MaximumLayerSize = 1_000_000 });
        Assert.Contains("1000000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Empty(_fixture.Downloads);
        await _fixture.PullAsync("app:1");
    }

    [Fact]
    public async Task A_layer_that_leads_out_of_its_root_is_refused_and_not_kept()
    {
        _fixture.Add("app:1", new TarBuilder().File("../../escape", "x"u8.ToArray()).Build());
        await _fixture.RefusedAsync(ErrorCode.ArchiveUnsafe, "app:1");
        Assert.Empty(_fixture.Downloads);
    }

    [Fact]
    public async Task One_bad_layer_ends_the_fetching_of_the_others()
    {
        byte[] bad = PullFixture.Layer(1), slow = PullFixture.Layer(2, 2_000_000);
        _fixture.Add("app:1", bad, slow);
        string badDigest = ImageBuilder.Digest(ImageBuilder.Gzip(bad));
        _fixture.Registry.Then = (request, answer) => !IsLayer(request) ? answer
            : request.Path.EndsWith(badDigest, StringComparison.Ordinal) ? answer with { Body = Damaged(answer.Body) } : answer with { StallAfter = 100_000 };
        await _fixture.RefusedAsync(ErrorCode.DigestMismatch, "app:1");
    }

    [Fact]
    public async Task A_list_that_goes_in_circles_or_elsewhere_is_stopped()
    {
        _fixture.Registry.Instead = request => request.Path.EndsWith("/tags/list", StringComparison.Ordinal)
            ? new FakeAnswer { Body = """{"tags":["a"]}"""u8.ToArray(), Headers = ["Link: </v2/app/tags/list?n=200&last=a>; rel=\"next\""] }
            : null;
        Assert.Equal(ErrorCode.RegistryResponseInvalid, (await Assert.ThrowsAnyAsync<ContainerException>(ListAsync)).Code);
        _fixture.Registry.Instead = request => request.Path.EndsWith("/tags/list", StringComparison.Ordinal)
            ? new FakeAnswer { Body = """{"tags":["a"]}"""u8.ToArray(), Headers = ["Link: <http://192.0.2.1/v2/>; rel=\"next\""] }
            : null;
        Assert.Equal(ErrorCode.RegistryResponseInvalid, (await Assert.ThrowsAnyAsync<ContainerException>(ListAsync)).Code);

        async Task ListAsync() => await _fixture.Operations.ListTagsAsync($"{_fixture.Registry.Host}/app", FakeRegistry.Plain, Token).ToListAsync(Token);
    }

    [Fact]
    public async Task Plain_http_is_spoken_only_where_it_is_asked_for()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.RegistryUnreachable, "app:1", options => options with { Access = RegistryAccess.Default });
        Assert.Contains("TLS", error.Message, StringComparison.Ordinal);
        Assert.Empty(_fixture.Registry.Log);
    }

    private static byte[] Damaged(byte[] content)
    {
        byte[] damaged = [.. content];
        damaged[content.Length / 2] ^= 0xFF;
        return damaged;
    }

    private static JsonObject Descriptor(int number, string type = "application/vnd.oci.image.layer.v1.tar+gzip")
        => new() { ["mediaType"] = type, ["digest"] = ImageBuilder.Digest(BitConverter.GetBytes(number)), ["size"] = 100 };

    private static JsonObject Manifest(IEnumerable<JsonObject> layers) => new()
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = ManifestType,
        ["config"] = ImageBuilder.Descriptor("application/vnd.oci.image.config.v1+json", "{}"u8.ToArray()),
        ["layers"] = new JsonArray([.. layers]),
    };
}
