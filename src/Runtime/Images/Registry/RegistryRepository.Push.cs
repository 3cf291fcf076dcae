using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Writing (OCI distribution specification 1.1, "Push").</summary>
internal sealed partial class RegistryRepository
{
    /// <summary>The registry's path of this repository.</summary>
    public string Path => path;

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

        string scope = mountFrom is null ? PushScope : $"{PushScope} repository:{mountFrom}:pull";
        string query = mountFrom is null ? "" : $"?mount={Uri.EscapeDataString(descriptor.Digest)}&from={Uri.EscapeDataString(mountFrom)}";
        Uri location;
        using (HttpResponseMessage response = await connection.SendAsync(HttpMethod.Post, $"{path}/blobs/uploads/{query}", scope, NoBody, cancellationToken))
        {
            if (mountFrom is not null && response.StatusCode == HttpStatusCode.Created)
            {
                sent(descriptor.Size);
                return;
            }

            if (mountFrom is not null && response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound)
            {
                await UploadAsync(descriptor, file, null, sent, cancellationToken);
                return;
            }

            if (response.StatusCode != HttpStatusCode.Accepted) throw await connection.ErrorAsync(response, $"an upload to {path}", cancellationToken);
            location = Location(response);
        }

        using SafeFileHandle handle = File.OpenHandle(file);
        long size = RandomAccess.GetLength(handle);
        if (size != descriptor.Size)
        {
            throw new ContainerException(
                ErrorCode.ImageCorrupt, string.Create(CultureInfo.InvariantCulture, $"The blob {descriptor.Digest} in the store has {size} bytes instead of {descriptor.Size}."), descriptor.Digest);
        }

        if (size <= connection.Settings.ChunkSize) await UploadWholeAsync(descriptor, handle, location, sent, cancellationToken);
        else await UploadChunksAsync(descriptor, handle, location, sent, cancellationToken);
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
            try
            {
                using StallGuard guard = new(connection.Settings.StallTimeout, cancellationToken);
                long have = 0;
                using HttpResponseMessage response = await connection.SendAsync(
                    HttpMethod.Put, WithDigest(location, descriptor.Digest), PushScope,
                    request =>
                    {
                        have = 0;
                        request.Content = Body(file, 0, descriptor.Size, guard, bytes => sent(have += bytes));
                    },
                    cancellationToken, attempts: 1);
                if (response.IsSuccessStatusCode) return;
                if ((int)response.StatusCode < 500 || attempt >= connection.Settings.Attempts) throw await connection.ErrorAsync(response, $"an upload to {path}", cancellationToken);
            }
            catch (ContainerException error) when (error.Code == ErrorCode.RegistryUnreachable && attempt < connection.Settings.Attempts)
            {
                // A cut connection.
            }

            await Task.Delay(connection.Delay(attempt), cancellationToken);
            // What the registry has got of the last attempt is not known: none of it is gone on with.
            using HttpResponseMessage anew = await connection.SendAsync(HttpMethod.Post, $"{path}/blobs/uploads/", PushScope, NoBody, cancellationToken);
            if (anew.StatusCode != HttpStatusCode.Accepted) throw await connection.ErrorAsync(anew, $"an upload to {path}", cancellationToken);
            location = Location(anew);
        }
    }

    private async Task UploadChunksAsync(ImageDescriptor descriptor, SafeFileHandle file, Uri location, Action<long> sent, CancellationToken cancellationToken)
    {
        int failures = 0;
        long most = 0;
        for (long have = 0; have < descriptor.Size;)
        {
            long length = Math.Min(connection.Settings.ChunkSize, descriptor.Size - have);
            try
            {
                using StallGuard guard = new(connection.Settings.StallTimeout, cancellationToken);
                long start = have, moved = have;
                using HttpResponseMessage response = await connection.SendAsync(
                    HttpMethod.Patch, location.AbsoluteUri, PushScope,
                    request =>
                    {
                        moved = start;
                        request.Content = Body(file, start, length, guard, bytes => sent(moved += bytes));
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

        using HttpResponseMessage last = await connection.SendAsync(HttpMethod.Put, WithDigest(location, descriptor.Digest), PushScope, NoBody, cancellationToken);
        if (!last.IsSuccessStatusCode) throw await connection.ErrorAsync(last, $"an upload to {path}", cancellationToken);
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

    private static RegistryUploadContent Body(SafeFileHandle file, long offset, long length, StallGuard guard, Action<long> sent)
        => new(file, offset, length, guard, sent) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };

    private static void NoBody(HttpRequestMessage request) => request.Content = new ByteArrayContent([]);

    private static string WithDigest(Uri location, string digest)
        => location.AbsoluteUri + (string.IsNullOrEmpty(location.Query) ? "?" : "&") + "digest=" + Uri.EscapeDataString(digest);
}
