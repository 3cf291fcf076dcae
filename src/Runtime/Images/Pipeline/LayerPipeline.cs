using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>
/// Takes one layer in: reads it, hashes it, copies it among the blobs, decompresses it, hashes that, and unpacks it, all at the
/// same time, each on a thread of its own, with a bounded number of buffers between them.
/// <code>
///   plain:       read + hash + copy ─────────────────────────► unpack
///   compressed:  read + hash + copy ──► decompress ──┬───────► unpack
///                                                    └───────► hash
/// </code>
/// A stage whose input turns out to be damaged goes on consuming it: only when everything has been hashed is it known
/// whether the archive is not what was promised (the better message) or was made wrongly.
/// </summary>
internal sealed class LayerPipeline : IDisposable
{
    private const int QueueLength = 24;
    private const int ProgressStep = 4 * 1024 * 1024;

    private readonly LayerJob _job;
    private readonly LayerMemory _memory;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _cancellationToken;
    private readonly List<Thread> _threads = [];
    private readonly Lock _failureLock = new();
    private ExceptionDispatchInfo? _fatal;
    private ExceptionDispatchInfo? _undecodable;
    private ExceptionDispatchInfo? _malformed;
    private bool _needsWindow;

    private LayerPipeline(LayerJob job, LayerMemory memory, CancellationToken cancellationToken)
    {
        _job = job;
        _memory = memory;
        _cancellationToken = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Does the job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="memory">What it shares with the jobs beside it. When one of them fails, all must end: it may keep buffers.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.DigestMismatch"/>, <see cref="ErrorCode.ArchiveCorrupt"/>, <see cref="ErrorCode.ArchiveUnsafe"/>,
    /// <see cref="ErrorCode.ImageUnsupported"/>, <see cref="ErrorCode.StorageFull"/>.
    /// </exception>
    public static Task<LayerResult> RunAsync(LayerJob job, LayerMemory memory, CancellationToken cancellationToken)
        => Task.Factory.StartNew(
            () =>
            {
                using (LayerPipeline pipeline = new(job, memory, cancellationToken))
                {
                    LayerResult result = pipeline.Run(zstdWindow: 0);
                    if (!pipeline._needsWindow) return result;
                }

                // All of it has been read, and is where it was to be copied; what has come out of it is half of a layer.
                if (job.Folder is not null)
                {
                    FolderRemoval.Remove(job.Folder);
                    NewFolder.Make(job.Folder, NewFolder.Public);
                }

                using LayerPipeline again = new(job with { BlobPath = null, Progress = null }, memory, cancellationToken);
                return again.Run(ZstdDecoders.LargestWindow);
            },
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <param name="zstdWindow">The least window that frames of zstd may ask for, if the first does not ask for more.</param>
    private LayerResult Run(long zstdWindow)
    {
        // What is still on its way may never come when something else has failed.
        using CancellationTokenRegistration abandoned = _stop.Token.Register(_job.Source.Abandon);
        Compression compression = _job.Source.Compression;
        // Refuses what cannot be decompressed before anything is written.
        CompressionFormat.CheckSupported(compression, _job.Subject);
        // Before any buffer is filled: who waits for its turn must not hold what those need that it waits for.
        using ZstdDecoder? zstd = compression == Compression.Zstd
            ? _memory.Zstd.Lend(Math.Max(zstdWindow, ZstdFrame.Window(_job.Source)), _job.Subject, _stop.Token)
            : null;
        using BlockingCollection<Chunk> toDecompress = new(QueueLength);
        using BlockingCollection<Chunk> toHash = new(QueueLength);
        using BlockingCollection<Chunk> toUnpack = new(QueueLength);
        LayerContents? contents = null;
        string? diffId = null;
        bool compressed = compression != Compression.None;
        if (_job.Folder is not null) Start("unpack", () => contents = Unpack(toUnpack));
        if (compressed)
        {
            Start("hash", () => diffId = Hash(toHash));
            Start("decompress", () => Decompress(compression, zstd, toDecompress, toHash, toUnpack));
        }

        string? blobDigest = null;
        Guard(() => blobDigest = Read(compressed ? toDecompress : _job.Folder is null ? null : toUnpack));
        toDecompress.CompleteAdding();
        if (!compressed) toUnpack.CompleteAdding();
        foreach (Thread thread in _threads) thread.Join();
        _cancellationToken.ThrowIfCancellationRequested();
        _fatal?.Throw();
        if (_job.BlobDigest is not null && _job.BlobDigest != blobDigest) throw Mismatch(_job.BlobDigest, blobDigest!);
        if (_needsWindow) return new LayerResult(blobDigest!, _job.Source.Length, compression, "", null);
        _undecodable?.Throw();
        diffId ??= blobDigest;
        if (_job.DiffId is not null && _job.DiffId != diffId) throw Mismatch(_job.DiffId, diffId!);
        _malformed?.Throw();
        return new LayerResult(blobDigest!, _job.Source.Length, compression, diffId!, contents);
    }

    private string Read(BlockingCollection<Chunk>? output)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using SafeFileHandle? blob = _job.BlobPath is null
            ? null
            : Libc.Open(_job.BlobPath, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0x1A4);
        long position = 0;
        long reported = 0;
        while (true)
        {
            Chunk chunk = _memory.Encoded.Take(_stop.Token);
            chunk.Length = _job.Source.Fill(position, chunk.Buffer);
            if (chunk.Length == 0)
            {
                chunk.Release();
                _job.Progress?.Invoke(position - reported);
                return ImageDigest.Format(hash.GetCurrentHash());
            }

            position += chunk.Length;
            hash.AppendData(chunk.Content.Span);
            if (blob is not null) WriteBlob(blob, chunk.Content.Span);
            if (output is null) chunk.Release();
            else output.Add(chunk, _stop.Token);
            if (position - reported >= ProgressStep)
            {
                _job.Progress?.Invoke(position - reported);
                reported = position;
            }
        }
    }

    private void WriteBlob(SafeFileHandle blob, ReadOnlySpan<byte> content)
    {
        int errno = Libc.WriteAll(blob, content);
        if (errno == Errno.ENOSPC || errno == Errno.EDQUOT)
        {
            throw new ContainerException(ErrorCode.StorageFull, $"{_job.Subject} cannot be stored: there is no space left; free some and try again.", _job.Subject);
        }

        if (errno != 0) throw KernelError.From("write", errno, _job.BlobPath);
    }

    private void Decompress(
        Compression compression, ZstdDecoder? zstd, BlockingCollection<Chunk> input, BlockingCollection<Chunk> hash, BlockingCollection<Chunk> unpack)
    {
        ChunkSource source = new(input, _stop.Token);
        try
        {
            using Stream stream = zstd?.Open(new SourceStream(source)) ?? CompressionFormat.Decompress(source, compression, _job.Subject);
            long total = 0;
            while (true)
            {
                Chunk chunk = _memory.Decoded.Take(_stop.Token);
                chunk.Length = stream.ReadAtLeast(chunk.Buffer, chunk.Buffer.Length, throwOnEndOfStream: false);
                if (chunk.Length == 0)
                {
                    chunk.Release();
                    break;
                }

                total += chunk.Length;
                if (total > _job.MaximumSize)
                {
                    throw DecompressedSize.Exceeded(_job.Subject, _job.Source.Length, _job.MaximumSize);
                }

                chunk.Share(_job.Folder is null ? 1 : 2);
                hash.Add(chunk, _stop.Token);
                if (_job.Folder is not null) unpack.Add(chunk, _stop.Token);
            }
        }
        catch (ZstdWindowException)
        {
            _needsWindow = true;
        }
        catch (Exception error) when (CompressionFormat.IsDamage(error))
        {
            _undecodable = ExceptionDispatchInfo.Capture(new ContainerException(
                ErrorCode.ArchiveCorrupt, $"{_job.Subject} is damaged or truncated: it cannot be decompressed.", _job.Subject, error));
        }
        finally
        {
            hash.CompleteAdding();
            unpack.CompleteAdding();
        }

        while (!source.Next().IsEmpty)
        {
        }
    }

    private static string Hash(BlockingCollection<Chunk> input)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Chunk chunk in input.GetConsumingEnumerable())
        {
            hash.AppendData(chunk.Content.Span);
            chunk.Release();
        }

        return ImageDigest.Format(hash.GetCurrentHash());
    }

    private LayerContents? Unpack(BlockingCollection<Chunk> input)
    {
        ChunkSource source = new(input, _stop.Token) { Passed = _memory.LimitGarbage };
        TarReader tar = new(source, _job.Subject);
        LayerContents? contents = null;
        try
        {
            using LayerUnpacker unpacker = new(_job.Folder!, _job.Subject);
            unpacker.Unpack(tar, _stop.Token);
            // Without a promised digest, the mark at the end is all that tells a whole archive from one cut between two entries.
            if (!tar.Closed && _job.DiffId is null && _job.BlobDigest is null) throw tar.Corrupt("ends without the mark that closes an archive");
            contents = unpacker.Contents;
        }
        catch (ContainerException error) when (error.Code is ErrorCode.ArchiveCorrupt or ErrorCode.ArchiveUnsafe)
        {
            _malformed = ExceptionDispatchInfo.Capture(error);
        }

        tar.Drain();
        return contents;
    }

    private void Start(string name, Action stage)
    {
        Thread thread = new(() => Guard(stage)) { Name = $"image {name}", IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    private void Guard(Action stage)
    {
        try
        {
            stage();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The cause is kept elsewhere: the caller's wish, or another stage's failure.
        }
        catch (Exception error)
        {
            lock (_failureLock) _fatal ??= ExceptionDispatchInfo.Capture(error);
            _stop.Cancel();
        }
    }

    private ContainerException Mismatch(string promised, string found) => new(
        ErrorCode.DigestMismatch, $"{_job.Subject} does not have the digest promised for it ({promised}) but {found}; get it again.", _job.Subject);
}
