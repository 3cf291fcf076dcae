using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>
/// Compresses a file block by block on all processors. The result is the same on every machine: blocks have a fixed size and know nothing of each other.
/// gzip becomes one member, as every reader expects it, of deflate blocks that each end on a byte (as pigz has them); zstd becomes one frame for each block.
/// </summary>
/// <param name="compression">gzip or zstd.</param>
internal sealed class ParallelCompression(Compression compression)
{
    /// <summary>The memory is a few blocks for each processor, whatever the file's size.</summary>
    private const int MostWorkers = 8;

    /// <summary>Fast: an upload waits for it. Two thirds of the time of the usual 6, and four percent more bytes. Faster ones lose much more.</summary>
    private const int GzipLevel = 3;

    private const int ZstdLevel = 3;

    private const int Samples = 8;

    private const int SampleSize = 4096;

    private readonly int _blockSize = compression == Compression.Gzip ? 1024 * 1024 : 2 * 1024 * 1024;

    /// <summary>Does it.</summary>
    /// <param name="input">The file.</param>
    /// <param name="output">Where the result goes.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The digests of both, and the size of the result.</returns>
    public async Task<(string Input, string Output, long Size)> RunAsync(SafeFileHandle input, Stream output, CancellationToken cancellationToken)
    {
        using IncrementalHash inputHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256), outputHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Crc32 check = new();
        long position = 0, size = 0;
        Queue<Task<ReadOnlyMemory<byte>>> window = new();
        Stack<byte[]> free = new();
        Queue<byte[]> used = new();
        int workers = Math.Min(Environment.ProcessorCount, MostWorkers);
        bool gzip = compression == Compression.Gzip;
        // Magic number, deflate, no flags, no time, no hints, Unix.
        if (gzip) Put([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                byte[] block = free.TryPop(out byte[]? known) ? known : new byte[_blockSize];
                int length = Fill(input, block, position);
                if (length == 0) break;
                inputHash.AppendData(block, 0, length);
                if (gzip) check.Append(block.AsSpan(0, length));
                position += length;
                window.Enqueue(Task.Run(() => gzip ? Deflate(block, length) : Frame(block, length), cancellationToken));
                used.Enqueue(block);
                // One more than can be worked on: what is next is ready when a processor is.
                if (window.Count > workers) await TakeAsync();
            }

            while (window.Count > 0) await TakeAsync();
        }
        finally
        {
            // Nobody reads the blocks any more when this returns, however it does.
            while (window.TryDequeue(out Task<ReadOnlyMemory<byte>>? left)) await left.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        if (gzip)
        {
            // An empty last block, the check value, and the size modulo 2^32.
            byte[] end = new byte[10];
            end[0] = 3;
            BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(2), check.Value);
            BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(6), (uint)(position & uint.MaxValue));
            Put(end);
        }

        return (Digest(inputHash), Digest(outputHash), size);

        async Task TakeAsync()
        {
            Put((await window.Dequeue()).Span);
            free.Push(used.Dequeue());
        }

        void Put(ReadOnlySpan<byte> bytes)
        {
            output.Write(bytes);
            outputHash.AppendData(bytes);
            size += bytes.Length;
        }
    }

    private static string Digest(IncrementalHash hash) => ImageDigest.Prefix + Convert.ToHexStringLower(hash.GetHashAndReset());

    private static int Fill(SafeFileHandle input, byte[] block, long position)
    {
        int length = 0;
        while (length < block.Length)
        {
            int read = RandomAccess.Read(input, block.AsSpan(length), position + length);
            if (read == 0) break;
            length += read;
        }

        return length;
    }

    /// <summary>Deflate blocks up to a byte's end, and no last block.</summary>
    private static ReadOnlyMemory<byte> Deflate(byte[] block, int length)
    {
        if (IsDense(block, length)) return Stored(block, length);
        MemoryStream compressed = new(length + (length / 1000) + 64);
        using DeflateStream deflate = new(compressed, new ZLibCompressionOptions { CompressionLevel = GzipLevel }, leaveOpen: true);
        deflate.Write(block, 0, length);
        deflate.Flush();
        // Before the stream is closed, which would add the last block.
        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }

    /// <summary>
    /// Whether a block looks as if it were compressed already, by samples from all over it. To find no match takes deflate longer than anything else.
    /// </summary>
    private static bool IsDense(byte[] block, int length)
    {
        if (length < Samples * SampleSize) return false;
        using MemoryStream compressed = new(Samples * SampleSize * 2);
        using (DeflateStream deflate = new(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int i = 0; i < Samples; i++) deflate.Write(block, (int)((long)(length - SampleSize) * i / (Samples - 1)), SampleSize);
        }

        return compressed.Length >= Samples * SampleSize;
    }

    /// <summary>Deflate blocks that hold the bytes as they are (RFC 1951, section 3.2.4): a byte of kind, the length and its complement, the bytes.</summary>
    private static ReadOnlyMemory<byte> Stored(byte[] block, int length)
    {
        const int Most = ushort.MaxValue;
        byte[] stored = new byte[length + (((length / Most) + 1) * 5)];
        int end = 0;
        for (int start = 0; start < length; start += Most)
        {
            int part = Math.Min(Most, length - start);
            stored[end] = 0;
            BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(end + 1), (ushort)part);
            BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(end + 3), (ushort)~part);
            block.AsSpan(start, part).CopyTo(stored.AsSpan(end + 5));
            end += 5 + part;
        }

        return stored.AsMemory(0, end);
    }

    private static ReadOnlyMemory<byte> Frame(byte[] block, int length)
    {
        using ZstdSharp.Compressor compressor = new(ZstdLevel);
        byte[] compressed = new byte[ZstdSharp.Compressor.GetCompressBound(length)];
        return compressed.AsMemory(0, compressor.Wrap(block.AsSpan(0, length), compressed));
    }
}
