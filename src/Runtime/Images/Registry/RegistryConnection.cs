using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// HTTP with one registry: the scheme it speaks, certificates, credentials, redirects, attempts, and errors in the engine's words.
/// </summary>
internal sealed class RegistryConnection : IDisposable
{
    private const int MaximumRedirects = 10;
    private const int MaximumErrorSize = 64 * 1024;

    private readonly bool _allowPlain;
    private readonly RegistrySettings _settings;
    private readonly RegistryCertificates _certificates;
    private readonly HttpClient _client;
    private readonly RegistryAuthorization _authorization;
    private readonly SemaphoreSlim _probing = new(1);
    private Uri? _base;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="endpoint">Where the registry is.</param>
    /// <param name="access">What the caller says of how to reach it.</param>
    /// <param name="settings">What the machine says.</param>
    /// <param name="credentials">Finds the credentials when they are asked for; null for none.</param>
    public RegistryConnection(
        RegistryEndpoint endpoint, RegistryAccess access, RegistrySettings settings, Func<CancellationToken, Task<RegistryCredential?>> credentials)
    {
        Host = endpoint.ApiHost;
        Name = endpoint.Host;
        _settings = settings;
        // What the caller says is said of the registry in the name; of its mirrors, the configuration says it.
        _allowPlain = endpoint.Insecure || (access.AllowUnencrypted && !endpoint.IsMirror);
        string? given = endpoint.IsMirror ? null : access.CertificateFolder;
        _certificates = new RegistryCertificates(given ?? RegistryCertificates.FolderOf(endpoint.Host, settings.CertificateFolders));
        string own = Address("https").Host;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = settings.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            UseCookies = false,
            // A proxy cannot reach what only this machine has.
            UseProxy = !Address("https").IsLoopback,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => sender is SslStream { TargetHostName: var host }
                    && (_certificates.Trusts(host, certificate, chain, errors) || (endpoint.Insecure && host == own)),
                LocalCertificateSelectionCallback = (_, target, _, _, _) => target == own ? _certificates.Client! : null!,
            },
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("containertools/0.1");
        _authorization = new RegistryAuthorization(this, credentials);
    }

    /// <summary>The host that speaks the protocol.</summary>
    public string Host { get; }

    /// <summary>The registry as people call it.</summary>
    public string Name { get; }

    /// <summary>How patient to be.</summary>
    public RegistrySettings Settings => _settings;

    /// <summary>Sends a request for a path below <c>/v2/</c>, again where that may help, with whatever authorization it takes.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path below <c>/v2/</c>, or a whole address. Only the registry itself gets credentials.</param>
    /// <param name="scope">What the token must allow, <c>repository:team/app:pull</c>; null for what the registry asks for.</param>
    /// <param name="shape">Adds headers and body; called for each attempt.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="attempts">How often; 0 for the usual number.</param>
    /// <returns>The answer, its body unread. Anything but 401, 429 and 5xx is left to the caller.</returns>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? scope, Action<HttpRequestMessage>? shape, CancellationToken cancellationToken, int attempts = 0)
    {
        if (attempts == 0) attempts = _settings.Attempts;
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan delay = Delay(attempt);
            try
            {
                Uri server = await BaseAsync(cancellationToken);
                Uri address = path.Contains("://", StringComparison.Ordinal) ? new Uri(path) : new Uri(server, "v2/" + path);
                HttpResponseMessage response = await SendAuthorizedAsync(method, server, address, scope, shape, cancellationToken);
                if (!IsPassing(response.StatusCode)) return response;
                TimeSpan? asked = RetryAfter(response);
                bool limited = response.StatusCode == HttpStatusCode.TooManyRequests;
                if (attempt >= attempts || (asked ?? delay) > _settings.LongestWait)
                {
                    if (limited) throw RateLimited(response, asked);
                    return response;
                }

                response.Dispose();
                if (asked > delay) delay = asked.Value;
            }
            catch (RegistryTransferException error)
            {
                if (attempt >= attempts || IsUnknownHost(error)) throw Unreachable(error);
            }

            await Task.Delay(delay, cancellationToken);
        }
    }

    /// <summary>The wait before the next attempt, a little different for everybody, so that not all come back at once.</summary>
    public TimeSpan Delay(int attempt)
        => _settings.FirstDelay * Math.Pow(2, attempt - 1) * (0.75 + (Random.Shared.NextDouble() / 2));

    /// <summary>One request to wherever, without authorization unless given; failures of the connection as <see cref="RegistryTransferException"/>.</summary>
    public async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, StallGuard? guard, CancellationToken cancellationToken)
    {
        using StallGuard? own = guard is null ? new StallGuard(_settings.StallTimeout, cancellationToken) : null;
        guard ??= own!;
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, guard.Token);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RegistryTransferException(guard.Stalled ? "it does not answer" : "connecting takes too long", error);
        }
        catch (HttpRequestException error)
        {
            Uri asked = request.RequestUri!;
            if (FindAuthentication(error) is { } refused && IsCertificate(refused))
            {
                throw new ContainerException(
                    ErrorCode.RegistryCertificateInvalid,
                    $"The certificate of {asked.Authority} is not trusted: {_certificates.Objection(asked.Host) ?? RegistryText.Clean(refused.Message).TrimEnd('.')}.", asked.Authority, error);
            }

            if (IsClientRefused(error)) throw ClientRefused(asked, error);
            throw new RegistryTransferException(Reason(error), error);
        }
        catch (IOException error)
        {
            if (IsClientRefused(error)) throw ClientRefused(request.RequestUri!, error);
            throw new RegistryTransferException(error.Message, error);
        }
    }

    /// <summary>
    /// Whether the other side has ended TLS because of the certificate of this one (the alerts bad_certificate to unknown_ca and certificate_required of
    /// RFC 8446). With TLS 1.3 that comes with the first answer only, and .NET has no more of it than the text of OpenSSL, some levels down.
    /// </summary>
    internal static bool IsClientRefused(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error.Message.Contains(" alert ", StringComparison.Ordinal)
                && (error.Message.Contains("certificate", StringComparison.Ordinal) || error.Message.Contains("unknown ca", StringComparison.Ordinal))) return true;
        }

        return false;
    }

    private ContainerException ClientRefused(Uri asked, Exception error) => new(
        ErrorCode.RegistryCertificateInvalid,
        _certificates.Client is { } client
            ? $"{asked.Authority} does not accept the client's certificate '{RegistryText.Clean(client.Subject)}'."
            : $"{asked.Authority} wants a certificate of the client; put *.cert and *.key into its folder of certs.d, or say with -CertificateFolder where they are.",
        asked.Authority, error);

    /// <summary>All of a document, which may not be larger than is said.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SizeLimitExceeded"/>.</exception>
    public async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, string what, CancellationToken cancellationToken)
    {
        ContainerException TooLarge() => new(
            ErrorCode.SizeLimitExceeded,
            string.Create(CultureInfo.InvariantCulture, $"{Name} sends {what} of more than {limit / 1024} KiB, which none needs to have."), Name);
        if (response.Content.Headers.ContentLength > limit) throw TooLarge();
        using MemoryStream content = new();
        byte[] buffer = new byte[16 * 1024];
        using StallGuard guard = new(_settings.StallTimeout, cancellationToken);
        try
        {
            await using Stream stream = await response.Content.ReadAsStreamAsync(guard.Token);
            int read;
            while ((read = await stream.ReadAsync(buffer, guard.Token)) > 0)
            {
                guard.Moved(read);
                content.Write(buffer, 0, read);
                if (content.Length > limit) throw TooLarge();
            }

            return content.ToArray();
        }
        catch (OperationCanceledException error) when (guard.Stalled)
        {
            throw new RegistryTransferException($"it stalled in the middle of {what}", error);
        }
        catch (Exception error) when (error is HttpRequestException or (IOException and not RegistryTransferException))
        {
            throw new RegistryTransferException($"the connection was cut in the middle of {what}", error);
        }
    }

    /// <summary>The error that an unwelcome answer means.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="what">What was asked for, <c>the image x:1</c>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<ContainerException> ErrorAsync(HttpResponseMessage response, string what, CancellationToken cancellationToken)
    {
        string said = await SaidAsync(response, cancellationToken);
        int status = (int)response.StatusCode;
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound => new ContainerException(ErrorCode.ImageNotFound, $"{Name} does not have {what}{said}.", Name),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Unauthorized($"{Name} does not give access to {what}{said}."),
            HttpStatusCode.TooManyRequests => RateLimited(response, RetryAfter(response)),
            _ => new ContainerException(
                ErrorCode.RegistryFailed, string.Create(CultureInfo.InvariantCulture, $"{Name} answers {status} to a request for {what}{said}."), Name),
        };
    }

    /// <summary>The error of a registry that wants other credentials.</summary>
    public ContainerException Unauthorized(string message) => new(ErrorCode.RegistryUnauthorized, message, Name);

    /// <summary>The error of a registry that cannot be reached.</summary>
    public ContainerException Unreachable(RegistryTransferException error)
        => new(ErrorCode.RegistryUnreachable, $"{Name} cannot be reached: {RegistryText.Clean(error.Message)}.", Name, error);

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _certificates.Dispose();
        _probing.Dispose();
    }

    /// <summary>The address that paths are below: by TLS, unless plain HTTP is allowed and TLS is not spoken.</summary>
    private async Task<Uri> BaseAsync(CancellationToken cancellationToken)
    {
        if (_base is not null) return _base;
        Uri secure = Address("https");
        if (!_allowPlain) return _base = secure;
        await _probing.WaitAsync(cancellationToken);
        try
        {
            if (_base is not null) return _base;
            try
            {
                using HttpRequestMessage request = new(HttpMethod.Get, new Uri(secure, "v2/"));
                using HttpResponseMessage response = await SendOnceAsync(request, null, cancellationToken);
                return _base = secure;
            }
            catch (RegistryTransferException)
            {
                using HttpRequestMessage request = new(HttpMethod.Get, new Uri(Address("http"), "v2/"));
                using HttpResponseMessage response = await SendOnceAsync(request, null, cancellationToken);
                return _base = Address("http");
            }
        }
        finally
        {
            _probing.Release();
        }
    }

    private Uri Address(string scheme)
        => Uri.TryCreate($"{scheme}://{Host}/", UriKind.Absolute, out Uri? address)
            ? address
            : throw new ContainerException(ErrorCode.InvalidArgument, $"'{Name}' is not the name of a registry; write it as host or host:port.", Name);

    private async Task<HttpResponseMessage> SendAuthorizedAsync(
        HttpMethod method, Uri server, Uri address, string? scope, Action<HttpRequestMessage>? shape, CancellationToken cancellationToken)
    {
        for (bool answered = false; ; answered = true)
        {
            HttpResponseMessage response = await FollowAsync(method, server, address, _authorization.For(scope), shape, cancellationToken);
            // Storage that the registry sends us to cannot ask for what is the registry's: it would name a place of its own to bring it to.
            if (response.StatusCode != HttpStatusCode.Unauthorized || !IsSameServer(response.RequestMessage!.RequestUri!, server)) return response;
            try
            {
                if (answered)
                {
                    string said = await SaidAsync(response, cancellationToken);
                    throw Unauthorized(_authorization.HasCredential
                        ? $"{Name} does not accept the credentials it asked for{said}."
                        : $"{Name} wants a user{said}; connect with Connect-ContainerRegistry first.");
                }

                await _authorization.AnswerAsync(response.Headers.WwwAuthenticate, server, scope, cancellationToken);
            }
            finally
            {
                response.Dispose();
            }
        }
    }

    private async Task<HttpResponseMessage> FollowAsync(
        HttpMethod method, Uri server, Uri address, AuthenticationHeaderValue? authorization, Action<HttpRequestMessage>? shape,
        CancellationToken cancellationToken)
    {
        HashSet<string> visited = [];
        for (Uri at = address; ;)
        {
            using HttpRequestMessage request = new(method, at);
            shape?.Invoke(request);
            // What proves who we are is for the registry alone, not for the storage that it sends us to.
            if (IsSameServer(at, server)) request.Headers.Authorization = authorization;
            HttpResponseMessage response = await SendOnceAsync(request, request.Content is RegistryUploadContent upload ? upload.Guard : null, cancellationToken);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308)) return response;
            Uri? target = response.Headers.Location;
            response.Dispose();
            if (target is null || (method != HttpMethod.Get && method != HttpMethod.Head)) throw Invalid($"redirects a {method} request, which cannot be followed");
            if (!target.IsAbsoluteUri) target = new Uri(at, target);
            if (target.Scheme is not ("http" or "https")) throw Invalid($"redirects to '{RegistryText.Clean(target.Scheme)}:', which is no place for blobs");
            if (at.Scheme == "https" && target.Scheme == "http") throw Invalid("redirects from TLS to plain HTTP");
            visited.Add(at.AbsoluteUri);
            if (visited.Contains(target.AbsoluteUri)) throw Invalid($"redirects in a circle, back to {RegistryText.Clean(target.GetLeftPart(UriPartial.Path))}");
            if (visited.Count > MaximumRedirects) throw Invalid($"redirects more than {MaximumRedirects} times");
            at = target;
        }
    }

    /// <summary>The error of a registry that does what no registry may.</summary>
    public ContainerException Invalid(string what) => new(ErrorCode.RegistryResponseInvalid, $"{Name} {what}.", Name);

    private static bool IsSameServer(Uri one, Uri other) => one.Scheme == other.Scheme && one.Host == other.Host && one.Port == other.Port;

    private static bool IsPassing(HttpStatusCode status) => (int)status is 408 or 429 or 500 or 502 or 503 or 504;

    private async Task<string> SaidAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            byte[] body = await ReadAsync(response, MaximumErrorSize, "an error", cancellationToken);
            ErrorAnswer? answer = JsonSerializer.Deserialize(body, RegistryJson.Default.ErrorAnswer);
            ErrorAnswerItem? first = answer?.Errors is [{ } item, ..] ? item : null;
            string text = RegistryText.Clean(first?.Message ?? first?.Code ?? "");
            return text.Length == 0 ? "" : $" ({text})";
        }
        catch (Exception error) when (error is JsonException or RegistryTransferException or ContainerException { Code: ErrorCode.SizeLimitExceeded })
        {
            // The status alone says enough.
            return "";
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        RetryConditionHeaderValue? header = response.Headers.RetryAfter;
        TimeSpan? wait = header?.Delta ?? (header?.Date is { } date ? date - DateTimeOffset.UtcNow : null);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private RegistryRateLimitException RateLimited(HttpResponseMessage response, TimeSpan? wait)
    {
        response.Dispose();
        string when = wait is { } time
            ? string.Create(CultureInfo.InvariantCulture, $"wait {Words(time)} and try again")
            : "it does not say for how long";
        return new RegistryRateLimitException($"{Name} has had too many requests from here; {when}.", Name, wait);
    }

    private static string Words(TimeSpan time)
    {
        (long number, string unit) = time.TotalSeconds < 120 ? ((long)Math.Ceiling(time.TotalSeconds), "second")
            : time.TotalMinutes < 120 ? ((long)Math.Ceiling(time.TotalMinutes), "minute")
            : ((long)Math.Ceiling(time.TotalHours), "hour");
        return string.Create(CultureInfo.InvariantCulture, $"{number} {unit}{(number == 1 ? "" : "s")}");
    }

    private static AuthenticationException? FindAuthentication(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is AuthenticationException found) return found;
        }

        return null;
    }

    /// <summary>The framework has one exception for a certificate that was refused and for a peer that does not speak TLS.</summary>
    private static bool IsCertificate(AuthenticationException error) => error.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase);

    // The name server has answered that there is none; asking again changes nothing.
    private static bool IsUnknownHost(RegistryTransferException error)
        => error.InnerException is HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound } };

    private string Reason(HttpRequestException error) => error.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "there is no such host",
        HttpRequestError.SecureConnectionError => _allowPlain ? "it does not speak TLS" : "it does not speak TLS; plain HTTP must be allowed with -AllowUnencrypted or in registries.conf",
        _ => (error.InnerException ?? error).Message.TrimEnd('.'),
    };
}
