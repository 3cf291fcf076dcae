namespace ContainerTools.Runtime.Images.Registry;

/// <summary>Cancels a transfer in which nothing has moved for some time, and tells that apart from the caller's own wish.</summary>
internal sealed class StallGuard : IDisposable
{
    /// <summary>Less than this between two looks is no transfer: a registry that sends a byte a minute stalls as well.</summary>
    private const int LeastProgress = 1024;

    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _outer;
    private readonly TimeSpan _patience;
    private long _moved;

    /// <summary>Starts to count.</summary>
    public StallGuard(TimeSpan patience, CancellationToken outer)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        _outer = outer;
        _patience = patience;
        _source.CancelAfter(patience);
    }

    /// <summary>Cancelled by the caller or by the stall.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether it was the stall.</summary>
    public bool Stalled => _source.IsCancellationRequested && !_outer.IsCancellationRequested;

    /// <summary>Whether all has been sent, and an answer is waited for.</summary>
    public bool Closing { get; private set; }

    /// <summary>Bytes have moved.</summary>
    public void Moved(int bytes)
    {
        Closing = false;
        _moved += bytes;
        if (_moved < LeastProgress) return;
        _moved = 0;
        _source.CancelAfter(_patience);
    }

    /// <summary>All has been sent: what is missing is an answer, for which there may be another patience.</summary>
    public void Close(TimeSpan patience)
    {
        Closing = true;
        _source.CancelAfter(patience);
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
