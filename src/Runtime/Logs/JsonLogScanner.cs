namespace ContainerTools.Runtime.Logs;

/// <summary>
/// Reads the entries of a log from the oldest to the newest, over all its files, and goes on where it stopped when more has been
/// written or the log has been rotated. Lines that are no entries are passed over. For one thread.
/// </summary>
internal sealed class JsonLogScanner : IDisposable
{
    // No entry is longer: one of Docker's has 16 KiB of text at most. What is longer is damage (a file with a hole, for example).
    private const int MaximumLine = 1024 * 1024;

    private readonly string _path;
    private readonly Queue<LogFile> _files;
    private readonly LogPosition? _end;
    private LogFile? _file;
    private byte[] _buffer = new byte[64 * 1024];
    private byte[] _text = new byte[64 * 1024];
    private int _start;
    private int _length;
    private long _position;
    private bool _damaged;
    private bool _rotated;

    /// <summary>A scanner at the oldest entry.</summary>
    /// <param name="path">The log's current file.</param>
    /// <param name="end">Where to stop for good; null to read what there is.</param>
    public JsonLogScanner(string path, LogPosition? end = null)
        : this(path, LogFile.Open(path), 0, end)
    {
    }

    /// <summary>A scanner that starts in the middle.</summary>
    /// <param name="path">The log's current file.</param>
    /// <param name="files">The files to read, the oldest first; the scanner closes them.</param>
    /// <param name="offset">Where in the first one to start: at the beginning of a line.</param>
    /// <param name="end">Where to stop for good; null to read what there is.</param>
    public JsonLogScanner(string path, IReadOnlyList<LogFile> files, long offset, LogPosition? end = null)
    {
        _path = path;
        _files = new Queue<LogFile>(files);
        _end = end;
        _files.TryDequeue(out _file);
        _position = offset;
        // Where the file of the end has been rotated away, all that is left is younger than the end.
        if (end is { } position && !files.Any(file => file.Inode == position.Inode)) Stop();
    }

    /// <summary>Reads the next entry.</summary>
    /// <returns>False when there is no further entry now; a later call may find one.</returns>
    public bool TryRead(out JsonLogRecord record)
    {
        while (true)
        {
            if (TryTakeLine(out ReadOnlySpan<byte> line))
            {
                if (_text.Length < line.Length) _text = new byte[line.Length * 2];
                if (JsonLogRecord.TryParse(line, _text, out record)) return true;
                continue;
            }

            if (!TryFill() && !TryAdvance())
            {
                record = default;
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    private bool TryTakeLine(out ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> content = _buffer.AsSpan(_start, _length);
        int end = content.IndexOf((byte)'\n');
        line = default;
        if (end < 0) return false;
        line = content[..end];
        _start += end + 1;
        _length -= end + 1;
        if (!_damaged) return true;

        // The end of a line whose beginning was thrown away.
        _damaged = false;
        line = default;
        return true;
    }

    /// <summary>Reads on in the current file; false at its end.</summary>
    private bool TryFill()
    {
        if (_file is null) return false;
        if (_length >= MaximumLine)
        {
            _damaged = true;
            _length = 0;
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _length).CopyTo(_buffer);
            _start = 0;
        }

        if (_length == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        Span<byte> free = _buffer.AsSpan(_length);
        if (_end is { } end && _file.Inode == end.Inode)
        {
            free = free[..(int)Math.Clamp(end.Offset - _position, 0, free.Length)];
            if (free.IsEmpty)
            {
                Stop();
                return false;
            }
        }

        int count = RandomAccess.Read(_file.Handle, free, _position);
        if (count == 0 && _position > RandomAccess.GetLength(_file.Handle))
        {
            // Somebody has emptied the file to save space; the monitor appends from the new end on.
            _position = 0;
            _length = 0;
            return true;
        }

        _position += count;
        _length += count;
        return count > 0;
    }

    /// <summary>Goes on to the next file; false where the current one is the last.</summary>
    private bool TryAdvance()
    {
        if (_files.Count == 0 && _end is null) FindNewer();
        if (_files.Count == 0) return _rotated && _file is not null;
        _file?.Dispose();
        _file = _files.Dequeue();
        _position = 0;
        _start = 0;
        _length = 0;
        _damaged = false;
        _rotated = false;
        return true;
    }

    private void FindNewer()
    {
        ulong current = LogFile.CurrentInode(_path);
        if (current == 0 || current == _file?.Inode) return;
        if (_file is not null && !_rotated)
        {
            // Entries may have been written between the read that found the end and the rotation: the end is looked for once more.
            _rotated = true;
            return;
        }

        _rotated = false;
        foreach (LogFile file in LogFile.Open(_path, _file?.Inode ?? 0)) _files.Enqueue(file);
    }

    private void Stop()
    {
        _file?.Dispose();
        _file = null;
        while (_files.TryDequeue(out LogFile? file)) file.Dispose();
        _length = 0;
    }
}
