using System.Security.Cryptography;
using System.Text;
using ContainerTools.Runtime.Tests.Registries.Trust;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>What a mirror lacks or has otherwise keeps nobody from what the registry has.</summary>
public sealed class MirrorTests : IDisposable
{
    private readonly PullFixture _fixture = new();
    private readonly FakeRegistry _mirror = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _mirror.Dispose();
        _fixture.Dispose();
    }

    [Theory]
    [InlineData("failing")]
    [InlineData("old signature")]
    [InlineData("no signature")]
    public async Task A_mirror_does_not_hide_a_signature(string mirror)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), old = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        Mirror();
        CosignLayout.Sign(_fixture.Registry, "app", digest, "x", key);
        if (mirror == "old signature") CosignLayout.Sign(_mirror, "app", digest, "x", old);
        if (mirror == "failing") _mirror.Instead = request => request.Path.EndsWith(".sig", StringComparison.Ordinal) ? new FakeAnswer { Status = 403 } : null;
        string file = _fixture.Local.Write("key.pub", Encoding.UTF8.GetBytes(key.ExportSubjectPublicKeyInfoPem()));
        await _fixture.PullAsync("app:1", options => options with { VerifyKey = file });
        Assert.True(_mirror.Count("GET /v2/app/manifests/") > 1);
    }

    [Fact]
    public async Task What_a_mirror_lacks_of_an_index_comes_from_the_registry()
    {
        ImageBuilder builder = new();
        string index = _fixture.Registry.Add(
            "multi", "1", builder, builder.InnerIndex(
                ImageBuilder.For(builder.OciImage([PullFixture.Layer(1)]), "linux", "amd64"),
                ImageBuilder.For(builder.OciImage([PullFixture.Layer(2)], architecture: "s390x"), "linux", "s390x")));
        Mirror();
        // As a mirror that fetches what it is asked for: what nobody has asked for, it has not.
        foreach (string key in _mirror.Manifests.Keys.Where(key => key.Contains('@', StringComparison.Ordinal) && !key.EndsWith(index, StringComparison.Ordinal)).ToList())
        {
            if (!Encoding.UTF8.GetString(_mirror.Manifests[key].Content).Contains(ImageBuilder.Digest(ImageBuilder.Gzip(PullFixture.Layer(1))), StringComparison.Ordinal)) _mirror.Manifests.TryRemove(key, out _);
        }

        await _fixture.PullAsync("multi:1", options => options with { AllPlatforms = true });
        Assert.Empty(await _fixture.Local.NewStore().TestAsync(false, null, Token));
        Assert.NotEmpty(_mirror.Log);
    }

    [Fact]
    public async Task What_was_published_is_described_from_where_it_is()
    {
        string old = _fixture.Add("app:1", PullFixture.Layer(1));
        Mirror();
        ImageBuilder builder = new();
        string digest = _fixture.Registry.Add(
            "multi", "1", builder, builder.InnerIndex(ImageBuilder.For(builder.OciImage([PullFixture.Layer(2)], architecture: "s390x"), "linux", "s390x")));
        ContainerImage image = await _fixture.PullAsync("multi:1", options => options with { AllPlatforms = true });
        // The mirror still has what had this name before, and this machine runs nothing of the image.
        RemoteContainerImage published = await _fixture.Operations.PushAsync(
            new ImagePushOptions { Image = image.Id, Destination = $"{_fixture.Registry.Host}/app:1", Access = FakeRegistry.Plain }, null, Token);
        Assert.NotEqual(old, published.Digest);
        Assert.Equal((digest, $"{_fixture.Registry.Host}/app:1"), (published.Digest, published.Reference));
    }

    [Theory]
    [InlineData("layers")]
    [InlineData("a layer that is too long")]
    [InlineData("configuration")]
    [InlineData("manifest")]
    public async Task What_a_mirror_has_otherwise_comes_from_the_registry(string what)
    {
        byte[][] layers = [PullFixture.Layer(1), PullFixture.Layer(2), PullFixture.Layer(3)];
        string digest = _fixture.Add("app:1", layers);
        string[] blobs = [.. layers.Select(layer => ImageBuilder.Digest(ImageBuilder.Gzip(layer)))];
        Mirror();
        foreach ((string key, byte[] blob) in _mirror.Blobs.ToList())
        {
            byte[] other = new byte[blob.Length];
            new Random(1).NextBytes(other);
            if (what == "layers" && blobs.Contains(key)) _mirror.Blobs[key] = other;
            if (what == "configuration" && !blobs.Contains(key) && key != digest) _mirror.Blobs[key] = other;
        }

        if (what == "manifest") _mirror.Manifests[$"app@{digest}"] = ("{}"u8.ToArray(), _mirror.Manifests[$"app@{digest}"].Type);
        if (what == "a layer that is too long")
        {
            _mirror.Then = (request, answer) => request.Path.EndsWith(blobs[1], StringComparison.Ordinal) ? answer with { Body = new byte[answer.Body.Length + 1], Length = -1 } : answer;
        }

        await _fixture.Operations.PullAsync(
            new ImagePullOptions { Reference = $"{_fixture.Registry.Host}/app@{digest}", Access = FakeRegistry.Plain }, null, Token);
        Assert.Empty(await _fixture.Local.NewStore().TestAsync(false, null, Token));
        Assert.NotEmpty(_mirror.Log);
        Assert.Empty(_fixture.Downloads);
    }

    [Fact]
    public async Task A_mirror_that_is_wrong_is_told_where_nobody_else_can_be_asked()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        Mirror();
        string blob = ImageBuilder.Digest(ImageBuilder.Gzip(PullFixture.Layer(1)));
        _mirror.Blobs[blob] = new byte[_mirror.Blobs[blob].Length];
        _fixture.Registry.Instead = _ => new FakeAnswer { Status = 403 };
        await _fixture.RefusedAsync(ErrorCode.DigestMismatch, "app:1");
        Assert.NotEmpty(_fixture.Registry.Log);
        Assert.Empty(_fixture.Downloads);
    }

    [Fact]
    public async Task Tags_are_looked_for_where_an_image_is()
    {
        Configure($"unqualified-search-registries = [\"{_mirror.Host}\", \"{_fixture.Registry.Host}\"]\n[aliases]\n\"deb\" = \"{_fixture.Registry.Host}/team/debian\"\n");
        Tags(_fixture.Registry, "app", "1", "2");
        Tags(_fixture.Registry, "team/debian", "12");
        List<RemoteImageTag> tags = await _fixture.Operations.ListTagsAsync("app", FakeRegistry.Plain, Token).ToListAsync(Token);
        Assert.Equal([$"{_fixture.Registry.Host}/app:1", $"{_fixture.Registry.Host}/app:2"], tags.Select(tag => tag.Reference));
        Assert.All(tags, tag => Assert.Equal(_fixture.Registry.Host, tag.Registry));
        Assert.NotEmpty(_mirror.Log);
        RemoteImageTag debian = Assert.Single(await _fixture.Operations.ListTagsAsync("deb", FakeRegistry.Plain, Token).ToListAsync(Token));
        Assert.Equal((_fixture.Registry.Host, $"{_fixture.Registry.Host}/team/debian:12"), (debian.Registry, debian.Reference));
        Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAsync<ContainerException>(
            async () => await _fixture.Operations.ListTagsAsync("none", FakeRegistry.Plain, Token).ToListAsync(Token))).Code);
        // The first registry that fails otherwise is what is told, and credentials go to none of them.
        _mirror.Instead = _ => new FakeAnswer { Status = 403 };
        Assert.Equal(ErrorCode.RegistryUnauthorized, (await Assert.ThrowsAsync<ContainerException>(
            async () => await _fixture.Operations.ListTagsAsync("none", FakeRegistry.Plain, Token).ToListAsync(Token))).Code);
        Assert.Equal(ErrorCode.InvalidArgument, (await Assert.ThrowsAsync<ContainerException>(
            async () => await _fixture.Operations.ListTagsAsync("app", FakeRegistry.Plain with { UserName = "u", Password = "p" }, Token).ToListAsync(Token))).Code);
    }

    private static void Tags(FakeRegistry registry, string repository, params string[] tags)
    {
        Func<FakeRequest, FakeAnswer?>? before = registry.Instead;
        registry.Instead = request => request.Path == $"/v2/{repository}/tags/list"
            ? new FakeAnswer { Body = Encoding.UTF8.GetBytes($$"""{"name":"{{repository}}","tags":["{{string.Join("\",\"", tags)}}"]}""") }
            : before?.Invoke(request);
    }

    [Fact]
    public async Task Credentials_do_not_go_to_every_registry_of_the_search()
    {
        Configure($"unqualified-search-registries = [\"{_mirror.Host}\", \"{_fixture.Registry.Host}\"]\n");
        _fixture.Add("app:1", PullFixture.Layer(1));
        RegistryAccess access = FakeRegistry.Plain with { UserName = "u", Password = "p" };
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => _fixture.Operations.PullAsync(new ImagePullOptions { Reference = "app:1", Access = access }, null, Token));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Empty(_mirror.Log);
        Assert.Empty(_fixture.Registry.Log);
        await _fixture.PullAsync("app:1", options => options with { Access = access });
    }

    /// <summary>Makes a mirror that has all that the registry has now.</summary>
    private void Mirror()
    {
        foreach ((string key, byte[] blob) in _fixture.Registry.Blobs) _mirror.Blobs[key] = blob;
        foreach ((string key, (byte[], string) manifest) in _fixture.Registry.Manifests) _mirror.Manifests[key] = manifest;
        Configure($"[[registry]]\nlocation = \"{_fixture.Registry.Host}\"\n[[registry.mirror]]\nlocation = \"{_mirror.Host}\"\ninsecure = true\n");
    }

    private void Configure(string text)
        => _fixture.Settings = FakeRegistry.Impatient with { ConfigurationFiles = [_fixture.Local.Write("registries.conf", Encoding.UTF8.GetBytes(text))] };
}
