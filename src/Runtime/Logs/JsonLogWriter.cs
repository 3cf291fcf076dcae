using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Logs;

/// <summary>
/// Writes a container's output into its log file: one entry for a line, rotated by size and count. A full disk loses entries but
/// never holds the container up: they are counted, and a note is logged when writing works again. Nothing is allocated while
/// output is written, but for a rotation. For one thread.
/// </summary>
internal sealed class JsonLogWriter : IDisposable
{
    // Entries gather in a buffer so that a burst of short lines is one write(2). A write begins when this much has gathered, and at
    // the latest when the pipe has been emptied; above it, the buffer has room for one entry of any size.
    private const int WriteThreshold = 32 * 1024;

    private readonly string _path;
    private readonly long _maximumSize;
    private readonly int _maximumFiles;
    private readonly NativeBuffer _entries = new(WriteThreshold + JsonLogEncoding.MaximumEntry);
    private readonly NativeBuffer _standardOutput = new(JsonLogEncoding.MaximumText);
    private readonly NativeBuffer _standardError = new(JsonLogEncoding.MaximumText);
    private SafeFileHandle? _file;
    private long _size;
    private int _gathered;

    /// <summary>A log; its file is opened, or made, at the first output.</summary>
    /// <param name="path">The current file. Older ones are <c>path.1</c>, <c>path.2</c> …</param>
    /// <param name="maximumSize">Bytes before the log is rotated; 0 for never. A file is larger only if a single entry is.</param>
    /// <param name="maximumFiles">Files kept, the current one included; at least 1.</param>
    public JsonLogWriter(string path, long maximumSize, int maximumFiles)
    {
        _path = path;
        _maximumSize = maximumSize;
        _maximumFiles = Math.Max(1, maximumFiles);
    }

    /// <summary>Entries that could not be written since the log was last writable.</summary>
    public long LostEntries { get; private set; }

    /// <summary>Where the log ends now; default when nothing has been written.</summary>
    public LogPosition Position => _file is null ? default : new LogPosition(Libc.Stat(_file).Inode, _size);

    /// <summary>What a stream has written since its last line end: not in the log yet.</summary>
    public ReadOnlySpan<byte> Unfinished(OutputStream stream) => Pending(stream).Content;

    /// <summary>Takes output. It is in the file after <see cref="Flush"/>, an unfinished line after <see cref="Finish"/>.</summary>
    public void Write(OutputStream stream, ReadOnlySpan<byte> data, DateTime time)
    {
        Span<byte> timeText = stackalloc byte[JsonLogEncoding.MaximumTime];
        timeText = timeText[..JsonLogEncoding.FormatTime(timeText, time)];
        NativeBuffer pending = Pending(stream);
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> window = data[..Math.Min(data.Length, JsonLogEncoding.MaximumText - pending.Length)];
            int lineEnd = window.IndexOf((byte)'\n');
            int taken = lineEnd >= 0 ? lineEnd + 1 : window.Length;
            bool full = pending.Length + taken == JsonLogEncoding.MaximumText;
            if (pending.Length == 0 && (lineEnd >= 0 || full))
            {
                // The common case needs no copy.
                if (lineEnd < 0) taken = JsonLogEncoding.WholeCharacters(window);
                Gather(window[..taken], stream, timeText);
            }
            else
            {
                pending.Append(window[..taken]);
                int ready = lineEnd >= 0 ? pending.Length : full ? JsonLogEncoding.WholeCharacters(pending.Content) : 0;
                if (ready > 0)
                {
                    Gather(pending.Content[..ready], stream, timeText);
                    pending.RemoveFirst(ready);
                }
            }

            data = data[taken..];
        }
    }

    /// <summary>Brings all whole lines into the file.</summary>
    public void Flush()
    {
        if (_entries.Length == 0) return;
        if (TryWrite(LostEntries == 0 ? default : NoteOfLoss(), _entries.Content)) LostEntries = 0;
        else LostEntries += _gathered;
        _entries.Clear();
        _gathered = 0;
    }

    /// <summary>The streams have ended: unfinished lines are logged as they are, and the file is brought to the disk.</summary>
    public void Finish(DateTime time)
    {
        Span<byte> timeText = stackalloc byte[JsonLogEncoding.MaximumTime];
        timeText = timeText[..JsonLogEncoding.FormatTime(timeText, time)];
        foreach (OutputStream stream in (ReadOnlySpan<OutputStream>)[OutputStream.StandardOutput, OutputStream.StandardError])
        {
            NativeBuffer pending = Pending(stream);
            if (pending.Length == 0) continue;
            Gather(pending.Content, stream, timeText);
            pending.Clear();
        }

        Flush();
        if (LostEntries > 0 && TryWrite(NoteOfLoss(), default)) LostEntries = 0;
        // EIO here means that the disk lost what it had accepted; there is nobody to tell, and nothing to be done.
        if (_file is not null) Libc.fsync(_file);
    }

    /// <summary>Closes the file and frees the buffers; output that was not flushed is lost.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
        _entries.Dispose();
        _standardOutput.Dispose();
        _standardError.Dispose();
    }

    private NativeBuffer Pending(OutputStream stream) => stream == OutputStream.StandardError ? _standardError : _standardOutput;

    private void Gather(ReadOnlySpan<byte> text, OutputStream stream, ReadOnlySpan<byte> time)
    {
        int length = JsonLogEncoding.WriteEntry(_entries.Free, text, stream, time);
        if (_maximumSize > 0 && _size + _entries.Length + length > _maximumSize && _size + _entries.Length > 0)
        {
            // The new entry is the first of the next file; those before it fill the current one.
            ReadOnlySpan<byte> entry = _entries.Free[..length];
            Flush();
            // Where the flush failed there may be room in the current file still.
            if (_size > 0 && _size + length > _maximumSize) Rotate();
            entry.CopyTo(_entries.Free);
        }

        _entries.Advance(length);
        _gathered++;
        if (_entries.Length >= WriteThreshold) Flush();
    }

    /// <summary>Writes a note, if there is one, and entries: all of them or none.</summary>
    private bool TryWrite(ReadOnlySpan<byte> note, ReadOnlySpan<byte> entries)
    {
        if (_file is null && !TryOpen()) return false;
        long before = _size;
        if (TryAppend(note) && TryAppend(entries)) return true;

        // Half an entry must not stay: the next one would be appended to it.
        if (_size > before && Libc.TryTruncate(_file!, before) == 0) _size = before;
        return false;
    }

    private bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = Libc.Write(_file!, bytes);
            if (count <= 0) return false;
            _size += count;
            bytes = bytes[count..];
        }

        return true;
    }

    private bool TryOpen()
    {
        const uint OwnerReadWriteGroupRead = 0x1A0;
        SafeFileHandle? file = Libc.TryOpen(_path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC, OwnerReadWriteGroupRead, out _);
        if (file is null) return false;
        _size = Libc.Stat(file).Size;
        _file = file;
        if (_size == 0) return true;

        // A machine that lost power in the middle of a write leaves half an entry; it is ended, so that it spoils no other.
        Span<byte> last = stackalloc byte[1];
        return RandomAccess.Read(file, last, _size - 1) != 1 || last[0] == (byte)'\n' || TryAppend("\n"u8);
    }

    private void Rotate()
    {
        if (_maximumFiles == 1)
        {
            // Readers keep the old file until they have read it, as they do when it is renamed.
            Libc.TryUnlink(_path);
        }
        else
        {
            for (int number = _maximumFiles - 2; number >= 1; number--) Libc.TryRename(Numbered(number), Numbered(number + 1));
            // Where renaming is refused the current file grows on: too long a log is better than a lost one.
            if (Libc.TryRename(_path, Numbered(1)) != 0) return;
        }

        _file?.Dispose();
        _file = null;
        _size = 0;
    }

    private string Numbered(int number) => string.Create(CultureInfo.InvariantCulture, $"{_path}.{number}");

    private byte[] NoteOfLoss()
    {
        byte[] entry = new byte[256];
        Span<byte> time = stackalloc byte[JsonLogEncoding.MaximumTime];
        time = time[..JsonLogEncoding.FormatTime(time, DateTime.UtcNow)];
        string text = string.Create(CultureInfo.InvariantCulture, $"[log: {LostEntries} entries lost here, the log could not be written]\n");
        return entry[..JsonLogEncoding.WriteEntry(entry, Encoding.UTF8.GetBytes(text), OutputStream.StandardError, time)];
    }
}
