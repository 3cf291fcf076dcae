using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Logs;

/// <summary>Reads the lines of a file from the last to the first. A last line without a line end is still being written and is left out.</summary>
internal sealed class ReverseLineReader
{
    private const int Block = 64 * 1024;
    private const int MaximumLine = 1024 * 1024;

    private readonly SafeFileHandle _file;
    private byte[] _buffer = new byte[Block];
    // The buffer holds the file's bytes from _offset on; those after _length have been given out.
    private long _offset;
    private int _length;
    private bool _begun;

    /// <summary>A reader at the end of the file.</summary>
    public ReverseLineReader(SafeFileHandle file)
    {
        _file = file;
        _offset = RandomAccess.GetLength(file);
    }

    /// <summary>Reads the line before the one read last.</summary>
    /// <param name="offset">Where in the file it begins.</param>
    /// <param name="line">The line without its line end; valid until the next call.</param>
    public bool TryRead(out long offset, out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            // The buffer's last byte is the line end of the line that is wanted; at the very beginning it must be found first.
            ReadOnlySpan<byte> content = _buffer.AsSpan(0, _length);
            int last = _begun ? _length - 1 : content.LastIndexOf((byte)'\n');
            int before = last < 0 ? -1 : content[..last].LastIndexOf((byte)'\n');
            if (last >= 0 && (before >= 0 || _offset == 0))
            {
                _begun = true;
                offset = _offset + before + 1;
                line = content[(before + 1)..last];
                _length = before + 1;
                return true;
            }

            if (_offset == 0)
            {
                offset = 0;
                line = default;
                return false;
            }

            if (_length >= MaximumLine)
            {
                // No entry is so long. It is thrown away, and what comes before it is looked for anew.
                _length = 0;
                _begun = false;
            }

            Fill();
        }
    }

    private void Fill()
    {
        int count = (int)Math.Min(Block, _offset);
        if (_length + count > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        _buffer.AsSpan(0, _length).CopyTo(_buffer.AsSpan(count));
        int filled = 0;
        while (filled < count)
        {
            int got = RandomAccess.Read(_file, _buffer.AsSpan(filled, count - filled), _offset - count + filled);
            // The file has been cut off meanwhile: what is missing reads as empty lines, which are no entries.
            if (got == 0) _buffer.AsSpan(filled, count - filled).Fill((byte)'\n');
            filled += got == 0 ? count - filled : got;
        }

        _offset -= count;
        _length += count;
    }
}
