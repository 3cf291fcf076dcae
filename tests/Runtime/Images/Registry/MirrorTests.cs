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
