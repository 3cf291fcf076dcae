using System.Text;

namespace ContainerTools.Module;

/// <summary>Puts the pieces of one output stream together again to lines of text: UTF-8, lines end with LF or CR LF.</summary>
internal sealed class LineReader
{
    private readonly Decoder _decoder = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetDecoder();
    private readonly StringBuilder _rest = new();
    private char[] _buffer = [];

    /// <summary>The lines that this piece completes.</summary>
    public IEnumerable<string> Read(ReadOnlyMemory<byte> piece) => Split(Decode(piece.Span, flush: false));

    /// <summary>What is left at the end of the stream: the last line, where it had no line end.</summary>
    public IEnumerable<string> Finish()
    {
        foreach (string line in Split(Decode([], flush: true))) yield return line;
        if (_rest.Length == 0) yield break;
        yield return _rest.ToString();
        _rest.Clear();
    }

    private ReadOnlyMemory<char> Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        // One more for the replacement of a character that the former piece left incomplete.
        int most = Encoding.UTF8.GetMaxCharCount(bytes.Length) + 1;
        if (_buffer.Length < most) _buffer = new char[most];
        return _buffer.AsMemory(0, _decoder.GetChars(bytes, _buffer, flush));
    }

    private IEnumerable<string> Split(ReadOnlyMemory<char> text)
    {
        while (text.Span.IndexOf('\n') is >= 0 and int end)
        {
            _rest.Append(text.Span[..end]);
            if (_rest.Length > 0 && _rest[^1] == '\r') _rest.Length--;
            yield return _rest.ToString();
            _rest.Clear();
            text = text[(end + 1)..];
        }

        _rest.Append(text.Span);
    }
}
