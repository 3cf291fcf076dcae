using System.Collections.Concurrent;
using ContainerTools.Runtime.Images.Archives;
using ZstdSharp;

namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>
/// Lends out decompressors for zstd. One needs as much memory as the window that its data ask for (RFC 8878, 3.1.1.1.2), and that is up to
/// whoever has made the layer: so all of them together get no more than <see cref="LargestWindow"/>. What programs write by default fits
/// four times into that; a larger one is alone.
/// </summary>
internal sealed class ZstdDecoders : IDisposable
{
    /// <summary>The largest window that is taken, bytes: that of <c>zstd -20</c>.</summary>
    public const long LargestWindow = 1L << LargeLog;

    /// <summary>The largest of which several are taken at once, and that every reader must know, bytes (RFC 8878): that of <c>zstd -19</c>.</summary>
    public const long UsualWindow = 1L << UsualLog;

    private const int LargeLog = 25;
    private const int UsualLog = 23;
    private const int Shares = 1 << (LargeLog - UsualLog);

    private readonly SemaphoreSlim _shares = new(Shares);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConcurrentBag<Decompressor> _idle = [];

    /// <summary>Lends one out; waits until there is memory for it.</summary>
    /// <param name="window">What the first frame of the data asks for (<see cref="ZstdFrame"/>).</param>
    /// <param name="subject">What they are, for messages.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageUnsupported"/> when the window is too large.</exception>
    public ZstdDecoder Lend(long window, string subject, CancellationToken cancellationToken)
    {
        if (window > LargestWindow) throw ZstdDecoder.TooLarge(subject, LargeLog);
        bool usual = window <= UsualWindow;
        int shares = usual ? 1 : Shares;
        Take(shares, cancellationToken);
        // A window stays with its decompressor. So one with a large window is not kept, and those that are kept make way for it.
        if (!usual) Clear();
        Decompressor decompressor = usual && _idle.TryTake(out Decompressor? idle) ? idle : new Decompressor();
        return new ZstdDecoder(decompressor, usual ? UsualLog : LargeLog, subject, !usual, returned =>
        {
            if (usual) _idle.Add(returned);
            else returned.Dispose();
            _shares.Release(shares);
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        _shares.Dispose();
        _turn.Dispose();
    }

    private void Take(int shares, CancellationToken cancellationToken)
    {
        // One at a time: two that collect shares could each have what the other lacks.
        _turn.Wait(cancellationToken);
        int taken = 0;
        try
        {
            for (; taken < shares; taken++) _shares.Wait(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            if (taken > 0) _shares.Release(taken);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Clear()
    {
        while (_idle.TryTake(out Decompressor? decompressor)) decompressor.Dispose();
    }
}
