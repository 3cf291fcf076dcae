using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>One repository of a registry (OCI distribution specification 1.1): reading.</summary>
/// <param name="connection">The connection to its registry.</param>
/// <param name="path">Its path there.</param>
internal sealed partial class RegistryRepository(RegistryConnection connection, string path)
{
    private const int PageSize = 200;
    private const int MaximumPages = 10_000;

    private string Pull => $"repository:{path}:pull";

    /// <summary>The connection.</summary>
    public RegistryConnection Connection => connection;

    /// <summary>Registry and path.</summary>
    public override string ToString() => $"{connection.Name}/{path}";

    /// <summary>A manifest or an index.</summary>
    /// <param name="reference">A tag or a digest; what comes for a digest must have it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.ImageNotFound"/>, <see cref="ErrorCode.DigestMismatch"/>, <see cref="ErrorCode.RegistryResponseInvalid"/> and those of the connection.
    /// </exception>
    public async Task<RemoteDocument> ManifestAsync(string reference, CancellationToken cancellationToken)
    {
        string what = $"{path}{(ImageDigest.IsValid(reference) ? "@" : ":")}{reference}";
        (byte[] content, HttpContentHeaders headers, string? promised) = await DocumentAsync(
            $"{path}/manifests/{reference}", what, request => AcceptManifests(request.Headers.Accept), cancellationToken);
        string type = MediaTypeOf(headers, content, what);
        string digest = ImageDigest.Of(content);
        if (ImageDigest.IsValid(reference) ? digest != reference : promised is not null && ImageDigest.IsValid(promised) && digest != promised)
        {
            throw new ContainerException(
                ErrorCode.DigestMismatch, $"{connection.Name} sends something else than promised as {what}: its digest is {digest}, not {(ImageDigest.IsValid(reference) ? reference : promised)}.", what);
        }

        return new RemoteDocument(content, digest, type);
    }

    /// <summary>A small blob: a configuration, a signature's payload.</summary>
    public async Task<byte[]> BlobAsync(ImageDescriptor descriptor, CancellationToken cancellationToken)
    {
        string hex = ImageDigest.Hex(descriptor.Digest);
        if (descriptor.Size is < 0 or > ImageLayout.MaximumDocumentSize)
        {
            throw new ContainerException(
                ErrorCode.SizeLimitExceeded,
                string.Create(CultureInfo.InvariantCulture, $"{this} has a document of {descriptor.Size} bytes; at most {ImageLayout.MaximumDocumentSize} are allowed."), descriptor.Digest);
        }

        (byte[] content, HttpContentHeaders headers, _) = await DocumentAsync($"{path}/blobs/{ImageDigest.Prefix}{hex}", $"the blob {descriptor.Digest}", null, cancellationToken);
        RefusePages(headers, $"the blob {descriptor.Digest}");
        string digest = ImageDigest.Of(content);
        return digest == descriptor.Digest && content.Length == descriptor.Size ? content : throw new ContainerException(
            ErrorCode.DigestMismatch,
            string.Create(CultureInfo.InvariantCulture, $"{connection.Name} sends {content.Length} bytes with the digest {digest} as the blob {descriptor.Digest} of {descriptor.Size} bytes."),
            descriptor.Digest);
    }

    /// <summary>Whether there is a blob.</summary>
    public async Task<bool> HasBlobAsync(string digest, string scope, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await connection.SendAsync(HttpMethod.Head, $"{path}/blobs/{digest}", scope, null, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound) return false;
        return response.IsSuccessStatusCode ? true : throw await connection.ErrorAsync(response, $"the blob {digest}", cancellationToken);
    }

    /// <summary>Begins to read a large blob.</summary>
    /// <param name="descriptor">The blob.</param>
    /// <param name="offset">The first byte that is wanted.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The answer, its body unread, and the position in the blob at which the body begins.</returns>
    public async Task<(HttpResponseMessage Response, long Start)> OpenBlobAsync(ImageDescriptor descriptor, long offset, CancellationToken cancellationToken)
    {
        string what = $"the layer {descriptor.Digest} of {path}";
        HttpResponseMessage response = await connection.SendAsync(
            HttpMethod.Get, $"{path}/blobs/{descriptor.Digest}", Pull, request => request.Headers.Range = offset > 0 ? new RangeHeaderValue(offset, null) : null, cancellationToken);
        try
        {
            HttpContentHeaders headers = response.Content.Headers;
            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent)) throw await connection.ErrorAsync(response, what, cancellationToken);
            RefusePages(headers, what);
            // A server that does not know ranges sends all of it.
            bool whole = response.StatusCode == HttpStatusCode.OK;
            if (!whole && headers.ContentRange?.From != offset) throw connection.Invalid($"sends another part of {what} than was asked for");
            long start = whole ? 0 : offset;
            long? size = whole ? headers.ContentLength : headers.ContentRange?.Length ?? (headers.ContentLength + offset);
            if (size is { } told && told != descriptor.Size)
            {
                throw connection.Invalid(string.Create(CultureInfo.InvariantCulture, $"says that {what} has {told} bytes, but its manifest says {descriptor.Size}"));
            }

            return (response, start);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The tags.</summary>
    public async IAsyncEnumerable<string> TagsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TagsAnswer page in PagesAsync(connection, $"{path}/tags/list", Pull, $"the repository {path}", RegistryJson.Default.TagsAnswer, cancellationToken))
        {
            foreach (string? tag in page.Tags ?? [])
            {
                if (!string.IsNullOrEmpty(tag)) yield return RegistryText.Clean(tag);
            }
        }
    }

    /// <summary>The repositories of a registry.</summary>
    public static async IAsyncEnumerable<string> CatalogAsync(RegistryConnection connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (CatalogAnswer page in PagesAsync(connection, "_catalog", "registry:catalog:*", "its list of repositories", RegistryJson.Default.CatalogAnswer, cancellationToken))
        {
            foreach (string? repository in page.Repositories ?? [])
            {
                if (!string.IsNullOrEmpty(repository)) yield return RegistryText.Clean(repository);
            }
        }
    }

    /// <summary>Asks whether a registry is there and accepts who is asking.</summary>
    public static async Task PingAsync(RegistryConnection connection, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await connection.SendAsync(HttpMethod.Get, "", null, null, cancellationToken);
        if (!response.IsSuccessStatusCode) throw await connection.ErrorAsync(response, "its version", cancellationToken);
    }

    private async Task<(byte[] Content, HttpContentHeaders Headers, string? Digest)> DocumentAsync(
        string address, string what, Action<HttpRequestMessage>? shape, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            using HttpResponseMessage response = await connection.SendAsync(HttpMethod.Get, address, Pull, shape, cancellationToken);
            if (!response.IsSuccessStatusCode) throw await connection.ErrorAsync(response, what, cancellationToken);
            try
            {
                byte[] content = await connection.ReadAsync(response, ImageLayout.MaximumDocumentSize, what, cancellationToken);
                string? digest = response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? values) ? values.First() : null;
                return (content, response.Content.Headers, digest);
            }
            catch (RegistryTransferException error)
            {
                if (attempt >= connection.Settings.Attempts) throw connection.Unreachable(error);
            }

            await Task.Delay(connection.Delay(attempt), cancellationToken);
        }
    }

    private static async IAsyncEnumerable<T> PagesAsync<T>(
        RegistryConnection connection, string address, string scope, string what, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        HashSet<string> visited = [];
        for (string? next = string.Create(CultureInfo.InvariantCulture, $"{address}?n={PageSize}"); next is not null;)
        {
            if (!visited.Add(next) || visited.Count > MaximumPages) throw connection.Invalid($"has no end of {what}");
            using HttpResponseMessage response = await connection.SendAsync(HttpMethod.Get, next, scope, null, cancellationToken);
            if (!response.IsSuccessStatusCode) throw await connection.ErrorAsync(response, what, cancellationToken);
            T page;
            try
            {
                byte[] content = await connection.ReadAsync(response, ImageLayout.MaximumDocumentSize, what, cancellationToken);
                page = JsonSerializer.Deserialize(content, type) ?? throw new JsonException();
            }
            catch (JsonException)
            {
                throw connection.Invalid($"answers what cannot be read to a request for {what}");
            }
            catch (RegistryTransferException error)
            {
                throw connection.Unreachable(error);
            }

            yield return page;
            next = NextPage(response, connection);
        }
    }

    /// <summary>The address in <c>Link: &lt;…&gt;; rel="next"</c> (RFC 8288), which must be the registry's own.</summary>
    private static string? NextPage(HttpResponseMessage response, RegistryConnection connection)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? links)) return null;
        foreach (string link in links)
        {
            int start = link.IndexOf('<'), end = link.IndexOf('>');
            if (start < 0 || end < start || !link[end..].Contains("next", StringComparison.Ordinal)) continue;
            Uri here = response.RequestMessage!.RequestUri!;
            if (Uri.TryCreate(here, link[(start + 1)..end], out Uri? next) && next.Scheme == here.Scheme && next.Authority == here.Authority) return next.AbsoluteUri;
            throw connection.Invalid("continues its list at another registry");
        }

        return null;
    }

    private string MediaTypeOf(HttpContentHeaders headers, byte[] content, string what)
    {
        RefusePages(headers, what);
        string told = headers.ContentType?.MediaType ?? "";
        ManifestKind kind;
        try
        {
            kind = ManifestKind.Read(content);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.RegistryResponseInvalid, $"{connection.Name} sends something else than a manifest as {what}: {RegistryText.Clean(told)}.", what, error);
        }

        if (kind.SchemaVersion == 1) throw new ContainerException(ErrorCode.ImageUnsupported, $"{what} is in Docker's first format (schema 1), which was given up; push it again.", what);
        // Read as one thing by whoever checks it and as another by whoever runs it: refused (CVE-2021-41190).
        if (kind.HasManifests && (kind.HasLayers || kind.HasConfig)) throw connection.Invalid($"sends a document as {what} that is an index and a manifest at once");
        string type = kind.MediaType ?? told;
        if (kind.MediaType is not null && told.Length > 0 && told != kind.MediaType && (ImageMediaType.IsIndex(told) || ImageMediaType.IsManifest(told)))
        {
            throw connection.Invalid($"sends {what} as '{RegistryText.Clean(told)}', but it says that it is '{RegistryText.Clean(kind.MediaType)}'");
        }

        if (!ImageMediaType.IsIndex(type) && !ImageMediaType.IsManifest(type))
        {
            throw new ContainerException(ErrorCode.ImageUnsupported, $"{what} is of the type '{RegistryText.Clean(type)}', which is no image.", what);
        }

        if (ImageMediaType.IsIndex(type) != kind.HasManifests) throw connection.Invalid($"sends {what} as '{type}', which it is not");
        return type;
    }

    /// <summary>A page for people, from a proxy or a portal, is no answer of a registry.</summary>
    private void RefusePages(HttpContentHeaders headers, string what)
    {
        if (headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml")
        {
            throw connection.Invalid($"answers with a web page to a request for {what}; is it a registry, and is there no portal or proxy before it");
        }
    }

    private static void AcceptManifests(HttpHeaderValueCollection<MediaTypeWithQualityHeaderValue> accept)
    {
        foreach (string type in (ReadOnlySpan<string>)[ImageMediaType.Index, ImageMediaType.Manifest, ImageMediaType.DockerIndex, ImageMediaType.DockerManifest])
        {
            accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }
    }
}
