using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ContainerTools.Runtime.Logs;

/// <summary>Puts the pieces of long lines together again, each stream for itself.</summary>
internal sealed class LogLineJoiner
{
    // A stream that never ends a line (a progress bar, binary output) is cut here; a string can hold a thousand million characters,
    // but nobody can read it.
    private const int MaximumLine = 16 * 1024 * 1024;

    private readonly string _container;
    private readonly Pieces _standardOutput = new();
    private readonly Pieces _standardError = new();

    /// <summary>A joiner without pieces.</summary>
    /// <param name="container">The container's name, for the lines.</param>
    public LogLineJoiner(string container) => _container = container;

    /// <summary>Takes an entry; true when a line ends with it.</summary>
    public bool TryJoin(in JsonLogRecord record, [NotNullWhen(true)] out ContainerLogEntry? line)
    {
        line = null;
        Pieces pieces = record.Stream == OutputStream.StandardError ? _standardError : _standardOutput;
        ReadOnlySpan<byte> text = record.Text.Span;
        if (pieces.Text.WrittenCount == 0)
        {
            if (record.EndsLine)
            {
                line = Line(record.Stream, record.Time, text);
                return true;
            }

            pieces.Time = record.Time;
        }

        pieces.Text.Write(text);
        if (!record.EndsLine && pieces.Text.WrittenCount < MaximumLine) return false;
        line = Line(record.Stream, pieces.Time, pieces.Text.WrittenSpan);
        pieces.Text.ResetWrittenCount();
        return true;
    }

    /// <summary>The lines that have no end yet.</summary>
    public IEnumerable<ContainerLogEntry> TakeUnfinished()
    {
        foreach ((OutputStream stream, Pieces pieces) in new[]
        {
            (OutputStream.StandardOutput, _standardOutput), (OutputStream.StandardError, _standardError),
        })
        {
            if (pieces.Text.WrittenCount == 0) continue;
            ContainerLogEntry line = Line(stream, pieces.Time, pieces.Text.WrittenSpan);
            pieces.Text.ResetWrittenCount();
            yield return line;
        }
    }

    private ContainerLogEntry Line(OutputStream stream, DateTimeOffset time, ReadOnlySpan<byte> text)
    {
        // A terminal ends its lines with both.
        if (text is [.., (byte)'\n']) text = text[..^1];
        if (text is [.., (byte)'\r']) text = text[..^1];
        return new ContainerLogEntry(_container, time, stream, Encoding.UTF8.GetString(text));
    }

    private sealed class Pieces
    {
        public ArrayBufferWriter<byte> Text { get; } = new();

        public DateTimeOffset Time { get; set; }
    }
}
