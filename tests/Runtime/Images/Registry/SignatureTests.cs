using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using ContainerTools.Runtime.Images.Registry.Trust;
using ContainerTools.Runtime.Tests.Registries.Trust;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
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

    [Theory]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "dgst -sha256 -sign")]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "dgst -sha256 -sign")]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "dgst -sha384 -sign")]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "dgst -sha256 -sign")]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "dgst -sha512 -sign")]
    [InlineData("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "dgst -sha256 -sign")]
    [InlineData("-algorithm RSA -pkeyopt rsa_keygen_bits:4096", "dgst -sha256 -sign")]
    [InlineData("-algorithm ED25519", "pkeyutl -sign -rawin -inkey")]
    public async Task Keys_and_signatures_of_openssl_are_verified(string algorithm, string sign)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "needs openssl, which is not installed");
        string key = Path.Combine(_fixture.Local.Folder, "key.pem");
        OpenSsl($"genpkey {algorithm} -out {key}");
        string pem = OpenSsl($"pkey -in {key} -pubout");
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        Sign(digest, Payload(digest), payload => SignWithOpenSsl(payload, $"{sign} {key}"));
        await _fixture.PullAsync("app:1", WithKey(pem));
        // The signature of something else, and one with a bit changed.
        Sign(digest, Payload(digest), payload => SignWithOpenSsl([.. payload, (byte)' '], $"{sign} {key}"));
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1", WithKey(pem));
        Sign(digest, Payload(digest), payload => Changed(SignWithOpenSsl(payload, $"{sign} {key}")));
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1", WithKey(pem));
        Sign(digest, Payload(digest), _ => [1, 2, 3]);
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1", WithKey(pem));
    }

    [Fact]
    public async Task A_short_rsa_key_is_refused()
    {
        using RSA rsa = RSA.Create(1024);
        _fixture.Add("app:1", PullFixture.Layer(1));
        await _fixture.RefusedAsync(ErrorCode.NotSupported, "app:1", WithKey(rsa.ExportSubjectPublicKeyInfoPem()));
    }

    /// <summary>RFC 8032, section 7.1, test 3.</summary>
    [Fact]
    public void Ed25519_is_that_of_the_standard()
    {
        byte[] key = [.. Convert.FromHexString("302a300506032b6570032100"), .. Convert.FromHexString("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")];
        string signature = Convert.ToBase64String(Convert.FromHexString(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"));
        using SignatureKey read = SignatureKey.Parse($"-----BEGIN PUBLIC KEY-----\n{Convert.ToBase64String(key)}\n-----END PUBLIC KEY-----\n", "x");
        Assert.True(read.IsSigned([0xaf, 0x82], signature));
        Assert.False(read.IsSigned([0xaf, 0x83], signature));
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
    [InlineData("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n", ErrorCode.NotSupported)]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMAwwBQYDK2VwAwMAGb8=\n-----END PUBLIC KEY-----\n", ErrorCode.InvalidArgument)]
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

    [Fact]
    public async Task The_machine_can_require_a_digest_of_everybody()
    {
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        _fixture.Settings = FakeRegistry.Impatient with { RequireDigest = true };
        await _fixture.RefusedAsync(ErrorCode.DigestRequired, "app:1");
        Assert.Empty(_fixture.Registry.Log);
        await _fixture.PullAsync($"app:1@{digest}");
    }

    private static byte[] Changed(byte[] signature)
    {
        signature[^1] ^= 1;
        return signature;
    }

    private byte[] SignWithOpenSsl(byte[] payload, string command)
    {
        string content = _fixture.Local.Write("payload", payload), signature = Path.Combine(_fixture.Local.Folder, "signature");
        OpenSsl($"{command} -out {signature} {(command.StartsWith("pkeyutl", StringComparison.Ordinal) ? "-in " : "")}{content}");
        return File.ReadAllBytes(signature);
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

    private static string OpenSsl(string arguments)
    {
        ProcessStartInfo start = new("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"openssl {arguments}: {error.Result}");
        return output;
    }

    private static string Payload(string digest) => CosignLayout.Payload(digest, "whatever/app");

    private void Sign(string digest, string payload, Func<byte[], byte[]> sign) => CosignLayout.Sign(_fixture.Registry, "app", digest, payload, sign);
}
