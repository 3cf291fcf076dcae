using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Writing (OCI distribution specification 1.1, "Push").</summary>
internal sealed partial class RegistryRepository
{
    private readonly ConcurrentDictionary<string, bool> _closed = new();

    /// <summary>The registry's path of this repository.</summary>
    public string Path => path;

    /// <summary>Whether another repository has shown to be of no use as the source of a blob: it may not be read with these credentials.</summary>
    public bool IsClosed(string other) => _closed.ContainsKey(other);

    /// <summary>What writing needs to be allowed.</summary>
    public string PushScope => $"repository:{path}:pull,push";

    /// <summary>Brings a blob there, unless it is there already.</summary>
    /// <param name="descriptor">The blob.</param>
    /// <param name="file">Its file.</param>
    /// <param name="mountFrom">A repository of the same registry that may have it; null for none.</param>
    /// <param name="sent">Told how many bytes are there.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task UploadAsync(ImageDescriptor descriptor, string file, string? mountFrom, Action<long> sent, CancellationToken cancellationToken)
    {
        if (await HasBlobAsync(descriptor.Digest, PushScope, cancellationToken))
        {
            sent(descriptor.Size);
            return;
        }

        HttpResponseMessage? begun = mountFrom is null ? null : await TryMountAsync(descriptor.Digest, mountFrom, cancellationToken);
        if (begun?.StatusCode == HttpStatusCode.Created)
        {
            begun.Dispose();
            sent(descriptor.Size);
            return;
        }

        RegistryUpload upload;
        using (HttpResponseMessage response = begun ?? await connection.SendAsync(HttpMethod.Post, $"{path}/blobs/uploads/", PushScope, NoBody, cancellationToken))
        {
            upload = await BegunAsync(response, cancellationToken);
        }

        using SafeFileHandle handle = File.OpenHandle(file);
        long size = RandomAccess.GetLength(handle);
        if (size != descriptor.Size)
        {
            throw new ContainerException(
                ErrorCode.ImageCorrupt, string.Create(CultureInfo.InvariantCulture, $"The blob {descriptor.Digest} in the store has {size} bytes instead of {descriptor.Size}."), descriptor.Digest);
        }

        if (size <= upload.ChunkSize) await UploadWholeAsync(descriptor, handle, upload.Location, sent, cancellationToken);
        else await UploadChunksAsync(descriptor, handle, upload, sent, cancellationToken);
    }

    /// <summary>
    /// Asks for a blob of another repository. Whoever may not read there is refused the whole request, also by a registry whose token server gives a token
    /// for less than was asked; the upload then has to begin without it.
    /// </summary>
    /// <returns>The answer: 201 when the blob is here now, 202 when it has to be sent; null where the repository is of no use.</returns>
    private async Task<HttpResponseMessage?> TryMountAsync(string digest, string from, CancellationToken cancellationToken)
    {
        try
        {
            HttpResponseMessage response = await connection.SendAsync(
                HttpMethod.Post, $"{path}/blobs/uploads/?mount={Uri.EscapeDataString(digest)}&from={Uri.EscapeDataString(from)}",
                $"{PushScope} repository:{from}:pull", NoBody, cancellationToken);
            if (response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound)) return response;
            response.Dispose();
        }
        catch (ContainerException error) when (error.Code == ErrorCode.RegistryUnauthorized)
        {
            // Of this repository or of the other, which an upload without the other will show.
        }

        _closed.TryAdd(from, true);
        return null;
    }

    private async Task<RegistryUpload> BegunAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.Accepted) throw await connection.ErrorAsync(response, $"an upload to {path}", cancellationToken);
        // How small a chunk may be but for the last (OCI distribution specification, "Pushing a blob in chunks").
        long least = response.Headers.NonValidated.TryGetValues("OCI-Chunk-Min-Length", out HeaderStringValues values)
            && long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long told) ? told : 0;
        return new RegistryUpload(Location(response), Math.Max(connection.Settings.ChunkSize, least));
    }

    /// <summary>Puts a manifest or an index there; the last step of a push.</summary>
    /// <param name="content">Its bytes.</param>
    /// <param name="mediaType">What it is.</param>
    /// <param name="reference">The tag or digest that it gets.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task PutManifestAsync(byte[] content, string mediaType, string reference, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await connection.SendAsync(
            HttpMethod.Put, $"{path}/manifests/{reference}", PushScope,
            request => request.Content = new ByteArrayContent(content) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } }, cancellationToken);
        if (!response.IsSuccessStatusCode) throw await connection.ErrorAsync(response, $"the manifest {path}:{reference}", cancellationToken);
        string digest = ImageDigest.Of(content);
        if (response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? values) && values.First() is var told && told != digest)
        {
            throw new ContainerException(
                ErrorCode.DigestMismatch, $"{connection.Name} keeps the manifest {digest} as {RegistryText.Clean(told)}: it has changed it.", reference);
        }
    }

    private async Task UploadWholeAsync(ImageDescriptor descriptor, SafeFileHandle file, Uri location, Action<long> sent, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            using StallGuard guard = new(connection.Settings.StallTimeout, cancellationToken);
            long have = 0;
            if (await TryCloseAsync(
                descriptor, location, attempt, guard,
                request =>
                {
                    have = 0;
                    request.Content = Body(file, 0, descriptor.Size, guard, connection.Settings.ClosingTimeout, bytes => sent(have += bytes));
                },
                cancellationToken)) return;
            await Task.Delay(connection.Delay(attempt), cancellationToken);
            // What the registry has got of the last attempt is not known: none of it is gone on with.
            using HttpResponseMessage anew = await connection.SendAsync(HttpMethod.Post, $"{path}/blobs/uploads/", PushScope, NoBody, cancellationToken);
            location = (await BegunAsync(anew, cancellationToken)).Location;
        }
    }

    /// <summary>
    /// The PUT that ends an upload. A registry may take minutes for it, where its storage copies what has come; and what it has finished after the
    /// connection was cut is there, while the upload is not any more. So the blob is looked for before anything is sent again or told.
    /// </summary>
    /// <returns>Whether the blob is there; if not, it may be tried again.</returns>
    private async Task<bool> TryCloseAsync(
        ImageDescriptor descriptor, Uri location, int attempt, StallGuard guard, Action<HttpRequestMessage> shape, CancellationToken cancellationToken)
    {
        ContainerException? failure;
        bool again;
        try
        {
            using HttpResponseMessage response = await connection.SendAsync(
                HttpMethod.Put, WithDigest(location, descriptor.Digest), PushScope, shape, cancellationToken, attempts: 1);
            if (response.IsSuccessStatusCode) return true;
            again = (int)response.StatusCode >= 500;
            failure = await connection.ErrorAsync(response, $"an upload to {path}", cancellationToken);
            // An answer to the first attempt is about this one.
            if (!again && attempt == 1) throw failure;
        }
        catch (ContainerException error) when (error.Code == ErrorCode.RegistryUnreachable)
        {
            failure = error;
            // Who has all of it and says nothing in so long a time will not do so the next time.
            again = !(guard.Stalled && guard.Closing);
        }

        if (await HasBlobAsync(descriptor.Digest, PushScope, cancellationToken)) return true;
        return again && attempt < connection.Settings.Attempts ? false : throw failure;
    }

    private async Task UploadChunksAsync(ImageDescriptor descriptor, SafeFileHandle file, RegistryUpload upload, Action<long> sent, CancellationToken cancellationToken)
    {
        Uri location = upload.Location;
        int failures = 0;
        long most = 0;
        for (long have = 0; have < descriptor.Size;)
        {
            long length = Math.Min(upload.ChunkSize, descriptor.Size - have);
            try
            {
                using StallGuard guard = new(connection.Settings.StallTimeout, cancellationToken);
                long start = have, moved = have;
                using HttpResponseMessage response = await connection.SendAsync(
                    HttpMethod.Patch, location.AbsoluteUri, PushScope,
                    request =>
                    {
                        moved = start;
                        request.Content = Body(file, start, length, guard, connection.Settings.StallTimeout, bytes => sent(moved += bytes));
                        // No unit: this header is the protocol's own (OCI distribution specification, "Pushing a blob in chunks").
                        request.Content.Headers.TryAddWithoutValidation("Content-Range", string.Create(CultureInfo.InvariantCulture, $"{start}-{start + length - 1}"));
                    },
                    cancellationToken, attempts: 1);
                if (response.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.NoContent)
                {
                    location = Location(response);
                    have = Accepted(response) ?? (start + length);
                    if (have > start && have <= start + length)
                    {
                        // What it takes and forgets, again and again, is no progress.
                        if (have > most) failures = 0;
                        most = Math.Max(most, have);
                        continue;
                    }

                    if (++failures >= connection.Settings.Attempts)
                    {
                        throw connection.Invalid(string.Create(
                            CultureInfo.InvariantCulture, $"accepts the bytes from {start} to {start + length} of {descriptor.Digest}, and says that it has {have}"));
                    }
                }
                else if ((int)response.StatusCode is not (416 or >= 500) || ++failures >= connection.Settings.Attempts)
                {
                    throw await connection.ErrorAsync(response, $"an upload to {path}", cancellationToken);
                }
            }
            catch (ContainerException error) when (error.Code == ErrorCode.RegistryUnreachable && ++failures < connection.Settings.Attempts)
            {
                // A cut connection: the registry is asked how far it has got.
            }

            await Task.Delay(connection.Delay(failures), cancellationToken);
            (location, have) = await StatusAsync(location, cancellationToken);
            if (have < 0 || have > descriptor.Size)
            {
                throw connection.Invalid(string.Create(CultureInfo.InvariantCulture, $"says that it has {have} bytes of {descriptor.Digest}, which has {descriptor.Size}"));
            }
        }

        for (int attempt = 1; ; attempt++)
        {
            using StallGuard guard = new(connection.Settings.StallTimeout, cancellationToken);
            if (await TryCloseAsync(
                descriptor, location, attempt, guard,
                request => request.Content = Body(file, descriptor.Size, 0, guard, connection.Settings.ClosingTimeout, sent), cancellationToken)) return;
            await Task.Delay(connection.Delay(attempt), cancellationToken);
        }
    }

    private async Task<(Uri Location, long Have)> StatusAsync(Uri location, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await connection.SendAsync(HttpMethod.Get, location.AbsoluteUri, PushScope, null, cancellationToken);
        if (!response.IsSuccessStatusCode) throw await connection.ErrorAsync(response, $"an upload to {path}", cancellationToken);
        return (response.Headers.Location is null ? location : Location(response), Accepted(response) ?? 0);
    }

    /// <summary>How many bytes the registry has: the header is <c>Range: 0-&lt;last&gt;</c>, without a unit.</summary>
    private static long? Accepted(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Range", out HeaderStringValues values)) return null;
        string range = values.ToString();
        int dash = range.LastIndexOf('-');
        return dash >= 0 && long.TryParse(range.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long last) ? (last == 0 ? 0 : last + 1) : null;
    }

    /// <summary>
    /// Where an upload goes on. That may be another host, as with a registry that keeps blobs in somebody's storage: it gets the content, but no credentials
    /// (<see cref="RegistryConnection"/> adds them for the registry alone), and never without the TLS that the registry was spoken to with.
    /// </summary>
    private Uri Location(HttpResponseMessage response)
    {
        Uri here = response.RequestMessage!.RequestUri!;
        if (response.Headers.Location is not { } location) throw connection.Invalid("begins an upload without saying where it goes on");
        Uri whole = location.IsAbsoluteUri ? location : new Uri(here, location);
        if (whole.Scheme is not ("http" or "https") || (here.Scheme == "https" && whole.Scheme == "http"))
        {
            throw connection.Invalid($"sends an upload on to {RegistryText.Clean(whole.GetLeftPart(UriPartial.Path))}, without TLS");
        }

        return whole;
    }

    private static RegistryUploadContent Body(SafeFileHandle file, long offset, long length, StallGuard guard, TimeSpan closing, Action<long> sent)
        => new(file, offset, length, guard, closing, sent) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };

    private static void NoBody(HttpRequestMessage request) => request.Content = new ByteArrayContent([]);

    private static string WithDigest(Uri location, string digest)
        => location.AbsoluteUri + (string.IsNullOrEmpty(location.Query) ? "?" : "&") + "digest=" + Uri.EscapeDataString(digest);

    /// <summary>An upload that has begun.</summary>
    /// <param name="Location">Where it goes on.</param>
    /// <param name="ChunkSize">How many bytes go there in one request.</param>
    private sealed record RegistryUpload(Uri Location, long ChunkSize);
}
