using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace ContainerTools.Integration.Tests.Images.Registry;

/// <summary>The distribution's docker-registry on loopback, with or without TLS and authentication.</summary>
internal sealed class RegistryServer : IDisposable
{
    public const string User = "alice";
    public const string Password = "secret";

    /// <summary>bcrypt of <see cref="Password"/>, as htpasswd writes it.</summary>
    private const string UserLine = "alice:$2y$05$92TKjXlu6Q18ZJRG8T2hv.73QNtBkjGm9iaztAEiOt/NoGJHMEgPS\n";

    private readonly Process _process;

    public RegistryServer(string folder, bool tls = false, bool authentication = false, bool clients = false, TokenServer? tokens = null)
    {
        StoreFixture.RequireTool("docker-registry");
        Folder = Path.Combine(folder, "registry");
        Directory.CreateDirectory(Folder);
        int port = FreePort();
        Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        string configuration = $"""
            version: 0.1
            log: {"{"}level: error, accesslog: {"{"}disabled: true{"}"}{"}"}
            storage:
              filesystem: {"{"}rootdirectory: {Folder}/data{"}"}
              delete: {"{"}enabled: true{"}"}
            http:
              addr: {Host}

            """;
        if (tls)
        {
            CertificateFolder = Path.Combine(Folder, "certs");
            MakeCertificates(CertificateFolder, Folder, clients);
            string known = clients ? $", clientcas: [{CertificateFolder}/ca.crt]" : "";
            configuration += $"  tls: {{certificate: {Folder}/server.pem, key: {Folder}/server-key.pem{known}}}\n";
        }

        if (authentication)
        {
            File.WriteAllText(Path.Combine(Folder, "htpasswd"), UserLine);
            configuration += $"auth:\n  htpasswd: {{realm: tests, path: {Folder}/htpasswd}}\n";
        }

        if (tokens is not null)
        {
            string bundle = Path.Combine(Folder, "tokens.pem");
            File.WriteAllText(bundle, tokens.CertificatePem);
            configuration += $"auth:\n  token: {{realm: '{tokens.Realm}', service: {TokenServer.Service}, issuer: {TokenServer.Issuer}, rootcertbundle: {bundle}}}\n";
        }

        File.WriteAllText(Path.Combine(Folder, "config.yml"), configuration);
        ProcessStartInfo start = new("docker-registry", ["serve", Path.Combine(Folder, "config.yml")]) { RedirectStandardError = true, RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (!Answers(port)) Thread.Sleep(20);
    }

    public string Folder { get; }

    public string Host { get; }

    /// <summary>Holds the authority, and a client's certificate where clients must show one, as certs.d would; null without TLS.</summary>
    public string? CertificateFolder { get; }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    internal static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private bool Answers(int port)
    {
        Assert.False(_process.HasExited, "docker-registry ended");
        try
        {
            using TcpClient client = new();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void MakeCertificates(string authorityFolder, string folder, bool clients)
    {
        Directory.CreateDirectory(authorityFolder);
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=tests authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(authorityFolder, "ca.crt"), authority.ExportCertificatePem());
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest server = new("CN=registry", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        server.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = server.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddHours(12), [1, 2, 3]);
        File.WriteAllText(Path.Combine(folder, "server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "server-key.pem"), key.ExportPkcs8PrivateKeyPem());
        if (!clients) return;
        using ECDsa clientKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest client = new("CN=client", clientKey, HashAlgorithmName.SHA256);
        client.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false)); // clientAuth
        using X509Certificate2 shown = client.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddHours(12), [4, 5, 6]);
        File.WriteAllText(Path.Combine(authorityFolder, "client.cert"), shown.ExportCertificatePem());
        File.WriteAllText(Path.Combine(authorityFolder, "client.key"), clientKey.ExportPkcs8PrivateKeyPem());
    }
}
