using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

public sealed class SignatureTests : IDisposable
{
    private readonly PullFixture _fixture = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        _key.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task A_signed_image_is_received_and_one_that_is_not_signed_is_not()
    {
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        await RefusedAsync("not signed");
        Sign(digest, Payload(digest), SignEcdsa);
        await _fixture.PullAsync("app:1", WithKey(_key.ExportSubjectPublicKeyInfoPem()));
        await _fixture.PullAsync($"app@{digest}", WithKey(_key.ExportSubjectPublicKeyInfoPem()));
    }

    [Fact]
    public async Task An_rsa_key_signs_as_well()
    {
        using RSA rsa = RSA.Create(2048);
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        Sign(digest, Payload(digest), payload => rsa.SignData(payload, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        await _fixture.PullAsync("app:1", WithKey(rsa.ExportSubjectPublicKeyInfoPem()));
        await RefusedAsync("not with the key");
    }

    [Fact]
    public async Task An_image_of_a_signed_index_is_received()
    {
        ImageBuilder builder = new();
        string digest = _fixture.Registry.Add(
            "app", "1", builder, builder.InnerIndex(ImageBuilder.For(builder.OciImage([PullFixture.Layer(1)]), "linux", "amd64")));
        Sign(digest, Payload(digest), SignEcdsa);
        await _fixture.PullAsync("app:1", options => WithKey(_key.ExportSubjectPublicKeyInfoPem())(options) with { Platform = "linux/amd64" });
    }

    [Fact]
    public async Task A_signature_of_another_image_another_key_or_another_kind_does_not_count()
    {
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        string other = _fixture.Add("app:2", PullFixture.Layer(2));
        // Taken from another image of the same owner.
        Sign(digest, Payload(other), SignEcdsa);
        await RefusedAsync("not with the key");
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Sign(digest, Payload(digest), payload => stranger.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        await RefusedAsync("not with the key");
        Sign(digest, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(Payload(digest).Replace("cosign container image signature", "another", StringComparison.Ordinal))), SignEcdsa);
        await RefusedAsync("not with the key");
        Sign(digest, Payload(digest), _ => Encoding.UTF8.GetBytes("nonsense"));
        await RefusedAsync("not with the key");
        Sign(digest, "[]", SignEcdsa);
        await RefusedAsync("not with the key");
    }

    [Theory]
    [InlineData("nonsense", ErrorCode.InvalidArgument)]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n", ErrorCode.NotSupported)]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", ErrorCode.InvalidArgument)]
    [InlineData(null, ErrorCode.FileNotFound)]
    public async Task A_key_that_cannot_be_used_is_refused_before_anything_is_asked(string? pem, ErrorCode code)
    {
        _fixture.Add("app:1", PullFixture.Layer(1));
        await _fixture.RefusedAsync(code, "app:1", pem is null ? options => options with { VerifyKey = "/nonexistent/key.pub" } : WithKey(pem));
        Assert.Empty(_fixture.Registry.Log);
    }

    [Fact]
    public async Task A_name_without_a_digest_is_refused_where_one_is_required()
    {
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        await _fixture.RefusedAsync(ErrorCode.DigestRequired, "app:1", options => options with { RequireDigest = true });
        Assert.Empty(_fixture.Registry.Log);
        await _fixture.PullAsync($"app@{digest}", options => options with { RequireDigest = true });
    }

    private Func<ImagePullOptions, ImagePullOptions> WithKey(string pem)
    {
        string file = _fixture.Local.Write("key.pub", Encoding.UTF8.GetBytes(pem));
        return options => options with { VerifyKey = file };
    }

    private async Task RefusedAsync(string because)
    {
        ContainerException error = await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1", WithKey(_key.ExportSubjectPublicKeyInfoPem()));
        Assert.Contains(because, error.Message, StringComparison.Ordinal);
    }

    private byte[] SignEcdsa(byte[] payload) => _key.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    private static string Payload(string digest)
        => $$"""{"critical":{"identity":{"docker-reference":"whatever/app"},"image":{"docker-manifest-digest":"{{digest}}"},"type":"cosign container image signature"},"optional":null}""";

    private void Sign(string digest, string payload, Func<byte[], byte[]> sign)
    {
        byte[] content = Encoding.UTF8.GetBytes(payload);
        _fixture.Registry.Blobs[ImageBuilder.Digest(content)] = content;
        JsonObject layer = ImageBuilder.Descriptor("application/vnd.dev.cosign.simplesigning.v1+json", content);
        layer["annotations"] = new JsonObject { ["dev.cosignproject.cosign/signature"] = Convert.ToBase64String(sign(content)) };
        _fixture.Registry.AddManifest(
            "app", digest.Replace(':', '-') + ".sig",
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
                ["config"] = ImageBuilder.Descriptor("application/vnd.oci.image.config.v1+json", "{}"u8.ToArray()),
                ["layers"] = new JsonArray(layer),
            },
            "application/vnd.oci.image.manifest.v1+json");
    }
}
