using System.Diagnostics;
using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Images.Registry.Trust;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries.Trust;

/// <summary>Signatures of GnuPG, which lie beside the registry.</summary>
public sealed class GpgSignatureTests : IDisposable
{
    private readonly PullFixture _fixture = new();
    private readonly string _home;

    public GpgSignatureTests()
    {
        _home = Directory.CreateDirectory(Path.Combine(_fixture.Local.Folder, "gnupg")).FullName;
        File.SetUnixFileMode(_home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private string Lookaside => Path.Combine(_fixture.Local.Folder, "sig store");

    private string Registries => Path.Combine(_fixture.Local.Folder, "registries.d");

    public void Dispose()
    {
        // The agent that gpg starts for its secret keys; it would end by itself once the folder is gone, a while later.
        if (ProgramPath.Find("gpgconf") is not null) Run("gpgconf", "--kill", "gpg-agent");
        _fixture.Dispose();
    }

    [Fact]
    public async Task An_image_is_received_when_it_is_signed_by_one_of_the_keys_and_under_its_name()
    {
        Require("gpg");
        NewKey("good");
        NewKey("other");
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        string name = $"{_fixture.Registry.Host}/app:1";
        Use(SignedBy($"\"keyPath\":\"{Armored("good")}\""));
        Assert.Contains("no signature of it", (await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1")).Message, StringComparison.Ordinal);
        Sign("good", digest, name);
        await _fixture.PullAsync("app:1");
        // The other key alone; either; the keys in the policy itself, as gpg writes them.
        Use(SignedBy($"\"keyPath\":\"{Armored("other")}\""));
        Assert.Contains("not with a key", (await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1")).Message, StringComparison.Ordinal);
        Use(SignedBy($"\"keyPaths\":[\"{Armored("other")}\",\"{Armored("good")}\"]"));
        await _fixture.PullAsync("app:1");
        Use(SignedBy($"\"keyData\":\"{Convert.ToBase64String(Run("gpg", "--export", "good", "other"))}\""));
        await _fixture.PullAsync("app:1");
        // One that does not count before the one that does.
        Sign("other", digest, name);
        Sign("good", digest, name, number: 2);
        Use(SignedBy($"\"keyPath\":\"{Armored("good")}\""));
        await _fixture.PullAsync("app:1");
    }

    [Fact]
    public async Task A_signature_of_something_else_does_not_count()
    {
        Require("gpg");
        NewKey("good");
        string digest = _fixture.Add("app:1", PullFixture.Layer(1)), other = _fixture.Add("app:2", PullFixture.Layer(2));
        string name = $"{_fixture.Registry.Host}/app:1";
        Use(SignedBy($"\"keyPath\":\"{Armored("good")}\""));
        Sign("good", digest, $"{_fixture.Registry.Host}/app:2");
        Assert.Contains("another name", (await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1")).Message, StringComparison.Ordinal);
        // Of another image; of another kind; nonsense; a signature apart from what it signs; what is not signed at all.
        Place(digest, 1, Signed("good", Payload(other, name)));
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        Place(digest, 1, Signed("good", CosignLayout.Payload(digest, name)));
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        Place(digest, 1, [1, 2, 3]);
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        Place(digest, 1, Signed("good", Payload(digest, name), "--detach-sign"));
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        Place(digest, 1, Signed("good", Payload(digest, name), "--store"));
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        byte[] changed = Signed("good", Payload(digest, name), "--compress-level", "0");
        changed[^1] ^= 1;
        Place(digest, 1, changed);
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
        Place(digest, 1, Signed("good", Payload(digest, name), "--compress-level", "0"));
        await _fixture.PullAsync("app:1");
    }

    [Fact]
    public async Task A_key_that_has_expired_signs_no_more()
    {
        Require("gpg");
        Run("gpg", "--faked-system-time", "20200101T000000", "--quick-generate-key", "good", "ed25519", "sign", "1y");
        string digest = _fixture.Add("app:1", PullFixture.Layer(1));
        Sign("good", digest, $"{_fixture.Registry.Host}/app:1", "--faked-system-time", "20200601T000000");
        Use(SignedBy($"\"keyPath\":\"{Armored("good")}\""));
        await _fixture.RefusedAsync(ErrorCode.SignatureInvalid, "app:1");
    }

    [Fact]
    public async Task Signatures_are_fetched_from_the_server_that_the_configuration_names()
    {
        Require("gpg");
        NewKey("good");
        using FakeRegistry server = new();
        string digest = _fixture.Add("team/app:1", PullFixture.Layer(1));
        byte[] signature = Signed("good", Payload(digest, $"{_fixture.Registry.Host}/team/app:1"));
        server.Instead = request => request.Target == $"/sigs/team/app@{digest.Replace(':', '=')}/signature-1" ? new FakeAnswer { Body = signature } : FakeAnswer.NotFound;
        Use(SignedBy($"\"keyPath\":\"{Armored("good")}\""));
        Configure($"docker:\n  {_fixture.Registry.Host}/team:\n    sigstore: http://{server.Host}/sigs/\n  {_fixture.Registry.Host}:\n    lookaside: http://{server.Host}/wrong\n");
        await _fixture.PullAsync("team/app:1");
        server.Instead = _ => new FakeAnswer { Status = 500 };
        await _fixture.RefusedAsync(ErrorCode.RegistryFailed, "team/app:1");
    }

    [Fact]
    public async Task The_image_of_a_signed_index_is_received()
    {
        Require("gpg");
        NewKey("good");
        ImageBuilder builder = new();
        string digest = _fixture.Registry.Add(
            "app", "1", builder, builder.InnerIndex(ImageBuilder.For(builder.OciImage([PullFixture.Layer(1)]), "linux", "amd64")));
        Sign("good", digest, $"{_fixture.Registry.Host}/app:1");
        Use(SignedBy($"\"keyPath\":\"{Armored("good")}\""));
        await _fixture.PullAsync("app:1", options => options with { Platform = "linux/amd64" });
    }

    /// <summary>The signature is made by the library that defines the format.</summary>
    [Fact]
    public async Task What_skopeo_signs_is_verified()
    {
        Require("gpg");
        Require("skopeo");
        NewKey("good");
        string digest = _fixture.Add("app:1", PullFixture.Layer(1)), name = $"{_fixture.Registry.Host}/app:1";
        string manifest = _fixture.Local.Write("manifest.json", _fixture.Registry.Manifests["app:1"].Content), signature = Path.Combine(_fixture.Local.Folder, "signature");
        string fingerprint = Encoding.ASCII.GetString(Run("gpg", "--with-colons", "--list-keys", "good")).Split('\n').First(static line => line.StartsWith("fpr:", StringComparison.Ordinal)).Split(':')[9];
        Run("skopeo", "standalone-sign", manifest, name, fingerprint, "--output", signature);
        Place(digest, 1, File.ReadAllBytes(signature));
        Use(SignedBy($"\"keyPath\":\"{Armored("good")}\""));
        await _fixture.PullAsync("app:1");
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDM")]
    [InlineData("-----BEGIN PGP PUBLIC KEY BLOCK-----\nmDME\n-----END PGP PUBLIC KEY BLOCK-----\n")]
    [InlineData("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----\n")]
    [InlineData("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n")]
    [InlineData("")]
    public void What_is_no_key_is_refused(string text)
        => Assert.Equal(ErrorCode.InvalidArgument, Assert.ThrowsAny<ContainerException>(() => GpgKeyring.Unpacked(Encoding.ASCII.GetBytes(text), "key")).Code);

    [Theory]
    [InlineData("docker: {a.example: {lookaside: 'ftp://x'}}", "ftp")]
    [InlineData("docker: {a.example: {lookaside: 'not an address'}}", "not an address")]
    [InlineData("docker: [", "YAML")]
    public async Task A_configuration_that_is_not_valid_is_refused(string text, string said)
    {
        Require("gpg");
        NewKey("good");
        _fixture.Add("app:1", PullFixture.Layer(1));
        Use(SignedBy($"\"keyPath\":\"{Armored("good")}\""));
        Configure(text);
        Assert.Contains(said, (await _fixture.RefusedAsync(ErrorCode.InvalidConfiguration, "app:1")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.example/team/app:1", "file:///tag")]
    [InlineData("a.example/team/app:2", "file:///repository")]
    [InlineData("a.example/team/other", "file:///team")]
    [InlineData("b.example/app", "file:///domain")]
    [InlineData("c.other/app", "file:///default")]
    public void The_narrowest_scope_says_where_signatures_are(string image, string place)
    {
        Configure("""
            default-docker:
              lookaside: file:///default
              lookaside-staging: file:///staging
            docker:
              a.example/team/app:1: {lookaside: "file:///tag"}
              a.example/team/app: {sigstore: "file:///repository", use-sigstore-attachments: true}
              a.example/team: {lookaside: "file:///team"}
              a.example: {use-sigstore-attachments: true}
              "*.example": {lookaside: "file:///domain"}
            """);
        using RegistrySession session = new(new RegistryAccess(), _fixture.Settings);
        Assert.Equal(place, session.Lookaside.Place(ImageReference.Parse(image)).AbsoluteUri);
    }

    private static string SignedBy(string keys) => $$"""{"default":[{"type":"signedBy","keyType":"GPGKeys",{{keys}} }]}""";

    private static string Payload(string digest, string name)
        => $$$"""{"critical":{"identity":{"docker-reference":"{{{name}}}"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"atomic container signature"},"optional":{}}""";

    private static void Require(string program) => Assert.SkipUnless(ProgramPath.Find(program) is not null, $"needs {program}, which is not installed");

    private void Use(string policy) => _fixture.Settings = FakeRegistry.Impatient with
    {
        PolicyFiles = [_fixture.Local.Write("policy.json", Encoding.UTF8.GetBytes(policy))],
        LookasideFolders = [Path.Combine(_fixture.Local.Folder, "none"), Registries],
        Lookaside = Lookaside,
    };

    private void Configure(string yaml)
    {
        Directory.CreateDirectory(Registries);
        File.WriteAllText(Path.Combine(Registries, "default.yaml"), yaml);
        _fixture.Settings = _fixture.Settings with { LookasideFolders = [Registries] };
    }

    private void NewKey(string name) => Run("gpg", "--quick-generate-key", name, "ed25519", "sign", "never");

    private string Armored(string name) => _fixture.Local.Write(name + ".asc", Run("gpg", "--armor", "--export", name));

    private void Sign(string key, string digest, string name, params string[] options) => Place(digest, 1, Signed(key, Payload(digest, name), options));

    private void Sign(string key, string digest, string name, int number) => Place(digest, number, Signed(key, Payload(digest, name)));

    private byte[] Signed(string key, string payload, params string[] options)
    {
        string file = _fixture.Local.Write("payload", Encoding.UTF8.GetBytes(payload));
        string[] how = options is ["--detach-sign" or "--store", ..] ? options : [.. options, "--sign"];
        return Run("gpg", ["--local-user", key, .. how, "--output", "-", file]);
    }

    private void Place(string digest, int number, byte[] signature)
    {
        string folder = Path.Combine(Lookaside, $"app@{digest.Replace(':', '=')}");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"signature-{number}")), signature);
    }

    private byte[] Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, program == "gpg" ? ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", .. arguments] : arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GNUPGHOME"] = _home;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {error.Result}");
        return output.ToArray();
    }
}
