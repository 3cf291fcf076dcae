namespace ContainerTools.Runtime.Images.Registry;

/// <summary>The progress of a transfer of several blobs: one record for each, and one for the whole.</summary>
/// <param name="activity">What is being done.</param>
/// <param name="progress">Who is told; may be null.</param>
internal sealed class PullProgress(string activity, IProgress<EngineProgress>? progress)
{
    /// <summary>More often than this nobody looks.</summary>
    private const long Step = 256 * 1024;

    private long _done;
    private long _total;

    /// <summary>Adds a blob.</summary>
    /// <param name="item">What it is called.</param>
    /// <param name="size">Its bytes.</param>
    /// <returns>To be told how many of them there are.</returns>
    public Action<long> Add(string item, long size)
    {
        Interlocked.Add(ref _total, size);
        long last = 0;
        return have =>
        {
            long more = have - last;
            if (progress is null || (more < Step && have < size)) return;
            last = have;
            long done = Interlocked.Add(ref _done, more);
            progress.Report(new EngineProgress(activity, item, have, size));
            progress.Report(new EngineProgress(activity, null, done, Interlocked.Read(ref _total)));
        };
    }
}
