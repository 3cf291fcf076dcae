using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Logs;

/// <summary>Reads a container's log by lines, in the order they were written, over all its files.</summary>
/// <param name="path">The current file; it need not exist.</param>
/// <param name="container">The container's name, for the lines.</param>
internal sealed class LogReader(string path, string container)
{
    /// <summary>
    /// The lines that fit the options. With <see cref="ContainerLogOptions.Follow"/> it waits for more, woken by the kernel when the
    /// log changes (inotify(7)), until the container has ended and all is read.
    /// </summary>
    /// <param name="options">What to read.</param>
    /// <param name="end">Completes when the container has ended: what it has written is then in the log. Null if it does not run.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<ContainerLogEntry> ReadAsync(
        ContainerLogOptions options, Task? end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool follow = options.Follow && end is { IsCompleted: false };
        // What is written while the log is read must wake the wait that comes after: so the watch begins before the reading.
        using SafeFileHandle? watch = follow ? Watch() : null;
        using JsonLogScanner scanner = Scan(options);
        LogLineJoiner joiner = new(container);
        Queue<ContainerLogEntry>? last = options.Tail is null ? null : [];
        while (true)
        {
            // Whether it has ended is asked before the reading: all that it wrote is then read in this round.
            bool ended = !follow || end!.IsCompleted;
            while (scanner.TryRead(out JsonLogRecord record))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (record.Time >= options.Until)
                {
                    ended = true;
                    break;
                }

                if (record.Time < options.Since || (options.Stream is { } wanted && wanted != record.Stream)) continue;
                if (!joiner.TryJoin(record, out ContainerLogEntry? line)) continue;
                if (last is null) yield return line;
                else Keep(last, line, options.Tail!.Value);
            }

            if (ended)
            {
                foreach (ContainerLogEntry line in joiner.TakeUnfinished())
                {
                    if (last is null) yield return line;
                    else Keep(last, line, options.Tail!.Value);
                }
            }

            while (last is not null && last.TryDequeue(out ContainerLogEntry? line)) yield return line;
            last = null;
            if (ended) yield break;
            if (!await WaitAsync(watch!, end!, options.Until, cancellationToken).ConfigureAwait(false)) yield break;
        }
    }

    private static void Keep(Queue<ContainerLogEntry> last, ContainerLogEntry line, int count)
    {
        last.Enqueue(line);
        if (last.Count > count) last.Dequeue();
    }

    /// <summary>A scanner that starts where the options allow it.</summary>
    private JsonLogScanner Scan(ContainerLogOptions options)
    {
        List<LogFile> files = LogFile.Open(path);
        (int first, long offset) = (0, 0L);
        if (options.Tail is not null)
        {
            (first, offset) = LogTail.Find(files, options);
        }
        else
        {
            // A file that was last written before the time holds only older entries.
            while (first < files.Count - 1 && files[first].LastWrite < options.Since) first++;
        }

        for (int index = 0; index < first; index++) files[index].Dispose();
        return new JsonLogScanner(path, files[first..], offset);
    }

    /// <summary>An inotify descriptor that is readable when the log or another file beside it has changed.</summary>
    private SafeFileHandle Watch()
    {
        SafeFileHandle watch = Libc.CreateInotify();
        try
        {
            Libc.AddWatch(watch, Path.GetDirectoryName(path)!, Libc.IN_MODIFY | Libc.IN_CREATE | Libc.IN_MOVED_TO);
            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>Waits for a change or the container's end; false when the time until which to read is over.</summary>
    private static async Task<bool> WaitAsync(SafeFileHandle watch, Task end, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        using CancellationTokenSource others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task change = DescriptorWaiter.WaitReadableAsync(watch, others.Token);
        Task time = until is { } limit ? Task.Delay(TimeUntil(limit), others.Token) : Task.Delay(Timeout.Infinite, others.Token);
        Task first = await Task.WhenAny(change, end, time).ConfigureAwait(false);
        await others.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(change, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (first == time) return false;
        if (change.IsFaulted) await change.ConfigureAwait(false);
        Libc.DrainInotify(watch);
        return true;
    }

    private static TimeSpan TimeUntil(DateTimeOffset limit)
    {
        TimeSpan time = limit - DateTimeOffset.UtcNow;
        // The longest that a timer takes; whoever waits for longer is woken by the container's end.
        return time < TimeSpan.Zero ? TimeSpan.Zero : time > TimeSpan.FromDays(24) ? Timeout.InfiniteTimeSpan : time;
    }
}
