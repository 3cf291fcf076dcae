using System.Security.Cryptography;
using System.Text;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry.Trust;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries.Trust;

/// <summary>policy.json.</summary>
public sealed class TrustPolicyTests : IDisposable
{
    private const string Accept = """[{"type":"insecureAcceptAnything"}]""";
    private const string Reject = """[{"type":"reject"}]""";

    private readonly PullFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("docker.io/library/busybox", "busybox", true)]
    [InlineData("docker.io/library/busybox:latest", "busybox", true)]
    [InlineData("docker.io/library/busybox:1", "busybox", false)]
    [InlineData("docker.io/library", "busybox", true)]
    [InlineData("docker.io", "team/app", true)]
    [InlineData("a.example", "a.example/x/y:1", true)]
    [InlineData("a.example", "a.example:5000/x/y:1", false)]
    [InlineData("a.example:5000/x", "a.example:5000/x/y:1", true)]
    [InlineData("a.example/x", "a.example/xx/y:1", false)]
    [InlineData("*.example", "a.b.example:5000/x", true)]
    [InlineData("*.b.example", "a.b.example/x", true)]
    [InlineData("*.a.b.example", "a.b.example/x", false)]
    [InlineData("", "anything.example/x", true)]
    public void The_narrowest_scope_counts(string scope, string image, bool within)
    {
        TrustPolicy policy = Read($$$"""{"default":{{{Reject}}},"transports":{"docker":{"{{{scope}}}":{{{Accept}}} } } }""");
        Assert.Equal(!within, Assert.Single(policy.For(ImageReference.Parse(image))).Rejects);
    }

    [Theory]
    [InlineData("/srv/untrusted", "/srv/untrusted", true)]
    [InlineData("/srv/untrusted", "/srv/untrusted/a/b", true)]
    [InlineData("/srv/untrusted", "/srv/untrusted2", false)]
    [InlineData("/srv/untrusted:v1", "/srv/untrusted", true)]
    [InlineData("/", "/srv/untrusted", true)]
    [InlineData("", "/srv/untrusted", true)]
    public void Files_are_judged_by_their_path_and_the_folders_above_it(string scope, string file, bool rejected)
    {
        TrustPolicy policy = Read($$$"""{"default":{{{Accept}}},"transports":{"oci":{"{{{scope}}}":{{{Reject}}} } } }""");
        Assert.Equal(rejected, policy.For("oci", file).Any(requirement => requirement.Rejects));
        Assert.DoesNotContain(policy.For("oci-archive", file), requirement => requirement.Rejects);
    }

    [Fact]
    public void The_case_of_a_host_leads_around_no_rule()
    {
        TrustPolicy policy = Read($$$"""{"default":{{{Accept}}},"transports":{"docker":{"a.example":{{{Reject}}} } } }""");
        Assert.True(Assert.Single(policy.For(ImageReference.Parse("A.Example/x"))).Rejects);
        Assert.Equal("docker.io/library/x:latest", ImageReference.Parse("Docker.IO/x").ToString());
    }

    [Fact]
    public void A_narrow_scope_wins_over_a_wide_one()
    {
        TrustPolicy policy = Read($$"""{"default":{{Accept}},"transports":{"docker":{"":{{Reject}},"a.example":{{Accept}},"a.example/bad":{{Reject}},"a.example/bad/good:1":{{Accept}} } } }""");
        Assert.False(policy.For(ImageReference.Parse("a.example/x"))[0].Rejects);
        Assert.True(policy.For(ImageReference.Parse("a.example/bad/x"))[0].Rejects);
        Assert.False(policy.For(ImageReference.Parse("a.example/bad/good:1"))[0].Rejects);
        Assert.True(policy.For(ImageReference.Parse("b.example/x"))[0].Rejects);
        Assert.False(policy.For("oci-archive", "/a.tar")[0].Rejects);
    }

    [Theory]
    [InlineData("matchRepository", "r.example/app:1", "r.example/app", true)]
    [InlineData("matchRepository", "r.example/app:1", "r.example/other", false)]
    [InlineData("matchRepoDigestOrExact", "r.example/app:1", "r.example/app:1", true)]
    [InlineData("matchRepoDigestOrExact", "r.example/app:1", "r.example/app:2", false)]
    [InlineData("matchRepoDigestOrExact", "r.example/app:latest", "r.example/app", false)]
    [InlineData("matchRepoDigestOrExact", "r.example/app@sha256:0000000000000000000000000000000000000000000000000000000000000000", "r.example/app:2", true)]
    [InlineData("matchExact", "r.example/app:1", "r.example/app:1", true)]
    [InlineData("matchExact", "r.example/app@sha256:0000000000000000000000000000000000000000000000000000000000000000", "r.example/app:2", false)]
    [InlineData("exactReference dockerReference=o.example/x:1", "r.example/app:1", "o.example/x:1", true)]
    [InlineData("exactReference dockerReference=o.example/x:1", "r.example/app:1", "r.example/app:1", false)]
    [InlineData("exactRepository dockerRepository=o.example/x", "r.example/app:1", "o.example/x:9", true)]
    [InlineData("exactRepository dockerRepository=o.example/x", "r.example/app:1", "r.example/app:1", false)]
    [InlineData("remapIdentity prefix=m.example signedPrefix=r.example", "m.example/app:1", "r.example/app:1", true)]
    [InlineData("remapIdentity prefix=m.example signedPrefix=r.example", "m.example/app:1", "m.example/app:1", false)]
    [InlineData("remapIdentity prefix=m.example signedPrefix=r.example", "m.example.org/app:1", "m.example.org/app:1", true)]
    [InlineData("remapIdentity prefix=m.example signedPrefix=r.example", "m.example:5000/app:1", "m.example:5000/app:1", true)]
    [InlineData("remapIdentity prefix=m.example signedPrefix=r.example", "m.example:5000/app:1", "r.example:5000/app:1", false)]
    [InlineData("remapIdentity prefix=m.example/app signedPrefix=r.example/box", "m.example/app:1", "r.example/box:1", true)]
    [InlineData("matchRepository", "r.example/app:1", "NO NAME", false)]
    public void The_name_in_a_signature_must_fit(string identity, string image, string signed, bool fits)
    {
        string[] words = identity.Split(' ');
        string members = string.Concat(words.Skip(1).Select(word => $",\"{word.Split('=')[0]}\":\"{word.Split('=')[1]}\""));
        TrustPolicy policy = Read($$"""{"default":[{"type":"sigstoreSigned","keyPath":"/k","signedIdentity":{"type":"{{words[0]}}"{{members}} } }]}""");
        Assert.Equal(fits, Assert.Single(policy.For(ImageReference.Parse(image))).Identity.Fits(ImageReference.Parse(image), signed));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"default":[]}""")]
    [InlineData("""{"default":[{"type":"reject"}],"default":[{"type":"insecureAcceptAnything"}]}""")]
    [InlineData("""{"default":[{"type":"reject"}],"transport":{}}""")]
    [InlineData("""{"default":[{"type":"reject","keyPath":"/k"}]}""")]
    [InlineData("""{"default":[{"type":"sigstoreSigned"}]}""")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","keyPath":"/k","keyData":"aGFsbG8="}]}""")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","keyPaths":[]}]}""")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","keyData":"!"}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyPath":"/k"}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyType":"GPGKeys"}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","keyData":"aGFsbG8="}]}""")]
    [InlineData("""{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","rekorPublicKeyPath":"/r"}]}""")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","keyPath":"/k","signedIdentity":{"type":"matchAnything"}}]}""")]
    [InlineData("""{"default":[{"type":"sigstoreSigned","keyPath":"/k","signedIdentity":{"type":"exactReference"}}]}""")]
    [InlineData("""{"default":[{"type":"reject"}],"transports":{"docker":[]}}""")]
    [InlineData("not json")]
    public void A_policy_that_is_not_valid_lets_nothing_in(string text)
    {
        ContainerException error = Assert.ThrowsAny<ContainerException>(() => Read(text));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Contains("policy.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_file_that_exists_counts_and_without_one_everything_is_let_in()
    {
        string file = _fixture.Local.Write("policy.json", Encoding.UTF8.GetBytes($$"""{"default":{{Reject}}}"""));
        string none = Path.Combine(_fixture.Local.Folder, "none.json");
        Assert.True(Assert.Single(TrustPolicy.Load([none, file]).For("oci", "/a")).Rejects);
        Assert.Empty(TrustPolicy.Load([none]).For("oci", "/a"));
    }

    [Fact]
    public async Task A_registry_that_is_rejected_is_not_even_asked()
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        Use($$$"""{"default":{{{Accept}}},"transports":{"docker":{"{{{_fixture.Registry.Host}}}":{{{Reject}}} } } }""");
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.ImageRejected, "app:1");
        Assert.Contains("policy.json", error.Message, StringComparison.Ordinal);
        Assert.Empty(_fixture.Registry.Log);
        Use($$$"""{"default":{{{Reject}}},"transports":{"docker":{"{{{_fixture.Registry.Host}}}/app":{{{Accept}}} } } }""");
        await _fixture.PullAsync("app:1");
    }

    [Theory]
    [InlineData("""{"type":"signedBy","keyType":"X509Certificates","keyPath":"/k"}""", "X509Certificates")]
    [InlineData("""{"type":"sigstoreSigned","fulcio":{}}""", "fulcio")]
    [InlineData("""{"type":"sigstoreSigned","keyPath":"/k","rekorPublicKeyPath":"/r"}""", "rekor")]
    [InlineData("""{"type":"blessedByThePope"}""", "blessedByThePope")]
    public async Task What_cannot_be_verified_here_is_refused_and_says_so(string requirement, string said)
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        Use($$"""{"default":[{{requirement}}]}""");
        Assert.Contains(said, (await _fixture.RefusedAsync(ErrorCode.ImageRejected, "app:1")).Message, StringComparison.Ordinal);
        Assert.Empty(_fixture.Registry.Log);
    }

    [Fact]
    public async Task An_image_that_must_be_signed_is_received_when_it_is_by_one_of_the_keys_and_under_its_name()
    {
        using ECDsa good = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string one = Key("one.pub", good), two = Key("two.pub", other);
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        string repository = $"{_fixture.Registry.Host}/app";
        string Signed(string keys, string identity) => $$"""{"type":"sigstoreSigned",{{keys}},"signedIdentity":{"type":"{{identity}}"} }""";
        Use($$"""{"default":[{{Signed($"\"keyPath\":\"{one}\"", "matchRepository")}}]}""");
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        CosignLayout.Sign(_fixture.Registry, "app", digest, repository, good);
        await _fixture.PullAsync("app:1");
        // The other key alone; then either; then both.
        Use($$"""{"default":[{{Signed($"\"keyPath\":\"{two}\"", "matchRepository")}}]}""");
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        Use($$"""{"default":[{{Signed($"\"keyPaths\":[\"{two}\",\"{one}\"]", "matchRepository")}}]}""");
        await _fixture.PullAsync("app:1");
        Use($$"""{"default":[{{Signed($"\"keyPath\":\"{two}\"", "matchRepository")}},{{Signed($"\"keyPath\":\"{one}\"", "matchRepository")}}]}""");
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        Use($$"""{"default":[{{Signed($"\"keyData\":\"{Convert.ToBase64String(File.ReadAllBytes(one))}\"", "matchRepository")}}]}""");
        await _fixture.PullAsync("app:1");
        // cosign names the repository alone, which says nothing of the tag.
        Use($$"""{"default":[{{Signed($"\"keyPath\":\"{one}\"", "matchExact")}}]}""");
        Assert.Contains("another name", (await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1")).Message, StringComparison.Ordinal);
        // The owner's signature of the same content under the name of another image.
        CosignLayout.Sign(_fixture.Registry, "app", digest, "elsewhere.example/app", good);
        Use($$"""{"default":[{{Signed($"\"keyPath\":\"{one}\"", "matchRepository")}}]}""");
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        Use($$"""{"default":[{{Signed("\"keyPath\":\"/nonexistent/key.pub\"", "matchRepository")}}]}""");
        await _fixture.RefusedAsync(ErrorCode.FileNotFound, "app:1");
    }

    [Fact]
    public async Task Of_the_registries_that_a_short_name_may_mean_those_that_are_let_in_are_asked()
    {
        using FakeRegistry rejected = new();
        string file = _fixture.Local.Write(
            "registries.conf", Encoding.UTF8.GetBytes($"unqualified-search-registries = [\"{rejected.Host}\", \"{_fixture.Registry.Host}\"]\n"));
        Use($$$"""{"default":{{{Reject}}},"transports":{"docker":{"{{{_fixture.Registry.Host}}}":{{{Accept}}} } } }""");
        _fixture.Settings = _fixture.Settings with { ConfigurationFiles = [file] };
        _fixture.Add("app:1", PullFixture.Layer(1));
        ContainerImage image = await _fixture.Operations.PullAsync(
            new ImagePullOptions { Reference = "app:1", Access = FakeRegistry.Plain }, null, TestContext.Current.CancellationToken);
        Assert.Equal($"{_fixture.Registry.Host}/app:1", image.Reference);
        Assert.Empty(rejected.Log);
    }

    [Theory]
    [InlineData("docker-archive")]
    [InlineData("oci-archive")]
    [InlineData("oci")]
    [InlineData("tarball")]
    public async Task Files_are_let_in_by_their_kind(string transport)
    {
        ImageBuilder builder = new();
        string path = transport switch
        {
            "docker-archive" => _fixture.Local.Write("file", builder.DockerManifest(builder.DockerImage([PullFixture.Layer(1)], "app:1")).Tar()),
            "oci-archive" => _fixture.Local.Write("file", builder.Layout(builder.OciImage([PullFixture.Layer(1)])).Tar()),
            "oci" => builder.Layout(builder.OciImage([PullFixture.Layer(1)])).WriteFolder(Path.Combine(_fixture.Local.Folder, "layout")),
            _ => _fixture.Local.Write("file", PullFixture.Layer(1)),
        };
        Assert.Equal(ErrorCode.ImageRejected, (await Assert.ThrowsAnyAsync<ContainerException>(() => ImportAsync($$"""{"default":{{Reject}}}"""))).Code);
        Assert.Equal(ErrorCode.ImageRejected, (await Assert.ThrowsAnyAsync<ContainerException>(
            () => ImportAsync("""{"default":[{"type":"sigstoreSigned","keyPath":"/k"}]}"""))).Code);
        Assert.Equal(ErrorCode.ImageRejected, (await Assert.ThrowsAnyAsync<ContainerException>(
            () => ImportAsync("""{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k"}]}"""))).Code);
        Assert.Empty(_fixture.Local.Blobs);
        Assert.Empty(_fixture.Local.Ingests);
        Assert.Single(await ImportAsync($$$"""{"default":{{{Reject}}},"transports":{"{{{transport}}}":{"":{{{Accept}}} } } }"""));

        Task<IReadOnlyList<ContainerImage>> ImportAsync(string policy)
        {
            ImageStore store = new(_fixture.Local.Paths, _ => AsyncEnumerable.Empty<ImageUse>()) { Policy = () => Read(policy) };
            return store.ImportAsync(new ImageImportOptions { Path = path }, null, TestContext.Current.CancellationToken);
        }
    }

    private static TrustPolicy Read(string text) => TrustPolicyReader.Read(Encoding.UTF8.GetBytes(text), "policy.json");

    private void Use(string policy)
        => _fixture.Settings = FakeRegistry.Impatient with { PolicyFiles = [_fixture.Local.Write("policy.json", Encoding.UTF8.GetBytes(policy))] };

    private string Key(string name, ECDsa key) => _fixture.Local.Write(name, Encoding.UTF8.GetBytes(key.ExportSubjectPublicKeyInfoPem()));
}
