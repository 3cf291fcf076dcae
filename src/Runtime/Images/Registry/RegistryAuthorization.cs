using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// Proves to a registry who asks: Basic (RFC 7617), or a token from the server that it names (distribution, "Token Authentication
/// Specification" and "OAuth2 Token Authentication"). Credentials are looked up when they are asked for, and tokens kept by what they allow.
/// </summary>
internal sealed class RegistryAuthorization(RegistryConnection connection, Func<CancellationToken, Task<RegistryCredential?>> find)
{
    private const int MaximumTokenSize = 256 * 1024;

    private readonly ConcurrentDictionary<string, AuthenticationHeaderValue> _tokens = new();
    private AuthenticationHeaderValue? _basic;

    /// <summary>What is known to work for a scope, or null.</summary>
    public AuthenticationHeaderValue? For(string? scope) => _tokens.TryGetValue(scope ?? "", out AuthenticationHeaderValue? token) ? token : _basic;

    /// <summary>Whether there was a user to answer with, the last time the registry asked.</summary>
    public bool HasCredential { get; private set; }

    /// <summary>Gets what a registry asks for.</summary>
    /// <param name="challenges">What it accepts.</param>
    /// <param name="asked">The address that was asked for.</param>
    /// <param name="scope">What is to be allowed; null for what the registry says.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.RegistryUnauthorized"/>.</exception>
    public async Task AnswerAsync(IEnumerable<AuthenticationHeaderValue> challenges, Uri asked, string? scope, CancellationToken cancellationToken)
    {
        List<RegistryChallenge> known = [.. challenges.Select(header => RegistryChallenge.Parse(header.Scheme, header.Parameter))];
        RegistryCredential? credential = await find(cancellationToken);
        HasCredential = credential is not null;
        if (known.Find(challenge => challenge.Scheme == "bearer") is { } bearer)
        {
            _tokens[scope ?? ""] = await TokenAsync(bearer, asked, scope, credential, cancellationToken);
            return;
        }

        if (!known.Exists(challenge => challenge.Scheme == "basic"))
        {
            throw connection.Invalid(known.Count == 0
                ? "asks for credentials without saying which"
                : $"asks for credentials of the kind '{RegistryText.Clean(known[0].Scheme)}', which is not known");
        }

        if (credential is null or { IsToken: true }) throw connection.Unauthorized($"{connection.Name} wants a user and a password; connect with Connect-ContainerRegistry first.");
        _basic = Basic(credential);
    }

    private async Task<AuthenticationHeaderValue> TokenAsync(
        RegistryChallenge challenge, Uri asked, string? scope, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        if (!challenge.Parameters.TryGetValue("realm", out string? realm) || !Uri.TryCreate(realm, UriKind.Absolute, out Uri? server)
            || server.Scheme is not ("http" or "https"))
        {
            throw connection.Invalid("asks for a token without saying where to get it");
        }

        // A password that went to the registry encrypted must not leave in the clear because the registry says so.
        if (server.Scheme == "http" && asked.Scheme == "https") throw connection.Invalid($"wants a token from {server.Authority}, which does not speak TLS");
        List<KeyValuePair<string, string>> query = [];
        if (challenge.Parameters.TryGetValue("service", out string? service)) query.Add(new("service", service));
        string wanted = scope ?? challenge.Parameters.GetValueOrDefault("scope", "");
        foreach (string part in wanted.Split(' ', StringSplitOptions.RemoveEmptyEntries)) query.Add(new("scope", part));
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await RequestAsync(server, query, credential, cancellationToken);
            }
            catch (RegistryTransferException error)
            {
                if (attempt >= connection.Settings.Attempts)
                {
                    throw new ContainerException(
                        ErrorCode.RegistryUnreachable, $"{server.Authority}, which has the tokens for {connection.Name}, cannot be reached: {error.Message}.", connection.Name, error);
                }
            }

            await Task.Delay(connection.Delay(attempt), cancellationToken);
        }
    }

    private async Task<AuthenticationHeaderValue> RequestAsync(
        Uri server, List<KeyValuePair<string, string>> query, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = credential is { IsToken: true } ? Exchange(server, query, credential) : Ask(server, query, credential);
        using HttpResponseMessage response = await connection.SendOnceAsync(request, null, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            ContainerException error = await connection.ErrorAsync(response, "a token", cancellationToken);
            if (error.Code != ErrorCode.RegistryUnauthorized) throw error;
            throw connection.Unauthorized(credential is null
                ? $"{connection.Name} wants credentials; connect with Connect-ContainerRegistry first."
                : $"{connection.Name} does not accept the credentials of '{credential.UserName}'.");
        }

        byte[] body = await connection.ReadAsync(response, MaximumTokenSize, "a token", cancellationToken);
        TokenAnswer? answer = null;
        try
        {
            answer = JsonSerializer.Deserialize(body, RegistryJson.Default.TokenAnswer);
        }
        catch (JsonException)
        {
            // Said below.
        }

        string? token = answer?.Token ?? answer?.AccessToken;
        if (string.IsNullOrEmpty(token) || token.Any(static c => c is <= ' ' or >= '\x7f')) throw connection.Invalid("gets a token from a server that sends none");
        return new AuthenticationHeaderValue("Bearer", token);
    }

    private static HttpRequestMessage Ask(Uri server, List<KeyValuePair<string, string>> query, RegistryCredential? credential)
    {
        StringBuilder text = new(server.AbsoluteUri);
        char separator = string.IsNullOrEmpty(server.Query) ? '?' : '&';
        IEnumerable<KeyValuePair<string, string>> all = credential is null ? query : [new("account", credential.UserName), .. query];
        foreach ((string name, string value) in all)
        {
            text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        HttpRequestMessage request = new(HttpMethod.Get, text.ToString());
        if (credential is not null) request.Headers.Authorization = Basic(credential);
        return request;
    }

    private static HttpRequestMessage Exchange(Uri server, List<KeyValuePair<string, string>> query, RegistryCredential credential)
    {
        string scopes = string.Join(' ', query.Where(pair => pair.Key == "scope").Select(pair => pair.Value));
        return new HttpRequestMessage(HttpMethod.Post, server)
        {
            Content = new FormUrlEncodedContent(
            [
                .. query.Where(pair => pair.Key != "scope"),
                new("scope", scopes),
                new("grant_type", "refresh_token"),
                new("client_id", "containertools"),
                new("refresh_token", credential.Secret),
            ]),
        };
    }

    private static AuthenticationHeaderValue Basic(RegistryCredential credential)
        => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Secret}")));
}
