using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace ContainerTools.Integration.Tests.Images.Registry;

/// <summary>Gives out the signed tokens that the distribution's registry asks for (its documentation, "Token Authentication Specification").</summary>
internal sealed class TokenServer : IDisposable
{
    public const string Service = "tests registry";
    public const string Issuer = "tests issuer";

    private readonly HttpListener _listener = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly Task _serving;

    public TokenServer(int port)
    {
        CertificateRequest request = new("CN=tests tokens", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string host = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        Realm = $"{host}/token";
        _listener.Prefixes.Add($"{host}/");
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    /// <summary>Where tokens are got.</summary>
    public string Realm { get; }

    /// <summary>What the registry must know to believe the tokens.</summary>
    public string CertificatePem => _certificate.ExportCertificatePem();

    /// <summary>What may be done in a repository by a user, or by nobody in particular (null).</summary>
    public Func<string?, string, string[]> Allowed { get; set; } = static (user, _) => user is null ? [] : ["pull", "push"];

    /// <summary>The scopes that were asked for, one line for each request.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public void Dispose()
    {
        _listener.Close();
        _serving.Wait();
        _certificate.Dispose();
        _key.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using HttpListenerResponse response = context.Response;
            string[] scopes = context.Request.QueryString.GetValues("scope") ?? [];
            Asked.Enqueue(string.Join(' ', scopes));
            string? user = UserOf(context.Request.Headers["Authorization"], out bool known);
            if (!known || context.Request.QueryString["service"] != Service)
            {
                response.StatusCode = 401;
                continue;
            }

            byte[] body = Encoding.UTF8.GetBytes(new JsonObject { ["token"] = Token(user, scopes) }.ToJsonString());
            response.ContentType = "application/json";
            response.ContentLength64 = body.Length;
            await response.OutputStream.WriteAsync(body);
        }
    }

    private static string? UserOf(string? authorization, out bool known)
    {
        known = authorization is null;
        if (authorization?.StartsWith("Basic ", StringComparison.Ordinal) != true) return null;
        known = Encoding.UTF8.GetString(Convert.FromBase64String(authorization[6..])) == $"{RegistryServer.User}:{RegistryServer.Password}";
        return RegistryServer.User;
    }

    // As real servers do: what is not allowed is left out, and the answer is 200 all the same.
    private string Token(string? user, string[] scopes)
    {
        JsonArray access = [];
        foreach (string[] words in scopes.Select(scope => scope.Split(':')).Where(words => words.Length == 3))
        {
            string[] actions = [.. words[2].Split(',').Intersect(Allowed(user, words[1]))];
            access.Add((JsonNode)new JsonObject { ["type"] = words[0], ["name"] = words[1], ["actions"] = new JsonArray([.. actions.Select(action => (JsonNode)action)]) });
        }

        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        string text = Part(new JsonObject
        {
            ["typ"] = "JWT",
            ["alg"] = "ES256",
            ["x5c"] = new JsonArray(Convert.ToBase64String(_certificate.RawData)),
        }) + "." + Part(new JsonObject
        {
            ["iss"] = Issuer,
            ["sub"] = user ?? "",
            ["aud"] = Service,
            ["exp"] = now + 300,
            ["nbf"] = now - 60,
            ["iat"] = now,
            ["jti"] = Guid.NewGuid().ToString("n"),
            ["access"] = access,
        });
        return $"{text}.{Encode(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    private static string Part(JsonObject document) => Encode(Encoding.UTF8.GetBytes(document.ToJsonString()));

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
