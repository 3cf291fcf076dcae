namespace ContainerTools.Runtime.Logs;

/// <summary>Finds where the last lines of a log begin, reading it backwards from its end and no further than needed.</summary>
internal sealed class LogTail
{
    // Docker's format does not say whether an entry begins a line: only the entry before it in the same stream tells, and where the
    // other stream has written a lot since, that one is far away. Beyond this many bytes an entry counts as a beginning.
    private const long FarAway = 1024 * 1024;

    private readonly int _lines;
    private readonly ContainerLogOptions _options;
    private readonly StreamState _standardOutput = new();
    private readonly StreamState _standardError = new();
    private int _found;

    private LogTail(int lines, ContainerLogOptions options)
    {
        _lines = lines;
        _options = options;
    }

    /// <summary>Finds a place from which on there are at least so many lines that fit the options, or all that there are.</summary>
    /// <param name="files">The log's files, the oldest first.</param>
    /// <param name="options">What to read; <see cref="ContainerLogOptions.Tail"/> is not null.</param>
    /// <returns>The file's index and the offset in it.</returns>
    public static (int File, long Offset) Find(IReadOnlyList<LogFile> files, ContainerLogOptions options)
        => new LogTail(options.Tail ?? 0, options).Find(files);

    private (int File, long Offset) Find(IReadOnlyList<LogFile> files)
    {
        if (files.Count == 0) return (0, 0);
        (int File, long Offset) start = (files.Count - 1, RandomAccess.GetLength(files[^1].Handle));
        byte[] text = new byte[64 * 1024];
        long sinceFound = 0;
        for (int index = files.Count - 1; index >= 0; index--)
        {
            ReverseLineReader reader = new(files[index].Handle);
            while (reader.TryRead(out long offset, out ReadOnlySpan<byte> line))
            {
                if (text.Length < line.Length) text = new byte[line.Length];
                if (!JsonLogRecord.TryParse(line, text, out JsonLogRecord record)) continue;
                if (record.Time < _options.Since) return start;
                if (record.Time >= _options.Until || (_options.Stream is { } wanted && wanted != record.Stream)) continue;
                if (IsNeeded(record)) start = (index, offset);
                if (_found <= _lines) continue;
                if (!_standardOutput.IsOpen && !_standardError.IsOpen) return start;
                sinceFound += line.Length;
                if (sinceFound > FarAway) return start;
            }
        }

        return start;
    }

    /// <summary>Whether the entry, met on the way back, belongs to one of the last lines.</summary>
    private bool IsNeeded(in JsonLogRecord record)
    {
        StreamState stream = record.Stream == OutputStream.StandardError ? _standardError : _standardOutput;
        if (record.EndsLine || !stream.IsSeen)
        {
            // The end of a line, so that all entries of this stream met before it are later lines. An unfinished line at the end of a log
            // that is followed is not given out before it ends, and does not count.
            bool counts = record.EndsLine || !_options.Follow;
            stream.IsSeen = true;
            if (counts) _found++;
            stream.IsOpen = _found <= _lines;
        }

        return stream.IsOpen;
    }

    private sealed class StreamState
    {
        /// <summary>Whether an entry of the stream has been met.</summary>
        public bool IsSeen { get; set; }

        /// <summary>Whether the entry before the one met last may be a piece of a line that is needed.</summary>
        public bool IsOpen { get; set; }
    }
}
