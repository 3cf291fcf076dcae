using System.Runtime.ExceptionServices;
using ContainerTools.Runtime.Images.Archives;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>A file that is still being fetched: who reads it waits for what has not come yet.</summary>
internal sealed record GrowingRange : ByteRange
{
    private readonly object _gate = new();
    private SafeFileHandle? _file;
    private string? _path;
    private long _have;
    private ExceptionDispatchInfo? _failure;

    /// <summary>A file of which nothing is there yet.</summary>
    /// <param name="length">How long it will be.</param>
    /// <param name="display">What it is, for messages.</param>
    public GrowingRange(long length, string display)
        : base(new SafeFileHandle(), 0, length, display)
    {
    }

    /// <inheritdoc/>
    public override string? FilePath
    {
        get
        {
            lock (_gate) return _path;
        }
    }

    /// <inheritdoc/>
    public override bool IsFile => true;

    /// <inheritdoc/>
    public override int Read(long position, Span<byte> buffer)
    {
        if (position >= Length) return 0;
        long have;
        lock (_gate)
        {
            while (_have <= position && _failure is null) Monitor.Wait(_gate);
            _failure?.Throw();
            have = _have;
        }

        return RandomAccess.Read(_file!, buffer[..(int)Math.Min(buffer.Length, have - position)], position);
    }

    /// <inheritdoc/>
    public override void Abandon() => Fail(new OperationCanceledException());

    /// <summary>Says which file it is.</summary>
    public void Open(SafeFileHandle file, string path)
    {
        lock (_gate)
        {
            _file = file;
            _path = path;
        }
    }

    /// <summary>Says how much of it is there.</summary>
    public void Grow(long have)
    {
        lock (_gate)
        {
            _have = have;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Says that no more of it will come. Readers throw this.</summary>
    public void Fail(Exception error)
    {
        lock (_gate)
        {
            _failure ??= ExceptionDispatchInfo.Capture(error);
            Monitor.PulseAll(_gate);
        }
    }
}
