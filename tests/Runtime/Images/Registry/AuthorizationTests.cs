using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Oci;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>Tokens, credentials, certificates.</summary>
public sealed class AuthorizationTests : IDisposable
{
    private readonly PullFixture _fixture = new();
    private readonly FakeRegistry _tokens = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _tokens.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task A_token_is_got_where_the_registry_says_and_used_for_all_requests()
    {
        RequireToken();
        _tokens.Instead = _ => new FakeAnswer { Body = """{"token":"abc","expires_in":300}"""u8.ToArray() };
        _fixture.Add("team/app:1", PullFixture.Layer(1), PullFixture.Layer(2));
        await _fixture.PullAsync("team/app:1");
        FakeRequest asked = Assert.Single(_tokens.Log);
        Assert.Equal("/token?service=tests&scope=repository%3Ateam%2Fapp%3Apull", asked.Target);
        Assert.Null(asked.Authorization);
        Assert.Equal(1, _fixture.Registry.Log.Count(request => request.Path.StartsWith("/v2/team", StringComparison.Ordinal) && request.Authorization is null));
    }

    [Fact]
    public async Task The_token_server_gets_the_credentials_and_the_registry_does_not()
    {
        RequireToken();
        _tokens.Instead = request => request.Authorization == Basic("alice", "secret") ? new FakeAnswer { Body = """{"access_token":"abc"}"""u8.ToArray() } : new FakeAnswer { Status = 401 };
        _fixture.Add("app:1", PullFixture.Layer(1));
        ContainerException anonymous = await _fixture.RefusedAsync(ErrorCode.RegistryUnauthorized, "app:1");
        Assert.Contains("Connect-ContainerRegistry", anonymous.Message, StringComparison.Ordinal);
        await _fixture.RefusedAsync(ErrorCode.RegistryUnauthorized, "app:1", options => options with { Access = FakeRegistry.Plain with { UserName = "alice", Password = "wrong" } });
        await _fixture.PullAsync("app:1", options => options with { Access = FakeRegistry.Plain with { UserName = "alice", Password = "secret" } });
        Assert.DoesNotContain(_fixture.Registry.Log, request => request.Authorization?.StartsWith("Basic", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_token_for_nobody_that_does_not_do_is_answered_with_what_helps()
    {
        RequireToken();
        // As a registry does for a private repository: everybody gets a token, and not everybody gets in with it.
        _tokens.Instead = request => new FakeAnswer { Body = Encoding.UTF8.GetBytes($$"""{"token":"{{(request.Authorization is null ? "anonymous" : "another")}}"}""") };
        _fixture.Add("app:1", PullFixture.Layer(1));
        Assert.Contains("wants a user", (await _fixture.RefusedAsync(ErrorCode.RegistryUnauthorized, "app:1")).Message, StringComparison.Ordinal);
        ContainerException known = await _fixture.RefusedAsync(
            ErrorCode.RegistryUnauthorized, "app:1", options => options with { Access = FakeRegistry.Plain with { UserName = "alice", Password = "secret" } });
        Assert.Contains("does not accept", known.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_identity_token_is_exchanged()
    {
        RequireToken();
        string file = _fixture.Local.Write("auth.json", Encoding.UTF8.GetBytes($$$"""{"auths":{"{{{_fixture.Registry.Host}}}":{"identitytoken":"refresh-me"} } }"""));
        _fixture.Settings = FakeRegistry.Impatient with { CredentialFiles = [file] };
        _tokens.Instead = request => request.Method == "POST" && Encoding.UTF8.GetString(request.Body).Contains("refresh_token=refresh-me", StringComparison.Ordinal)
            ? new FakeAnswer { Body = """{"access_token":"abc"}"""u8.ToArray() }
            : new FakeAnswer { Status = 400 };
        _fixture.Add("app:1", PullFixture.Layer(1));
        await _fixture.PullAsync("app:1");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("<html>")]
    [InlineData("""{"token":"a b"}""")]
    [InlineData("""{"token":"a\r\nX-Evil: 1"}""")]
    public async Task What_is_no_token_is_refused(string answer)
    {
        RequireToken();
        _tokens.Instead = _ => new FakeAnswer { Body = Encoding.UTF8.GetBytes(answer) };
        await _fixture.RefusedAsync(ErrorCode.RegistryResponseInvalid, "app:1");
    }

    [Theory]
    [InlineData("Bearer", """realm="https://x/t",service="s",scope="a:b:c,d" """, "realm=https://x/t;service=s;scope=a:b:c,d")]
    [InlineData("BEARER", """realm=plain , Service = "q\"uote" """, "realm=plain;service=q\"uote")]
    [InlineData("Basic", null, "")]
    [InlineData("Bearer", "realm=\"never closed", "realm=never closed")]
    [InlineData("Bearer", "=,,==,", "")]
    public void Challenges_are_read(string scheme, string? parameters, string expected)
    {
        RegistryChallenge challenge = RegistryChallenge.Parse(scheme, parameters);
        Assert.Equal(scheme.ToLowerInvariant(), challenge.Scheme);
        Assert.Equal(expected, string.Join(';', challenge.Parameters.Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Fact]
    public async Task A_certificate_of_an_own_authority_is_trusted_by_its_folder_and_only_for_its_name()
    {
        using X509Certificate2 authority = Authority();
        using X509Certificate2 right = Certificate(authority, IPAddress.Loopback), wrong = Certificate(authority, IPAddress.Parse("192.0.2.1"));
        string folder = Folder("certs", ("ca.crt", authority.ExportCertificatePem()));
        using FakeRegistry good = new(right), bad = new(wrong);
        ContainerException unknown = await InspectAsync(good, null);
        Assert.Equal(ErrorCode.RegistryCertificateInvalid, unknown.Code);
        Assert.Equal($"The certificate of {good.Host} is not trusted: its authority '{authority.Subject}' is not known here.", unknown.Message);
        Assert.Equal(ErrorCode.ImageNotFound, (await InspectAsync(good, folder)).Code);
        ContainerException misnamed = await InspectAsync(bad, folder);
        Assert.Equal(ErrorCode.RegistryCertificateInvalid, misnamed.Code);
        Assert.Equal($"The certificate of {bad.Host} is not trusted: it is for 192.0.2.1, not for 127.0.0.1.", misnamed.Message);
        // The same, where the machine's folders are looked into.
        string machine = Path.Combine(_fixture.Local.Folder, "certs.d");
        Directory.CreateDirectory(machine);
        Directory.Move(folder, Path.Combine(machine, good.Host));
        _fixture.Settings = FakeRegistry.Impatient with { CertificateFolders = [machine] };
        Assert.Equal(ErrorCode.ImageNotFound, (await InspectAsync(good, null)).Code);
    }

    [Fact]
    public async Task What_there_is_against_a_certificate_is_told_whole()
    {
        using X509Certificate2 authority = Authority();
        using X509Certificate2 old = Certificate(authority, IPAddress.Parse("192.0.2.1"), ended: true);
        using FakeRegistry registry = new(old);
        ContainerException error = await InspectAsync(registry, null);
        Assert.Contains("it is for 192.0.2.1, not for 127.0.0.1; it ended on 20", error.Message, StringComparison.Ordinal);
        Assert.EndsWith($" UTC; its authority '{authority.Subject}' is not known here.", error.Message, StringComparison.Ordinal);
        using FakeRegistry selfSigned = new(authority);
        Assert.Contains("; nobody but itself vouches for it", (await InspectAsync(selfSigned, null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error:0A00045C:SSL routines::tlsv13 alert certificate required", true)]
    [InlineData("error:0A000412:SSL routines::ssl/tls alert bad certificate", true)]
    [InlineData("error:0A000418:SSL routines::tlsv1 alert unknown ca", true)]
    [InlineData("error:0A000438:SSL routines::tlsv1 alert internal error", false)]
    [InlineData("Connection reset by peer", false)]
    public void A_registry_that_refuses_the_client_is_told_from_one_that_is_cut(string innermost, bool refused)
        => Assert.Equal(refused, RegistryConnection.IsClientRefused(
            new HttpRequestException("An error occurred.", new IOException("The decryption operation failed, see inner exception.", new InvalidOperationException(innermost)))));

    [Fact]
    public async Task A_registry_without_a_good_certificate_is_used_where_the_configuration_says_so()
    {
        using X509Certificate2 authority = Authority();
        using X509Certificate2 certificate = Certificate(authority, IPAddress.Loopback);
        using FakeRegistry registry = new(certificate);
        string file = _fixture.Local.Write("registries.conf", Encoding.UTF8.GetBytes($"[[registry]]\nlocation = \"{registry.Host}\"\ninsecure = true\n"));
        _fixture.Settings = FakeRegistry.Impatient with { ConfigurationFiles = [file] };
        Assert.Equal(ErrorCode.ImageNotFound, (await InspectAsync(registry, null)).Code);
    }

    [Fact]
    public async Task From_TLS_nothing_goes_on_without_it_even_where_plain_HTTP_is_allowed()
    {
        using X509Certificate2 authority = Authority();
        using X509Certificate2 certificate = Certificate(authority, IPAddress.Loopback);
        using FakeRegistry registry = new(certificate);
        registry.Instead = request => request.Method switch
        {
            "GET" when request.Path != "/v2/" => FakeAnswer.Redirect($"http://{_tokens.Host}/there"),
            "POST" => new FakeAnswer { Status = 202, Headers = [$"Location: http://{_tokens.Host}/there"] },
            _ => null,
        };
        using RegistrySession session = new(FakeRegistry.Plain, FakeRegistry.Impatient);
        RegistryRepository repository = session.Repository(new RegistryEndpoint(registry.Host, "app", true));
        ContainerException read = await Assert.ThrowsAnyAsync<ContainerException>(() => repository.ManifestAsync("1", Token));
        Assert.Equal(ErrorCode.RegistryResponseInvalid, read.Code);
        ImageDescriptor blob = new() { MediaType = ImageMediaType.Layer, Digest = "sha256:" + new string('1', 64), Size = 3 };
        string file = _fixture.Local.Write("blob", [1, 2, 3]);
        ContainerException written = await Assert.ThrowsAnyAsync<ContainerException>(() => repository.UploadAsync(blob, file, null, _ => { }, Token));
        Assert.Equal(ErrorCode.RegistryResponseInvalid, written.Code);
        Assert.Empty(_tokens.Log);
    }

    [Fact]
    public async Task A_client_certificate_is_shown()
    {
        using X509Certificate2 authority = Authority();
        using X509Certificate2 certificate = Certificate(authority, IPAddress.Loopback);
        using FakeRegistry registry = new(certificate, authority);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=client", key, HashAlgorithmName.SHA256);
        using X509Certificate2 client = request.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddHours(12), [9]);
        string without = Folder("without", ("ca.crt", authority.ExportCertificatePem()));
        string with = Folder("with", ("ca.crt", authority.ExportCertificatePem()), ("me.cert", client.ExportCertificatePem()), ("me.key", key.ExportPkcs8PrivateKeyPem()));
        Assert.NotEqual(ErrorCode.ImageNotFound, (await InspectAsync(registry, without)).Code);
        Assert.Equal(ErrorCode.ImageNotFound, (await InspectAsync(registry, with)).Code);
    }

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("me.key")]
    [InlineData("me.cert")]
    public async Task A_folder_of_certificates_that_cannot_be_used_is_named(string file)
    {
        ContainerException error = await InspectAsync(_fixture.Registry, Folder("bad", (file, "nonsense")));
        Assert.Equal(ErrorCode.RegistryCertificateInvalid, error.Code);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    private Task<ContainerException> InspectAsync(FakeRegistry registry, string? folder) => Assert.ThrowsAnyAsync<ContainerException>(
        () => _fixture.Operations.InspectAsync(
            new RemoteImageOptions { Reference = $"{registry.Host}/app:1", Access = new RegistryAccess { CertificateFolder = folder } }, Token));

    private void RequireToken() => _fixture.Registry.Instead = request => request.Path != "/v2/" && request.Authorization != "Bearer abc"
        ? FakeAnswer.Unauthorized($"Bearer realm=\"http://{_tokens.Host}/token\",service=\"tests\",scope=\"repository:other:pull\"")
        : null;

    private string Folder(string name, params (string Name, string Content)[] files)
    {
        string folder = Path.Combine(_fixture.Local.Folder, name);
        Directory.CreateDirectory(folder);
        foreach ((string file, string content) in files) File.WriteAllText(Path.Combine(folder, file), content);
        return folder;
    }

    private static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static X509Certificate2 Authority()
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=tests authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Certificate(X509Certificate2 authority, IPAddress address, bool ended = false)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=registry", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-20), DateTimeOffset.UtcNow.AddHours(ended ? -10 : 12), [1, 2, 3]);
        return certificate.CopyWithPrivateKey(key);
    }
}
