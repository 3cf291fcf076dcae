using System.Buffers;
using System.Globalization;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// Fetches one layer into a file, from wherever the last attempt left off, by this process or another. What comes is not verified here: who reads
/// <see cref="Range"/> does that, while it comes.
/// </summary>
/// <param name="blob">The layer.</param>
/// <param name="sources">The repositories that may have it, the likeliest first.</param>
/// <param name="folder">Where files are while they grow.</param>
/// <param name="stored">Where the file is once the store has it.</param>
/// <param name="staged">Where it is to be linked when it is complete.</param>
/// <param name="display">What it is, for messages.</param>
/// <param name="progress">Told how many bytes there are.</param>
internal sealed class BlobDownload(
    ImageDescriptor blob, IReadOnlyList<RegistryRepository> sources, DownloadFolder folder, string stored, string staged, string display, Action<long> progress) : IDisposable
{
    private const int BufferSize = 128 * 1024;

    private readonly HashSet<RegistryRepository> _origins = [];
    private SafeFileHandle? _file;

    /// <summary>The layer.</summary>
    public ImageDescriptor Blob => blob;

    /// <summary>Its bytes, also those that are still to come.</summary>
    public GrowingRange Range { get; } = new(blob.Size, display);

    /// <summary>How many bytes were there before this download began.</summary>
    public long Found { get; private set; }

    /// <summary>The repositories that bytes have come from.</summary>
    public IReadOnlyCollection<RegistryRepository> Origins => _origins;

    /// <summary>Whether all of it is there.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Fetches it. A failure reaches the reader, as the one who waits for the bytes.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            // One whose turn comes after the pull was stopped leaves no file behind.
            cancellationToken.ThrowIfCancellationRequested();
            SafeFileHandle file = await folder.OpenAsync(blob.Digest, blob.Size, cancellationToken);
            try
            {
                await FetchAsync(file, cancellationToken);
            }
            finally
            {
                // Nothing to go on from. Whoever waits for the lock looks whether the file still has its name.
                if (RandomAccess.GetLength(file) == 0) Libc.TryUnlink(folder.Path(blob.Digest));
                // Reading goes on; whoever waits for the layer has it from here.
                Libc.Unlock(file);
                if (_file != file) file.Dispose();
            }
        }
        catch (Exception error)
        {
            Range.Fail(error is RegistryTransferException transfer ? sources[0].Connection.Unreachable(transfer) : error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private async Task FetchAsync(SafeFileHandle file, CancellationToken cancellationToken)
    {
        // Somebody else's pull may have brought it into the store while this one waited for the lock.
        if (File.Exists(stored))
        {
            Libc.TryUnlink(folder.Path(blob.Digest));
            _file = Libc.Open(stored, Libc.O_RDONLY | Libc.O_CLOEXEC);
            Found = blob.Size;
            Complete(stored);
            return;
        }

        long have = RandomAccess.GetLength(file);
        _file = file;
        Found = have;
        Range.Open(file, staged);
        progress(have);
        if (have > 0 && have < blob.Size) Range.Grow(have);
        if (have < blob.Size) await FetchAsync(file, have, cancellationToken);
        int errno = Libc.TryLink(folder.Path(blob.Digest), staged);
        if (errno != 0) throw KernelError.From("link", errno, staged);
        Complete(staged);
    }

    private void Complete(string path)
    {
        Range.Open(_file!, path);
        IsComplete = true;
        progress(blob.Size);
        Range.Grow(blob.Size);
    }

    private async Task FetchAsync(SafeFileHandle file, long have, CancellationToken cancellationToken)
    {
        int failures = 0, source = 0;
        while (have < blob.Size)
        {
            long before = have;
            try
            {
                have = await ReceiveAsync(file, have, sources[source], cancellationToken);
                if (have < blob.Size) throw Cut(have);
            }
            catch (RegistryTransferException error)
            {
                have = RandomAccess.GetLength(file);
                failures = have > before ? 1 : failures + 1;
                if (failures >= sources[source].Connection.Settings.Attempts)
                {
                    if (source + 1 == sources.Count) throw Failed(error, have, sources[source]);
                    (source, failures) = (source + 1, 0);
                }

                await Task.Delay(sources[source].Connection.Delay(Math.Max(1, failures)), cancellationToken);
            }
            catch (ContainerException error) when (source + 1 < sources.Count && error.Code is not ErrorCode.StorageFull)
            {
                // A mirror that has the manifest, but not all of its layers.
                (source, failures) = (source + 1, 0);
            }
        }
    }

    private async Task<long> ReceiveAsync(SafeFileHandle file, long have, RegistryRepository source, CancellationToken cancellationToken)
    {
        (HttpResponseMessage response, long position) = await source.OpenBlobAsync(blob, have, cancellationToken);
        using (response)
        {
            using StallGuard guard = new(source.Connection.Settings.StallTimeout, cancellationToken);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                await using Stream stream = await response.Content.ReadAsStreamAsync(guard.Token);
                int read;
                while ((read = await stream.ReadAsync(buffer, guard.Token)) > 0)
                {
                    guard.Moved(read);
                    // Where the server knows no ranges, it sends again what is there already.
                    int known = (int)Math.Clamp(have - position, 0, read);
                    position += read;
                    if (known == read) continue;
                    if (position > blob.Size) throw source.Connection.Invalid($"sends more than the {blob.Size} bytes of the layer {blob.Digest}");
                    _origins.Add(source);
                    Write(file, buffer.AsSpan(known, read - known), have);
                    have = position;
                    progress(have);
                    if (have < blob.Size) Range.Grow(have);
                }

                return have;
            }
            catch (OperationCanceledException error) when (guard.Stalled)
            {
                throw new RegistryTransferException($"it stalled in the middle of the layer {blob.Digest}", error);
            }
            catch (Exception error) when (error is HttpRequestException or (IOException and not RegistryTransferException))
            {
                throw new RegistryTransferException($"the connection was cut in the middle of the layer {blob.Digest}", error);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position)
    {
        try
        {
            RandomAccess.Write(file, bytes, position);
        }
        catch (IOException error)
        {
            // Not to be taken for a failure of the network, which would be tried again.
            bool full = error.HResult == Errno.ENOSPC || error.HResult == Errno.EDQUOT;
            throw new ContainerException(
                full ? ErrorCode.StorageFull : ErrorCode.KernelError,
                full ? $"{display} cannot be stored: there is no space left; free some and try again." : $"{display} could not be stored: {error.Message}", display, error);
        }
    }

    private RegistryTransferException Cut(long have) => new(string.Create(
        CultureInfo.InvariantCulture, $"the layer {blob.Digest} ended after {have} of {blob.Size} bytes"));

    private static ContainerException Failed(RegistryTransferException error, long have, RegistryRepository source)
    {
        string name = source.Connection.Name;
        return new ContainerException(
            ErrorCode.RegistryUnreachable,
            string.Create(CultureInfo.InvariantCulture, $"{name} was given up: {RegistryText.Clean(error.Message)}; {have} bytes are kept, and the next attempt goes on from there."), name, error);
    }
}
