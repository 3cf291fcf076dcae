using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Tests.Archives;

namespace ContainerTools.Tests.Registries;

/// <summary>
/// A registry in the test's own process, on loopback, that can be made to misbehave: every answer may be replaced, cut, slowed down or made wrong.
/// </summary>
internal sealed partial class FakeRegistry : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2? _certificate;
    private readonly X509Certificate2? _clientAuthority;

    public FakeRegistry(X509Certificate2? certificate = null, X509Certificate2? clientAuthority = null)
    {
        _certificate = certificate;
        _clientAuthority = clientAuthority;
        _listener.Start();
        Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _ = Task.Run(AcceptAsync);
    }

    public string Host { get; }

    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <summary>By <c>repository:tag</c> or <c>repository@digest</c>: content and type.</summary>
    public ConcurrentDictionary<string, (byte[] Content, string Type)> Manifests { get; } = new();

    /// <summary>What was asked, in order: <c>GET /v2/x/manifests/1</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The requests themselves.</summary>
    public ConcurrentQueue<FakeRequest> Log { get; } = new();

    /// <summary>Answers instead of the registry; null to let it answer.</summary>
    public Func<FakeRequest, FakeAnswer?>? Instead { get; set; }

    /// <summary>Changes the registry's answer.</summary>
    public Func<FakeRequest, FakeAnswer, FakeAnswer>? Then { get; set; }

    public bool KnowsRanges { get; set; } = true;

    public static RegistrySettings Impatient { get; } = new()
    {
        FirstDelay = TimeSpan.FromMilliseconds(1),
        StallTimeout = TimeSpan.FromSeconds(20),
        Attempts = 3,
        CredentialFiles = [Path.Combine(Path.GetTempPath(), "containertools-no-such-file.json")],
    };

    public static RegistryAccess Plain { get; } = new() { AllowUnencrypted = true };

    public int Count(string request) => Requests.Count(asked => asked.StartsWith(request, StringComparison.Ordinal));

    /// <summary>Adds what an archive builder has made; the digest of the manifest or index.</summary>
    public string Add(string repository, string tag, ImageBuilder builder, JsonObject descriptor)
    {
        foreach ((string name, byte[] content) in builder.Files)
        {
            if (name.StartsWith("blobs/sha256/", StringComparison.Ordinal)) Blobs["sha256:" + name["blobs/sha256/".Length..]] = content;
        }

        foreach (byte[] content in Blobs.Values)
        {
            string text = content.Length > 0 && content[0] == '{' ? Encoding.UTF8.GetString(content) : "";
            if (JsonType(text) is { } type) Manifests[$"{repository}@{ImageBuilder.Digest(content)}"] = (content, type);
        }

        string digest = (string)descriptor["digest"]!;
        Manifests[$"{repository}:{tag}"] = (Blobs[digest], (string)descriptor["mediaType"]!);
        return digest;
    }

    /// <summary>Adds a document as a manifest.</summary>
    public string AddManifest(string repository, string tag, JsonNode manifest, string type)
    {
        byte[] content = ImageBuilder.Bytes(manifest);
        string digest = ImageBuilder.Digest(content);
        Manifests[$"{repository}:{tag}"] = Manifests[$"{repository}@{digest}"] = (content, type);
        return digest;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _stop.Dispose();
    }

    private static string? JsonType(string text)
    {
        if (text.Length == 0) return null;
        try
        {
            return (string?)JsonNode.Parse(text)?["mediaType"];
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using Stream stream = await OpenAsync(client);
                while (await FakeRequest.ReadAsync(stream, _stop.Token) is { } request)
                {
                    Log.Enqueue(request);
                    Requests.Enqueue($"{request.Method} {request.Target}");
                    FakeAnswer answer = Instead?.Invoke(request) ?? Answer(request);
                    if (Then is not null) answer = Then(request, answer);
                    if (!await answer.WriteAsync(stream, request.Method == "HEAD", _stop.Token)) return;
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or SocketException or ObjectDisposedException
                or System.Security.Authentication.AuthenticationException)
            {
                // The client has had enough.
            }
        }
    }

    private async Task<Stream> OpenAsync(TcpClient client)
    {
        if (_certificate is null) return client.GetStream();
        SslStream secure = new(client.GetStream());
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = _certificate,
                ClientCertificateRequired = _clientAuthority is not null,
                RemoteCertificateValidationCallback = (_, shown, _, _) => _clientAuthority is null || (shown is not null && shown.Issuer == _clientAuthority.Subject),
            },
            _stop.Token);
        return secure;
    }

    private FakeAnswer Answer(FakeRequest request)
    {
        string path = request.Path;
        if (path == "/v2/") return new FakeAnswer { Body = "{}"u8.ToArray() };
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string repository = parts.Length > 3 ? string.Join('/', parts[1..^2]) : "";
        if (Written(request, parts, repository) is { } written) return written;
        if (parts.Length > 3 && parts[^2] == "manifests")
        {
            string key = repository + (parts[^1].StartsWith("sha256:", StringComparison.Ordinal) ? "@" : ":") + parts[^1];
            return Manifests.TryGetValue(key, out (byte[] Content, string Type) manifest)
                ? new FakeAnswer { Body = manifest.Content, Type = manifest.Type }
                : FakeAnswer.NotFound;
        }

        if (parts.Length > 3 && parts[^2] == "blobs")
        {
            if (!Blobs.TryGetValue(parts[^1], out byte[]? blob)) return FakeAnswer.NotFound;
            long from = KnowsRanges ? request.RangeStart : 0;
            if (from == 0) return new FakeAnswer { Body = blob, Type = "application/octet-stream" };
            return new FakeAnswer
            {
                Status = 206,
                Body = blob[(int)from..],
                Type = "application/octet-stream",
                Headers = [string.Create(CultureInfo.InvariantCulture, $"Content-Range: bytes {from}-{blob.Length - 1}/{blob.Length}")],
            };
        }

        return FakeAnswer.NotFound;
    }
}
